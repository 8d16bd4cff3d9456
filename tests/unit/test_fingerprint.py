"""What counts as raw input, and which differences between two listings make them different input."""

import pytest

from core.raw_day import RawObject, fingerprint, ignored_because

FOLDER = "raw/source_system=app/ingestion_date=2025-01-01/"
LISTED = [RawObject(f"{FOLDER}a.json", 10, "e1"), RawObject(f"{FOLDER}b.json", 20, "e2")]


@pytest.mark.parametrize(
    "name",
    ["events.json", "a.ndjson", "a.jsonl", "a.json.gz", "part-0.gz", "nested/a.json", "a b#?.json"],
)
def test_an_object_of_a_known_suffix_is_input(name: str) -> None:
    assert ignored_because(FOLDER + name, 1) is None


@pytest.mark.parametrize(
    ("name", "size_bytes", "reason"),
    [
        ("", 0, "folder marker"),
        ("nested/", 0, "folder marker"),
        ("_SUCCESS", 1, "hidden name"),
        ("_a.json", 1, "hidden name"),
        (".a.json", 1, "hidden name"),
        ("nested/.a.json", 1, "hidden name"),
        ("_temporary/0/_temporary/attempt_1/part-00000.json", 1, "in a hidden folder"),
        ("nested/.staging/a.json", 1, "in a hidden folder"),
        ("a.csv", 1, "name does not end in .json, .ndjson, .jsonl, .gz"),
        ("a.JSON", 1, "name does not end in"),
        ("json", 1, "name does not end in"),
        ("a.json.bak", 1, "name does not end in"),
        ("a.json", 0, "zero bytes"),
        ("a.json.gz", 0, "zero bytes"),
    ],
)
def test_anything_else_is_ignored_with_a_reason(name: str, size_bytes: int, reason: str) -> None:
    assert (ignored_because(FOLDER + name, size_bytes) or "").startswith(reason)


def test_the_order_of_a_listing_does_not_matter() -> None:
    assert fingerprint(LISTED) == fingerprint(reversed(LISTED))
    assert len(fingerprint(LISTED)) == 32


@pytest.mark.parametrize(
    "other",
    [
        [],
        LISTED[:1],
        [*LISTED, RawObject(f"{FOLDER}c.json", 1, "e3")],
        [*LISTED, LISTED[0]],
        [LISTED[0], RawObject(f"{FOLDER}b.json", 20, "e3")],
        [LISTED[0], RawObject(f"{FOLDER}b.json", 21, "e2")],
        [LISTED[0], RawObject(f"{FOLDER}c.json", 20, "e2")],
        [RawObject(f"{FOLDER}a.json", 20, "e2"), RawObject(f"{FOLDER}b.json", 10, "e1")],
        [RawObject(f"{FOLDER}a.json", 1, "0e1"), RawObject(f"{FOLDER}b.json", 20, "e2")],
    ],
)
def test_any_other_listing_has_another_fingerprint(other: list[RawObject]) -> None:
    assert fingerprint(other) != fingerprint(LISTED)


def test_a_name_that_is_no_unicode_has_a_fingerprint() -> None:
    assert fingerprint([RawObject(f"{FOLDER}\udcff.json", 1, "e")]) != fingerprint(
        [RawObject(f"{FOLDER}\udcfe.json", 1, "e")]
    )
