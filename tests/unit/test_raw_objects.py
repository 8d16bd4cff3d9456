"""Which raw objects are read, ignored or left unread, by name, place, size and the contract's patterns."""

import itertools
import json
import re

import pytest

from core.raw_objects import INPUT, Classified, RawObjects, needs_spark_4_1, pattern_problem

DAY = "raw/source_system=app/ingestion_date=2025-01-01/"


def classified(path: str, size_bytes: int = 1, *, settings: RawObjects | None = None) -> Classified:
    return (settings or RawObjects()).classify(DAY + path, size_bytes, day_prefix=DAY)


def including(*patterns: str) -> RawObjects:
    return RawObjects(include=patterns)


def excluding(*patterns: str, include: tuple[str, ...] = ()) -> RawObjects:
    return RawObjects(include=include, exclude=patterns)


def in_other_cases(name: str) -> set[str]:
    return {name, name.upper(), name.title(), name.swapcase()}


@pytest.mark.parametrize(
    "suffix", ["".join(pair) for pair in itertools.product((".json", ".ndjson", ".jsonl"), ("", ".gz", ".bz2", ".zst"))]
)
def test_json_lines_are_input_plain_or_compressed_in_any_case(suffix: str) -> None:
    names = {
        prefix + name for name in in_other_cases(f"events{suffix}") for prefix in ("", "a/b/", "ingestion_date=1/")
    }
    assert {name: classified(name).kind for name in names} == dict.fromkeys(names, "input")


@pytest.mark.parametrize("name", ["part-0.gz", "events.2025-01-01.gz", "a.10.bz2", "X.GZ", "a.json.1.gz", "a.gz.json"])
def test_compressed_objects_without_a_type_in_their_name_are_input(name: str) -> None:
    assert classified(name) == INPUT


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "events",
            "does not end in .json, .ndjson, .jsonl, alone or followed by .gz, .bz2, .zst",
        ),
        ("delivery-1-2025-01-01-10-00-00-5f3", "does not end in"),
        ("a.log", "does not end in"),
        ("a.json.bak", "does not end in"),
        ("a.json.part", "does not end in"),
        ("json", "does not end in"),
        ("a.parquet", "does not end in"),
        ("a.csv.gz", "holds .csv, by its name, and no JSON lines"),
        ("a.TAR.GZ", "holds .tar, by its name"),
        ("a.log.bz2", "holds .log, by its name"),
        ("a.txt.zst", "holds .txt, by its name"),
        ("a.json.zip", "is compressed as .zip, which is not read; compress it as .gz, .bz2, .zst"),
        ("a.tgz", "is compressed as .tgz"),
        ("a.json.xz", "is compressed as .xz"),
        ("a.json.snappy", "is compressed as .snappy"),
        ("a.json.lz4", "is compressed as .lz4"),
        ("a.json.gzip", "is compressed as .gzip"),
        ("a.json.gz.gz", "is compressed twice, by its name"),
        ("a.json.zip.gz", "is compressed twice, by its name"),
        ("a.json._COPYING_", "is still being copied to its place"),
    ],
)
def test_what_may_hold_rows_and_is_not_read_is_unread_with_a_reason(name: str, reason: str) -> None:
    for path in (name, f"nested/{name}"):
        found = classified(path)
        assert (found.kind, found.reason[: len(reason)]) == ("unread", reason)


@pytest.mark.parametrize(
    ("path", "size_bytes", "reason"),
    [
        ("", 0, "folder marker"),
        ("nested/", 0, "folder marker"),
        ("nested/", 5, "folder marker"),
        ("_SUCCESS", 1, "hidden name"),
        (".a.json", 1, "hidden name"),
        ("nested/_a.json", 1, "hidden name"),
        ("_temporary/0/attempt_1/part-00000.json", 1, "in a hidden folder"),
        ("nested/.staging/a.json", 1, "in a hidden folder"),
        ("_tmp/ingestion_date=2025-01-01/a.json", 1, "in a hidden folder"),
        ("a/_tmp/x/ingestion_date=2025-01-02/b/a.json", 1, "in a hidden folder"),
        ("a.json", 0, "zero bytes"),
        ("events", 0, "zero bytes"),
        ("a.csv.gz", 0, "zero bytes"),
    ],
)
def test_what_is_meant_to_be_left_alone_is_ignored_whatever_the_patterns(
    path: str, size_bytes: int, reason: str
) -> None:
    for settings in (RawObjects(), including("**")):
        found = classified(path, size_bytes, settings=settings)
        assert (found.kind, found.reason[: len(reason)]) == ("ignored", reason)


def test_a_key_outside_of_the_day_is_an_error() -> None:
    for key in ("raw/source_system=app/_tmp/ingestion_date=2025-01-01/a.json", DAY.removesuffix("/"), "a.json"):
        with pytest.raises(ValueError, match=re.escape(f"{key!r} is not below {DAY!r}")):
            RawObjects().classify(key, 1, day_prefix=DAY)


