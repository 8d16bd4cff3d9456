"""Reasons of malformed lines as people see them: bounded, printable, and counted."""

import sys
import unicodedata
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from contract import parse_contract
from core.checks import evaluate, failures
from core.documents import as_documents
from core.errors import InvalidDocument
from core.layout import DatasetPaths
from core.rejections import (
    LONGEST_EXAMPLE,
    printable,
    read_rejections,
    rejected_lines,
    without_example,
)
from curation.findings import findings, nothing_of_the_contract
from curation.version import Counts, WrittenVersion
from tests.unit.contract_documents import document

OBJECT = f"{DatasetPaths('events', 'app').raw_prefix(date(2025, 1, 2))}events-3.json"


class TestAnExample:
    def test_has_no_character_that_a_terminal_obeys_or_hides_whatever_the_line_holds(self) -> None:
        everything = [chr(code) for code in range(sys.maxunicode + 1)]
        Random(3).shuffle(everything)
        text = "".join(everything[:20_000]) + "".join(map(chr, range(0x3000)))
        shown = printable(text, limit=10**7)
        assert {unicodedata.category(character) for character in shown} & {
            "Cc",
            "Cf",
            "Cs",
            "Co",
            "Cn",
            "Zl",
            "Zp",
        } == set()
        shown.encode()

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ('{"a":"é 漢 😀"}', '{"a":"é 漢 😀"}'),
            ("a\x1b[31m\u202eb\u200b\ufeff", "a\\u001b[31m\\u202eb\\u200b\\ufeff"),
            ("\ud83d\u2028\U000e0001", "\\ud83d\\u2028\\U000e0001"),
            ("a\\u202e", "a\\u202e"),
        ],
    )
    def test_is_shown_as_it_is_where_that_can_be_seen(self, text: str, shown: str) -> None:
        assert printable(text, limit=100) == shown

    @pytest.mark.parametrize("seed", range(20))
    def test_is_bounded_and_cut_between_characters(self, seed: int) -> None:
        choice = Random(seed)
        text = "".join(choice.choice(["a", "\x00", "\U000e0001", "é"]) for _ in range(choice.randrange(150, 300)))
        shown = printable(text, limit=200)
        assert len(shown) <= 200
        whole = printable(text, limit=10**6)
        assert shown == whole or (shown.endswith("…") and whole.startswith(shown[:-1]) and len(whole) > 200)
        assert shown.count("\\") == shown.count("\\u0000") + shown.count("\\U000e0001")

    def test_is_part_of_a_bounded_sentence_however_long_line_reason_and_name_are(self) -> None:
        item = rejected_lines("r" * 10**6, 10**9, example="\x00" * 10**6, object_=OBJECT + "x" * 1024)
        assert len(item.sentence()) < 700
        assert len(item.example or "") <= LONGEST_EXAMPLE

    def test_is_left_out_of_what_everybody_reads(self) -> None:
        item = rejected_lines("n is not int", 1200, example="s3cret; report x", object_=OBJECT)
        assert item.sentence() == "1,200 x n is not int, for example s3cret; report x in events-3.json"
        message = f"2025-01-02: rate is 12 %; most malformed lines: {item.sentence()}; report s3://b/x.json; fix it"
        assert without_example(message) == "2025-01-02: rate is 12 %; most malformed lines: 1,200 x n is not int"
        assert without_example("rate is 12 %, for example; x") == "rate is 12 %, for example; x"
        values = '; most frequent invalid values: event_type "refund" (2); shop "x" (1)'
        assert without_example(f"count is 2, must be 0{values}") == "count is 2, must be 0"
        assert without_example(f"{message}{values}") == without_example(message)


class TestADetail:
    def test_stands_in_place_of_the_example_which_need_not_hold_the_value(self) -> None:
        item = rejected_lines("n is not int", 2, example="{…", object_=OBJECT, detail='n is not int: "x\x1b"')
        assert item.sentence() == '2 x n is not int, for example n is not int: "x\\u001b" in events-3.json'

    def test_is_bounded(self) -> None:
        assert (
            len(rejected_lines("n", 1, example="", object_=OBJECT, detail="x" * 10**6).shown or "") == LONGEST_EXAMPLE
        )

    def test_is_not_shown_where_no_example_is(self) -> None:
        item = rejected_lines("n is not int", 2, example=None, object_=OBJECT, detail='n is not int: "s3cret"')
        assert item.sentence() == "2 x n is not int, for example a line in events-3.json"


