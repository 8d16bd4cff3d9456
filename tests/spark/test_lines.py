"""Every kind of line has one outcome: a typed row, or quarantine with the line as it came and a reason.

All lines of this file are one raw day and one run; the tests look up what became of each.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.spark.json_suite import MUST_FAIL, MUST_PASS
from tests.spark.lab import CONTRACTS, Lab, Outcome, Row

FORM = "not one JSON object"
ENCODING = "not valid UTF-8"
MISFIT = "value does not fit its type: "


def line(name: str, fields: bytes | str = b"") -> bytes:
    """Make an object whose id is the case's name, with further fields as they are written."""
    content = fields.encode() if isinstance(fields, str) else fields
    return f'{{"id":"{name}"'.encode() + (b"," + content if content else b"") + b"}"


# column, value as JSON, value as published
FITS: list[tuple[str, str, object]] = [
    ("txt", '""', ""),
    ("txt", '"null"', "null"),
    ("txt", "1", "1"),
    ("txt", "true", "true"),
    ("txt", '{"a": [1, "b"]}', '{"a":[1,"b"]}'),
    ("txt", "null", None),
    ("tiny", "-128", -128),
    ("tiny", "127", 127),
    ("small", "32767", 32767),
    ("whole", "-2147483648", -(2**31)),
    ("big", "9223372036854775807", 2**63 - 1),
    ("big", "-9223372036854775808", -(2**63)),
    ("huge", "99999999999999999999999999999999999999", Decimal(10**38 - 1)),
    ("huge", "-18446744073709551616", Decimal(-(2**64))),
    ("money", "19.99", Decimal("19.99")),
    ("money", "-9999999999.99", Decimal("-9999999999.99")),
    ("money", "1e3", Decimal("1000.00")),
    ("money", "7", Decimal("7.00")),
    ("single", "1.5", 1.5),
    ("real", "1e308", 1e308),
    ("real", "-0.0", -0.0),
    ("real", "123456789012345678901234567890", 123456789012345678901234567890.0),
    ("real", "1e-400", 0.0),
    ("flag", "true", True),
    ("flag", "false", False),
    ("day", '"2024-02-29"', date(2024, 2, 29)),
    ("day", '"0001-01-01"', date(1, 1, 1)),
    ("day", '"9999-12-31"', date(9999, 12, 31)),
    ("at", '"2025-01-01"', datetime(2025, 1, 1, tzinfo=UTC)),
    ("at", '"2025-01-01T10:15"', datetime(2025, 1, 1, 10, 15, tzinfo=UTC)),
    ("at", '"2025-01-01 10:15:30"', datetime(2025, 1, 1, 10, 15, 30, tzinfo=UTC)),
    ("at", '"2025-01-01T10:15:30Z"', datetime(2025, 1, 1, 10, 15, 30, tzinfo=UTC)),
    ("at", '"2025-01-01T00:15:30+02:00"', datetime(2024, 12, 31, 22, 15, 30, tzinfo=UTC)),
    ("at", '"2025-01-01T10:15:30-0530"', datetime(2025, 1, 1, 15, 45, 30, tzinfo=UTC)),
    ("at", '"2025-01-01T10:15:30.1Z"', datetime(2025, 1, 1, 10, 15, 30, 100000, tzinfo=UTC)),
    ("at", '"2025-01-01T10:15:30.123456789Z"', datetime(2025, 1, 1, 10, 15, 30, 123456, tzinfo=UTC)),
    ("at", '"0001-01-01T00:00:00Z"', datetime(1, 1, 1, tzinfo=UTC)),
    ("at", '"1899-12-31T23:59:59Z"', datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ("at", '"9999-12-31T23:59:59.999999Z"', datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ("tags", '["a", null, ""]', ["a", None, ""]),
    ("tags", "[]", []),
    ("sizes", "[1, null]", [1, None]),
    ("box", '{"a": 1, "b": "x", "c": 2}', {"a": 1, "b": "x"}),
    ("box", '{"b": null}', {"a": None, "b": None}),
    ("props", '{"k": "v", "n": null, "": "empty"}', [("k", "v"), ("n", None), ("", "empty")]),
    ("props", '{"nested": {"a": 1}}', [("nested", '{"a":1}')]),
    ("props", "{}", []),
]

# column, value as JSON that the column's type cannot hold
MISFITS: list[tuple[str, str]] = [
    ("tiny", "128"),
    ("tiny", "200"),
    ("tiny", "255"),
    ("tiny", "256"),
    ("tiny", "-129"),
    ("small", "32768"),
    ("small", "-32769"),
    ("whole", "2147483648"),
    ("whole", "-2147483649"),
    ("whole", "99999999999999999999"),
    ("whole", '"1"'),
    ("whole", '""'),
    ("whole", "1.5"),
    ("whole", "1.0"),
    ("whole", "1e2"),
    ("whole", "true"),
    ("whole", "[1]"),
    ("whole", "{}"),
    ("big", "9223372036854775808"),
    ("big", "-9223372036854775809"),
    ("big", "1e400"),
    ("huge", "100000000000000000000000000000000000000"),
    ("huge", "1e40"),
    ("money", "10000000000.00"),
    ("money", "9999999999.995"),
    ("money", "true"),
    ("money", '"free"'),
    ("money", '""'),
    ("money", "{}"),
    ("single", "1e39"),
    ("single", "-1e39"),
    ("single", '"1.5"'),
    ("real", "1e309"),
    ("real", "-1e400"),
    ("real", '"NaN"'),
    ("real", '"Infinity"'),
    ("real", '"-INF"'),
    ("real", '"1.5"'),
    ("real", "false"),
    ("flag", '"true"'),
    ("flag", "1"),
    ("flag", "0"),
    ("day", '"2025-02-30"'),
    ("day", '"2025-1-1"'),
    ("day", '"2025"'),
    ("day", '"2025-01-01T00:00:00Z"'),
    ("day", '"20250101"'),
    ("day", '"today"'),
    ("day", '"2025-01-01\\n"'),
    ("day", '" 2025-01-01"'),
    ("day", "20250101"),
    ("day", '"12025-01-01"'),
    ("at", '"2025"'),
    ("at", '"2025-01"'),
    ("at", '"10:15"'),
    ("at", '"T10:15:00"'),
    ("at", '"now"'),
    ("at", '"epoch"'),
    ("at", '"yesterday"'),
    ("at", '""'),
    ("at", '"2025-02-30T10:00:00Z"'),
    ("at", '"2025-01-01T24:00:00Z"'),
    ("at", '"2025-01-01T10:60:00Z"'),
    ("at", '"2025-01-01T23:59:60Z"'),
    ("at", '"0000-01-01T00:00:00Z"'),
    ("at", '"0001-01-01T00:00:00+01:00"'),
    ("at", '"9999-12-31T23:59:59-01:00"'),
    ("day", '"0000-12-31"'),
    ("at", '"2025-01-01t10:15:30z"'),
    ("at", '"2025-01-01T10:15:30z"'),
    ("at", '"2025-01-01T10:15:30+19:00"'),
    ("at", '"2025-01-01T10:15:30 Europe/Berlin"'),
    ("at", '"2025-01-01T10:15:30.1NZ"'),
    ("at", '"2025-01-01T10:15:30. Z"'),
    ("at", '"2025-01-01T10:15:30.12 Z"'),
    ("at", '"2025-01-01T10:15:30.Z"'),
    ("at", '"2025-1-01T10:15:30.12Z"'),
    ("at", '"2025-01-01T10:15:3.12Z"'),
    ("at", '"2025-01-01T10:15:30.1234567890Z"'),
    ("at", '"2025-01-01T10:15:30Z\\n"'),
    ("at", '"Wed, 01 Jan 2025 10:15:30 GMT"'),
    ("at", "1735689600"),
    ("at", "1735689600000"),
    ("at", "true"),
    ("at", "{}"),
    ("tags", '"a"'),
    ("tags", "{}"),
    ("sizes", '[1, "2"]'),
    ("sizes", "[1.5]"),
    ("box", "[]"),
    ("box", '"x"'),
    ("box", '{"a": "1"}'),
    ("props", "[]"),
    ("props", '"none"'),
]

# Values that must come out of the Parquet file as they went into the JSON string.
HOSTILE_VALUES = [
    '"; DROP TABLE events; --',
    "'; DELETE FROM curated_events WHERE '1'='1",
    "../../../../etc/passwd",
    "s3://bucket/raw/ingestion_date=2025-01-01/",
    "line one\nline two\r\nline three\ttab",
    'quotes " and \\ backslashes \\" \\n',
    "\u0000 \u0001 \u001f \u007f",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u00e9 e\u0301",
    "\u202eright to left\u202c \u2028 \u2029 \ufeff \ufffd",
    '{"id":"inside","txt":1}],[{"_end":1}',
    "=cmd|' /C calc'!A0",
    "${jndi:ldap://127.0.0.1/a}",
    "<script>alert(1)</script>",
    "NULL",
    "NaN",
    " leading and trailing ",
    "%s %d %n {} {0}",
    "\u0130\u0131 \ufb01 \u1e9e",
]

STRUCTURES: dict[str, tuple[bytes, str]] = {
    "two objects with nothing between": (b'{"id":"a"}{"id":"b"}', FORM),
    "two objects with a space between": (b'{"id":"a"} {"id":"b"}', FORM),
    "two objects with a comma between": (b'{"id":"a"},{"id":"b"}', FORM),
    "an object, a comma and a field": (b'{"id":"a"},"q":1', FORM),
    "an object, a comma and nothing": (b'{"id":"a"},', FORM),
    "an object, a comma and null": (b'{"id":"a"},null', FORM),
    "a forged end of the array": (b'{"id":"a"}],[{"id":"b"}', FORM),
    "a forged end of the array and its rest": (b'{"id":"a"},{"_end":1}],"x":[', FORM),
    "a forged marker": (b'{"id":"a"},{"_end_0000000000000000":1}]', FORM),
    "a forged marker in a second object": (b'{"id":"a"},{"_end_0000000000000000":1}', FORM),
    "an object and one brace more": (b'{"id":"a"}}', FORM),
    "an object, white space and one brace more": (b' {"id":"a"} } ', FORM),
    "an object and fields of another": (b'{"id":"a"},"box":{"a":1}}', FORM),
    "an empty object and an object": (b'{}{"id":"a"}', FORM),
    "an array and an object": (b'[{"id":"a"},{"id":"b"}] {"id":"c"}', FORM),
    "an object that ends early, with a value that does not fit": (b'{"whole":"x"}{"id":"b"}', FORM),
    "a comma too many within a column": (b'{"id":"a","props":{"k":"v",}}', FORM),
    "a quote too few within a column": (b'{"id":"a","txt":"b,"whole":1}', FORM),
    "a closed array after an object": (b'{"id":"a"}]', FORM),
    "text after an object": (b'{"id":"a"} trailing', FORM),
    "a comment after an object": (b'{"id":"a"} // note', FORM),
    "a semicolon after an object": (b'{"id":"a"};', FORM),
    "NUL after an object": (b'{"id":"a"}\x00', FORM),
    "an empty array": (b"[]", FORM),
    "an array with one object": (b'[{"id":"a"}]', FORM),
    "an array with two objects": (b'[{"id":"a"},{"id":"b"}]', FORM),
    "an empty array in an array": (b"[[]]", FORM),
    "null": (b"null", FORM),
    "a number": (b"1", FORM),
    "a string": (b'"{}"', FORM),
    "true": (b"true", FORM),
    "NUL alone": (b"\x00", FORM),
    "NUL in a string": (b'{"id":"a\x00b"}', FORM),
    "NUL between tokens": (b'{"id":\x00"a"}', FORM),
    "a bell in a string": (b'{"id":"a\x07b"}', FORM),
    "a tab in a string": (b'{"id":"a\tb"}', FORM),
    "a byte order mark within the file": (b'\xef\xbb\xbf{"id":"a"}', FORM),
    "a no-break space before the object": (b'\xc2\xa0{"id":"a"}', FORM),
    "only a no-break space": (b"\xc2\xa0", FORM),
    "only a form feed": (b"\x0c", FORM),
    "UTF-16": ('{"id":"a"}'.encode("utf-16-le"), FORM),
    "Latin-1": (b'{"id":"caf\xe9"}', ENCODING),
    "Latin-1 in an unknown field": (b'{"id":"a","x":"\xe9"}', ENCODING),
    "Latin-1 in a name": (b'{"id":"a","\xe9":1}', ENCODING),
    "overlong UTF-8": (b'{"id":"\xc0\xaf"}', ENCODING),
    "a surrogate in UTF-8": (b'{"id":"\xed\xa0\x80"}', ENCODING),
    "UTF-8 beyond Unicode": (b'{"id":"\xf4\x90\x80\x80"}', ENCODING),
    "UTF-8 cut off": (b'{"id":"\xf0\x9f\x98', ENCODING),
    "bytes that are no text": (bytes(range(128, 256)), ENCODING),
    "gzip in a plain object": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", ENCODING),
    "Python's representation": (b"{'id': 'a', 'flag': True}", FORM),
    "a log line": (b"2025-01-01 10:00:00 ERROR connection reset by peer", FORM),
    "CSV": (b"a,b,c", FORM),
    "half an object": (b'{"id":"a","txt":"b', FORM),
    "not a number as a value": (b'{"id":"a","real":NaN}', FORM),
    "infinity as a value": (b'{"id":"a","real":-Infinity}', FORM),
    "a leading plus": (b'{"id":"a","whole":+1}', FORM),
    "a leading zero": (b'{"id":"a","whole":01}', FORM),
    "nesting of 100,000 arrays": (line("deep arrays", b'"x":' + b"[" * 100_000 + b"]" * 100_000), FORM),
    "nesting of 100,000 objects": (line("deep objects", b'"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000), FORM),
    "10 MB without an end": (b'{"id":"' + b"x" * 10_000_000, FORM),
}

BLANK = [b"", b" ", b"\t", b"\r", b" \t \r"]

ACCEPTED: dict[str, bytes] = {
    "only an id": line("only an id"),
    "white space everywhere": b' \t{ "id" :\t"white space everywhere" , "whole" : 1 } \r',
    "Windows line end": line("Windows line end") + b"\r",
    "a lone carriage return between tokens": b'{"id":"a lone carriage return between tokens",\r"whole":1}',
    "a column twice": line("a column twice", '"txt":"first","txt":"last"'),
    "a key twice in a struct": line("a key twice in a struct", '"box":{"a":1,"a":2}'),
    "names differ in case": line("names differ in case", '"TXT":"no column","Txt":1'),
    "an escaped name": line("an escaped name", r'"\u0074xt":"is txt"'),
    "an unknown field of any depth": line("an unknown field of any depth", b'"x":' + b"[" * 500 + b"]" * 500),
    "an unknown number of any size": line("an unknown number of any size", '"x":1e99999,"y":-' + "9" * 900),
    "ten megabytes": line("ten megabytes", b'"txt":"' + b"x" * 10_000_000 + b'"'),
    "NUL, escaped": line("NUL, escaped", r'"txt":"a\u0000b"'),
}


def _lines() -> list[bytes]:
    suite = [content for cases in (MUST_FAIL, MUST_PASS) for content in cases.values()]
    in_objects = [line(name, b'"x":' + value) for cases in (MUST_FAIL, MUST_PASS) for name, value in cases.items()]
    values = [line(_name(column, text), f'"{column}":{text}') for column, text, _ in FITS]
    misfits = [line(_name(column, text), f'"{column}":{text}') for column, text in MISFITS]
    hostile = [_hostile_line(number) for number in range(len(HOSTILE_VALUES))]
    structures = [content for content, _ in STRUCTURES.values()]
    return [*suite, *in_objects, *values, *misfits, *hostile, *structures, *BLANK, *ACCEPTED.values()]


def _name(column: str, text: str) -> str:
    return f"{column} {text}".replace("\\", "/").replace('"', "'")


def _hostile_line(number: int) -> bytes:
    text = _escaped(HOSTILE_VALUES[number])
    return line(f"hostile {number}", f'"txt":"{text}","tags":["{text}"],"props":{{"{text}":"{text}"}}')


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(f"\\u{ord(character):04x}" if character < " " else character for character in plain)


@dataclass(frozen=True)
class Day:
    """What became of the lines."""

    outcome: Outcome
    rows: Mapping[str, Row]
    reasons: Mapping[bytes, str]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    lab = Lab(tmp_path_factory.mktemp("lines"), CONTRACTS / "lines.odcs.yaml")
    lab.put(b"\n".join(_lines()))
    outcome = lab.run()
    assert outcome.error is None
    rows, quarantined = outcome.rows(), outcome.quarantine()
    assert {row["source_object"] for row in quarantined} == {
        "raw/source_system=lines/ingestion_date=2025-01-01/events.json"
    }
    return Day(outcome, {row["id"]: row for row in rows}, {row["line_bytes"]: row["reason"] for row in quarantined})


def test_every_line_that_is_not_blank_is_counted_once(day: Day) -> None:
    lines = [content for content in _lines() if content.strip(b" \t\r")]
    accepted = len(FITS) + len(HOSTILE_VALUES) + len(ACCEPTED) + len(MUST_PASS)
    accepted += sum(content.lstrip().startswith(b"{") for content in MUST_PASS.values())
    metrics = day.outcome.metrics
    assert metrics["rows_read"] == len(lines)
    assert metrics["rows_quarantined"] == len(lines) - accepted
    assert metrics["rows_written"] + metrics["duplicates_removed"] == accepted


@pytest.mark.parametrize("name", MUST_FAIL)
def test_what_is_no_json_is_quarantined_as_a_line_and_as_a_value(day: Day, name: str) -> None:
    content = MUST_FAIL[name]
    for quarantined in (content, line(name, b'"x":' + content)):
        assert day.reasons.get(quarantined) == _reason_of(quarantined)


@pytest.mark.parametrize("name", MUST_PASS)
def test_json_is_accepted_as_a_value_and_as_a_line_only_when_it_is_an_object(day: Day, name: str) -> None:
    content = MUST_PASS[name]
    assert name in day.rows
    assert day.reasons.get(content) == (None if content.lstrip().startswith(b"{") else FORM)


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_line_of_another_structure_is_quarantined_as_it_came(day: Day, name: str) -> None:
    content, reason = STRUCTURES[name]
    assert day.reasons.get(content) == reason


@pytest.mark.parametrize(("column", "text", "expected"), FITS, ids=[_name(*case[:2]) for case in FITS])
def test_a_value_that_fits_its_type_is_published(day: Day, column: str, text: str, expected: object) -> None:
    found = day.rows[_name(column, text)]
    others = {name: value for name, value in found.items() if name not in {"id", column}}
    assert found[column] == expected
    assert type(found[column]) is type(expected)
    assert set(others.values()) == {None}


def test_negative_zero_keeps_its_sign(day: Day) -> None:
    assert math.copysign(1, day.rows[_name("real", "-0.0")]["real"]) == -1


@pytest.mark.parametrize(("column", "text"), MISFITS, ids=[_name(*case) for case in MISFITS])
def test_a_value_that_does_not_fit_its_type_quarantines_its_line_and_is_named(day: Day, column: str, text: str) -> None:
    reason = day.reasons.get(line(_name(column, text), f'"{column}":{text}'))
    assert reason is not None, day.rows.get(_name(column, text))
    assert reason.startswith(f"{MISFIT}{column} is not ")


@pytest.mark.parametrize("number", range(len(HOSTILE_VALUES)))
def test_a_hostile_value_comes_out_as_it_went_in(day: Day, number: int) -> None:
    value, row = HOSTILE_VALUES[number], day.rows[f"hostile {number}"]
    assert (row["txt"], row["tags"], row["props"]) == (value, [value], [(value, value)])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a column twice", {"txt": "last"}),
        ("a key twice in a struct", {"box": {"a": 2, "b": None}}),
        ("names differ in case", {"txt": None}),
        ("an escaped name", {"txt": "is txt"}),
        ("white space everywhere", {"whole": 1}),
        ("a lone carriage return between tokens", {"whole": 1}),
        ("ten megabytes", {"txt": "x" * 10_000_000}),
        ("NUL, escaped", {"txt": "a\x00b"}),
        ("only an id", {"txt": None, "tags": None}),
        ("Windows line end", {"txt": None}),
        ("an unknown field of any depth", {"txt": None}),
        ("an unknown number of any size", {"txt": None}),
    ],
)
def test_an_unusual_object_is_accepted(day: Day, name: str, expected: dict[str, Any]) -> None:
    assert {column: day.rows[name][column] for column in expected} == expected


def test_the_text_of_a_quarantined_line_replaces_only_what_is_no_utf8(day: Day) -> None:
    texts = {row["line_bytes"]: row["line"] for row in day.outcome.quarantine()}
    assert texts[b'{"id":"caf\xe9"}'] == '{"id":"caf\ufffd"}'
    assert texts[b'{"id":"a"} trailing'] == '{"id":"a"} trailing'


def _reason_of(content: bytes) -> str:
    try:
        content.decode()
    except UnicodeDecodeError:
        return ENCODING
    return FORM
