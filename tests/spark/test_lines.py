"""Every kind of line has one outcome: a typed row, or quarantine with the line as it came and a reason.

All lines of this file are one raw day and one run; the tests look up what became of each.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.spark.json_suite import MUST_FAIL, MUST_PASS
from tests.spark.lab import CONTRACTS, Lab, Outcome, Row
from tests.spark.line_cases import ACCEPTED, BLANK, ENCODING, FORM, MISFIT, NO_TEXT, STRUCTURES, line
from tests.spark.value_cases import FITS, HOSTILE_VALUES, MISFITS, MISFITS_INSIDE


def _lines() -> list[bytes]:
    suite = [content for cases in (MUST_FAIL, MUST_PASS) for content in cases.values()]
    in_objects = [line(name, b'"x":' + value) for cases in (MUST_FAIL, MUST_PASS) for name, value in cases.items()]
    values = [line(_name(column, text), f'"{column}":{text}') for column, text, _ in FITS]
    misfits = [line(_name(column, text), f'"{column}":{text}') for column, text in MISFITS]
    misfits += [line(_name(column, text), f'"{column}":{text}') for column, text, _ in MISFITS_INSIDE]
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
        assert (day.reasons.get(quarantined) or "").startswith(_reason_of(quarantined))


@pytest.mark.parametrize("name", MUST_PASS)
def test_json_is_accepted_as_a_value_and_as_a_line_only_when_it_is_an_object(day: Day, name: str) -> None:
    content = MUST_PASS[name]
    assert name in day.rows
    is_object = content.lstrip().startswith(b"{")
    assert (day.reasons.get(content) or "accepted").startswith("accepted" if is_object else FORM)


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
    assert re.match(rf"{MISFIT}{column}(\.\w+)* is not ", reason)


@pytest.mark.parametrize(("column", "text", "named"), MISFITS_INSIDE)
def test_a_field_of_a_struct_that_does_not_fit_is_named(day: Day, column: str, text: str, named: str) -> None:
    assert day.reasons[line(_name(column, text), f'"{column}":{text}')] == f"{MISFIT}{named}"


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


def _reason_of(content: bytes) -> tuple[str, str]:
    try:
        content.decode()
    except UnicodeDecodeError:
        return ENCODING, NO_TEXT
    return FORM, NO_TEXT