class TestStored:
    def test_are_read_again_as_they_were(self) -> None:
        items = (
            rejected_lines("n is not int", 7, example=" \x00a ", object_=OBJECT, detail='n is not int: "\x00"'),
            rejected_lines("other", 1, example=None, object_=OBJECT),
        )
        assert read_rejections({"rejected_lines": as_documents(items)}, source="x") == items

    def test_by_an_older_release_are_none(self) -> None:
        assert read_rejections({}, source="x") == ()

    @pytest.mark.parametrize(
        "items", [[{}], [1], "text", [{"reason": "a", "lines": "1", "example": None, "object": "b"}]]
    )
    def test_in_another_shape_are_an_error_that_names_the_object(self, items: Any) -> None:
        with pytest.raises(InvalidDocument, match=r"metrics object s3://b/m\.json cannot be used"):
            read_rejections({"rejected_lines": items}, source="s3://b/m.json")


CONTRACT = parse_contract(document())
COLUMNS = [column.name for column in CONTRACT.columns]
REJECTED = (rejected_lines("n is not int", 12, example="{}", object_=OBJECT),)


def written(*, rows: int = 10, malformed: int = 0, nulls: int = 10, fields: tuple[str, ...] = ()) -> WrittenVersion:
    counts = Counts(
        rows_read=rows + malformed,
        rows_quarantined=malformed,
        lines_to_read_again=0,
        duplicates_removed=0,
        rows_on_other_days=None,
        first_event=None,
        last_event=None,
        nulls=dict.fromkeys(COLUMNS, nulls),
        distributions={},
        by_rule={rule.id: nulls for rule in CONTRACT.rules},
        rows_looked_at_for_fields=rows,
        rows_with_unknown_fields=rows if fields else 0,
        unknown_fields=fields,
    )
    return WrittenVersion(counts, "x", "4", {}, REJECTED if malformed else ())


def told(version: WrittenVersion) -> list[str]:
    checks = evaluate(CONTRACT.rules, version.counts, max_malformed_percent=1)
    return findings(failures(checks, severity="error"), CONTRACT, version)


class TestFindings:
    def test_name_the_most_frequent_reason_when_malformed_lines_failed_the_gate(self) -> None:
        most = ["most malformed lines: 12 x n is not int, for example {} in events-3.json"]
        assert told(written(malformed=12, nulls=0)) == most
        assert told(written(rows=0, malformed=12, nulls=0)) == most
        assert told(written(rows=10_000, malformed=12, nulls=0)) == []

    def test_name_the_only_field_where_no_column_has_a_value(self) -> None:
        [said] = told(written(fields=("Records",)))
        assert said == (
            "every line has only the unknown field Records: if it is an array of the records, set the custom "
            "property recordsPath: Records of the contract; if it is an object that holds the columns' fields, name "
            "these there as transformSourceObjects: [Records.FIELD]"
        )

    @pytest.mark.parametrize(
        ("name", "path"), [("a.b", "['a.b']"), ("a[0]", "['a[0]']"), ("@t", "@t"), ("x\x1b", "x\\u001b")]
    )
    def test_write_a_name_as_a_contract_has_to(self, name: str, path: str) -> None:
        [said] = told(written(fields=(name,)))
        assert f"the custom property recordsPath: {path} of the contract;" in said

    def test_name_some_fields_where_there_are_several(self) -> None:
        [said] = told(written(fields=tuple(f"field{n}" for n in range(9))))
        assert said.startswith(
            "no line has a field that a column reads; they have field0, field1, field2, field3, field4 and"
        )
        assert "9" not in said.replace("field9", "")
        assert "and 4 more" in said

    def test_say_nothing_where_some_value_was_read(self) -> None:
        assert told(written(nulls=9, fields=("Records",))) == []
        version = written(fields=("Records",))
        one = replace(version.counts, nulls={**version.counts.nulls, COLUMNS[-1]: 9})
        assert nothing_of_the_contract(CONTRACT, one) is None
        assert nothing_of_the_contract(CONTRACT, written().counts) is None
