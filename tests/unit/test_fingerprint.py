"""Which differences between two listings make them different input."""

import pytest

from core.raw_day import OtherObject, RawDay, RawObject, fingerprint

FOLDER = "raw/source_system=app/ingestion_date=2025-01-01/"
LISTED = [RawObject(f"{FOLDER}a.json", 10, "e1"), RawObject(f"{FOLDER}b.json", 20, "e2")]


def test_the_order_of_a_listing_does_not_matter() -> None:
    assert fingerprint(LISTED) == fingerprint(reversed(LISTED))
    assert len(fingerprint(LISTED)) == 32


def test_a_fingerprint_stays_what_it_was() -> None:
    """Records keep it: with another one, every published date would be taken for one with new data."""
    assert fingerprint(LISTED) == "0be27d06935f768674ed14761bb0fbf4"


def test_objects_are_part_of_a_days_state_while_too_many_are_left_unread() -> None:
    """So that the sensor and a rerun look again when another such object comes."""
    unread = [OtherObject(f"{FOLDER}{name}", "does not end in .json") for name in ("a.log", "b.log")]
    days = [RawDay(FOLDER, tuple(LISTED), unread=tuple(unread[:count])) for count in range(3)]
    assert len({day.state for day in days}) == 3
    assert (
        days[0].state == RawDay(FOLDER, tuple(LISTED), unread=tuple(unread), max_unread=2).state == days[0].fingerprint
    )


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
