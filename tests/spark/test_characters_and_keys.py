"""Characters that are only half there, and keys that stand twice in one object: one rule each, at every depth."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from contract import parse_contract
from curation.framing import Frame, has_lone_surrogate
from curation.parsing import parse_lines
from curation.reasons import explanation
from curation.session import open_session
from tests.spark.lab import duck

CONTRACT = parse_contract(
    {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "keys", "version": "1.0.0", "status": "active",
        "customProperties": [{"property": "sourceSystem", "value": "lab"}],
        "schema": [{"name": "keys", "properties": [
            {"name": "id", "logicalType": "string", "primaryKey": True},
            {"name": "props", "logicalType": "map", "physicalType": "map<string,string>"},
            {"name": "nested", "logicalType": "map", "physicalType": "map<string,map<string,int>>"},
            {"name": "listed", "logicalType": "array", "physicalType": "array<map<string,tinyint>>"},
            {"name": "box", "logicalType": "object", "physicalType":
                "struct<n:int,m:map<string,struct<k:map<string,double>>>>"},
        ]}],
    }
)  # fmt: skip


def parsed(spark: SparkSession, lines: Iterable[str]) -> dict[str, Row]:
    """The parsed rows by their id; malformed lines are those without one."""
    open_session("keys")
    frame = spark.createDataFrame([(line,) for line in lines], "_line string")
    rows = parse_lines(frame, CONTRACT, Frame(), field_sample=1).where(~F.col("_malformed")).collect()
    return {row["id"]: row for row in rows}


class TestAKeyThatAppearsTwice:
    LINES = (
        '{"id":"field","id":"last"}',
        '{"id":"null","props":{"a":"1"},"props":null}',
        '{"id":"map","props":{"a":"1","b":"2","a":"3"}}',
        '{"id":"spelling","props":{"\\u0061":"1","a":"2","\\u0061":"3"}}',
        '{"id":"nested","nested":{"x":{"a":1,"a":2},"x":{"b":1,"b":null}}}',
        '{"id":"listed","listed":[{"a":1},null,{"a":1,"a":2}]}',
        '{"id":"box","box":{"n":1,"n":2,"m":{"p":{"k":{"a":1,"a":2.5}},"q":null}}}',
        '{"id":"plain","props":{"a":"1","A":"2"},"nested":{},"listed":[],"box":null}',
    )

    def test_has_its_last_value_wherever_it_stands(self, spark: SparkSession) -> None:
        rows = parsed(spark, self.LINES)
        assert set(rows) == {"last", "null", "map", "spelling", "nested", "listed", "box", "plain"}
        assert rows["null"]["props"] is None
        assert rows["map"]["props"] == {"a": "3", "b": "2"}
        assert rows["spelling"]["props"] == {"a": "3"}
        assert rows["nested"]["nested"] == {"x": {"b": None}}
        assert rows["listed"]["listed"] == [{"a": 1}, None, {"a": 2}]
        assert rows["box"]["box"].asDict(recursive=True) == {"n": 2, "m": {"p": {"k": {"a": 2.5}}, "q": None}}
        assert rows["plain"]["props"] == {"a": "1", "A": "2"}

    def test_leaves_files_that_every_engine_reads(self, spark: SparkSession, tmp_path: Path) -> None:
        open_session("keys")
        frame = spark.createDataFrame([(line,) for line in self.LINES], "_line string")
        names = [column.name for column in CONTRACT.columns]
        parse_lines(frame, CONTRACT, Frame(), field_sample=1).select(*names).coalesce(1).write.parquet(
            f"{tmp_path}/out"
        )
        found = duck().read_parquet(f"{tmp_path}/out/*.parquet").fetchall()
        assert len(found) == len(self.LINES)

    def test_is_what_python_makes_of_it(self, spark: SparkSession) -> None:
        choice = Random(7)
        lines = [
            f'{{"id":"{number}","props":{_object(choice)},"nested":{{"x":{_numbers(choice)}}}}}'
            for number in range(400)
        ]
        rows = parsed(spark, lines)
        for line in lines:
            expected = json.loads(line)
            row = rows[expected["id"]]
            assert (row["props"], row["nested"]) == (expected["props"], expected["nested"]), line


def _object(choice: Random) -> str:
    entries = (
        f'"{choice.choice(["a", "b", chr(92) + "u0061", "c"])}":"{choice.randrange(9)}"'
        for _ in range(choice.randrange(6))
    )
    return "{" + ",".join(entries) + "}"


def _numbers(choice: Random) -> str:
    return "{" + ",".join(f'"{choice.choice("abc")}":{choice.randrange(9)}' for _ in range(choice.randrange(6))) + "}"


PIECES = (
    r"\ud83d", r"\uDE00", r"\ud83d\ude00", r"\uD83D\uDE00", r"\\", r"\"", r"\n", r"\u0000", r"\u00e9", r"\ud7ff",
    r"\ue000", r"\\ud83d", "a", "ud83d", "😀", r"\/",
)  # fmt: skip


def _is_whole(value: Any) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


class TestHalfACharacter:
    def test_is_told_from_whole_ones_and_from_escaped_backslashes(self, spark: SparkSession) -> None:
        choice = Random(3)
        texts = ["".join(choice.choices(PIECES, k=choice.randrange(1, 6))) for _ in range(3000)]
        lines = [f'{{"id":"{text}"}}' for text in texts]
        frame = spark.createDataFrame([(line,) for line in lines], "_line string")
        found = [row[0] for row in frame.select(has_lone_surrogate("_line")).collect()]
        expected = [not _is_whole(json.loads(line)["id"]) for line in lines]
        assert [line for line, one, other in zip(lines, found, expected, strict=True) if one != other] == []
        assert 0 < sum(expected) < len(lines)

    @pytest.mark.parametrize(
        "line",
        [
            '{"id":"\\ud83d"}',
            '{"id":"x","props":{"\\ude00":"1"}}',
            '{"id":"x","props":{"a":"\\ud83d \\ude00"}}',
            '{"id":"x","not in the contract":{"a":["\\udfff"]}}',
            '{"id":"' + "\\u00e9" * 20_000 + '\\ud83d"}',
        ],
    )
    def test_makes_its_line_malformed_with_a_reason_wherever_it_stands(self, spark: SparkSession, line: str) -> None:
        assert parsed(spark, [line]) == {}
        told = spark.createDataFrame([(line,)], "_line string").select(explanation(CONTRACT)["reason"]).collect()
        assert told[0][0] == "an unpaired surrogate escape (half a character)"

    def test_does_not_keep_whole_ones_or_nul_from_being_read(self, spark: SparkSession) -> None:
        lines: Sequence[str] = ['{"id":"\\ud83d\\ude00"}', '{"id":"nul \\u0000"}', '{"id":"\\\\ud83d"}']
        assert set(parsed(spark, lines)) == {"😀", "nul \x00", "\\ud83d"}


class TestALongNumber:
    DIGITS = "1234567890" * 110

    def test_stands_in_a_text_column_as_it_was_written(self, spark: SparkSession) -> None:
        assert set(parsed(spark, [f'{{"id":{self.DIGITS}}}'])) == {self.DIGITS}

    def test_is_a_misfit_of_a_number_column_and_named_as_one(self, spark: SparkSession) -> None:
        line = f'{{"id":"x","nested":{{"a":{{"b":{self.DIGITS}}}}}}}'
        assert parsed(spark, [line]) == {}
        told = spark.createDataFrame([(line,)], "_line string").select(explanation(CONTRACT)["reason"]).collect()
        assert told[0][0].startswith("value does not fit its type: nested is not map<string,map<string,int>>")