def test_an_included_name_is_input_whatever_its_suffix_but_its_compression_still_counts() -> None:
    settings = including("delivery-*", "**/*.log.gz", "**/*.csv")
    for path in ("delivery-1", "delivery-1.bz2", "delivery-1.log", "a/b/c.log.gz", "c.log.gz", "x/a.csv"):
        assert classified(path, settings=settings) == INPUT, path
    for path in ("delivery-1.zip", "delivery-1.SNAPPY", "delivery-1.json.gz.gz", "delivery-1.xz"):
        assert classified(path, settings=settings).kind == "unread", path
    assert classified("10/delivery-1", settings=settings).kind == "unread"


def test_an_excluded_name_is_ignored_even_when_it_is_included() -> None:
    settings = excluding("**/*.md", "old-*.json", include=("**",))
    assert classified("README.md", settings=settings) == Classified(
        "ignored", "excluded by the contract (excludeObjects: **/*.md)"
    )
    assert classified("a/b/README.md", settings=settings).kind == "ignored"
    assert classified("old-1.json", settings=settings).kind == "ignored"
    assert classified("a/old-1.json", settings=settings) == INPUT


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a*", ["a", "ab", "a.b c"], ["ba", "a/b", "A"]),
        ("*", ["a", "a.b"], ["a/b"]),
        ("**", ["a", "a/b", "a/b/c"], []),
        ("**/a", ["a", "x/a", "x/y/a"], ["ba", "x/ba", "a/b"]),
        ("x/**", ["x/a", "x/y/a"], ["x", "y/x/a"]),
        ("x/**/a", ["x/a", "x/y/a", "x/y/z/a"], ["x/ya", "a"]),
        ("a?c", ["abc", "a.c"], ["ac", "a/c", "abbc"]),
        ("[0-9][0-9]/x", ["00/x", "23/x"], ["0/x", "ab/x"]),
        ("[!0-9]", ["a", "^"], ["0", "/"]),
        ("[[]a[]]", ["[a]"], ["a"]),
        ("[]^\\-]", ["]", "^", "\\", "-"], ["a"]),
        ("a+b(c)|d.e", ["a+b(c)|d.e"], ["aab(c)", "a+b(c)|dxe"]),
        ("größe-\n", ["größe-\n"], ["größe-"]),
    ],
)
def test_a_pattern_is_compared_with_the_whole_path_below_the_day(
    pattern: str, matching: list[str], other: list[str]
) -> None:
    assert pattern_problem(pattern) is None
    settings = including(pattern)
    assert [path for path in matching if classified(path, settings=settings) != INPUT] == []
    assert [path for path in other if classified(path, settings=settings) == INPUT] == []


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        (None, "must be a text that is not blank, got None"),
        (7, "must be a text that is not blank, got 7"),
        ("", "must be a text that is not blank"),
        (" ", "must be a text that is not blank"),
        ("/a", "'/a' can match nothing: it is compared with the path below the day's folder"),
        ("a//b", "can match nothing"),
        ("a/", "can match nothing"),
        ("a/../b", "can match nothing"),
        ("_a", "'_a' can match nothing: hidden names and folders"),
        ("a/.b/c", "can match nothing: hidden"),
        ("a**", "has '**' beside other characters"),
        ("**.json", "has '**' beside other characters"),
        ("a[b", "has a '[' that no ']' closes"),
        ("[]", "has brackets that can match nothing: []"),
        ("[z-a]", "has brackets that are no set of characters"),
        ("[!]", "has brackets that can match nothing: [!]"),
        ("x" * 1001, "'xxxxxxxxxxxxxxxxxxxx'… is longer than 1000 bytes"),
    ],
)
def test_a_pattern_that_can_match_nothing_is_refused(pattern: object, problem: str) -> None:
    assert problem in (pattern_problem(pattern) or "")


@pytest.mark.parametrize(
    "settings", [RawObjects(), RawObjects(("a-*", "größe"), ("**/*.md",), 12)], ids=["default", "all"]
)
def test_the_settings_survive_as_json(settings: RawObjects) -> None:
    assert RawObjects.from_json(settings.to_json()) == settings
    assert "\n" not in settings.to_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({"include": [], "exclude": []}),
        json.dumps({"include": [], "exclude": [], "max_unread": 0, "more": 1}),
        json.dumps({"include": "a", "exclude": [], "max_unread": 0}),
        json.dumps({"include": [1], "exclude": [], "max_unread": 0}),
        json.dumps({"include": [], "exclude": ["a["], "max_unread": 0}),
        json.dumps({"include": [], "exclude": [], "max_unread": -1}),
        json.dumps({"include": [], "exclude": [], "max_unread": True}),
        json.dumps({"include": [], "exclude": [], "max_unread": 1.0}),
    ],
    ids=range(12),
)
def test_other_settings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"raw object settings"):
        RawObjects.from_json(text)


@pytest.mark.parametrize("name", ["a.json", "A.JSON", "a.json.gz", "a.JSON.gz", "a.bz2", "a.GZ.json", "plain"])
def test_what_both_sparks_read_needs_no_particular_one(name: str) -> None:
    assert needs_spark_4_1(DAY + name) is None


@pytest.mark.parametrize("name", ["a.json.zst", "a.ZST", "a.json.GZ", "a.Bz2"])
def test_zstandard_and_upper_case_compression_need_spark_4_1(name: str) -> None:
    assert "Spark 3.5" in (needs_spark_4_1(DAY + name) or "")
