"""Why a line is malformed, as somebody reads it who has to change a contract or a source: on inline lines."""

import json
from collections.abc import Sequence
from datetime import date
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from contract import DataContract, parse_contract
from core.layout import DatasetPaths
from curation.framing import Frame
from curation.parsing import parse_lines
from curation.quarantine import most_rejected
from curation.reasons import explanation
from curation.session import open_session
from curation.version import WriteRequest
from tests.spark.lab import DAY
from tests.spark.line_cases import (
    ARRAY,
    ARRAY_OF_2,
    BINARY,
    CESU_8,
    COMMA,
    ENCODING,
    FORM,
    LAST_COMMA,
    LIMITS,
    MARK,
    MISFIT,
    MORE,
    NAN,
    ONE_BYTE,
    PAGE,
    PIECE,
    PLAIN_TEXT,
    PYTHON,
    QUOTED,
    TWO,
    UNENDED,
    UTF_16,
)

_TYPES = {
    "n": "int", "long": "bigint", "yes": "boolean", "real": "double", "price": "decimal(12,2)", "day": "date",
    "at": "timestamp", "tags": "array<string>", "box": "struct<n:int,deep:struct<at:string,yes:boolean>>",
}  # fmt: skip
_PROPERTIES = [{"name": name, "physicalType": type_} for name, type_ in _TYPES.items()]
DOCUMENT: dict[str, Any] = {
    "apiVersion": "v3.1.0", "kind": "DataContract", "id": "told", "version": "1.0.0", "status": "active",
    "customProperties": [{"property": "sourceSystem", "value": "lab"}],
    "schema": [{"name": "told", "properties": [
        {"name": "id", "logicalType": "string", "primaryKey": True}, *_PROPERTIES,
    ]}],
}  # fmt: skip
CONTRACT = parse_contract(DOCUMENT)
PATHS = DatasetPaths("told", "lab")
RUN = "20250101T000000Z-00000000"


def told(spark: SparkSession, lines: Sequence[str | bytes], contract: DataContract = CONTRACT) -> list[Row]:
    """The kind and the reason of each line, in order."""
    open_session("told")
    contents = [(bytearray(line.encode() if isinstance(line, str) else line),) for line in lines]
    frame = spark.createDataFrame(contents, "content binary").coalesce(1)
    texts = frame.select(F.col("content").cast("string").alias("_line"))
    return texts.withColumn("told", explanation(contract)).select("told.*").collect()


def malformed(spark: SparkSession, lines: Sequence[str]) -> list[bool]:
    open_session("told")
    frame = spark.createDataFrame([(line,) for line in lines], "_line string").coalesce(1)
    return [row[0] for row in parse_lines(frame, CONTRACT, Frame(), field_sample=1).select("_malformed").collect()]


PRETTY = json.dumps(
    [
        {
            "id": "a",
            "n": 1,
            "text": 'a "quoted" \\ text',
            "none": None,
            "yes": True,
            "list": [1.5, "x"],
            "box": {"a": {}},
        }
    ],
    indent=2,
)
TABBED = json.dumps({"id": "b", "deep": [[{"a": -1e3}, {"b": "{"}], []]}, indent="\t")
FORMS: dict[str | bytes, str] = {
    '{"id":"a"}{"id":"b"}': TWO,
    '{"id":"}{"} , {"id":"b"}\t{}': TWO.replace("2", "3"),
    '{"id":"a"}\r{"id":"b"}\r': TWO,
    '{"id":"a"},null': MORE,
    '{"id":"a"} trailing': MORE,
    '{"id":"a"}}': MORE,
    "[ERROR] no JSON": FORM,
    "[]": FORM,
    "[1,2]": FORM,
    "3": FORM,
    "<html><body>503</body></html>": PAGE,
    '[{"id":"a"}]': ARRAY,
    ' [ {"id":"a"}, {"id":"b"} ] ': ARRAY_OF_2,
    '[{"id":"a"},': PIECE,
    ' {"id":"b"},': COMMA,
    '{"id":"c"}]': PIECE,
    '{"id":"c"} ] \r': PIECE,
    "  [": PIECE,
    "\t},\r": PIECE,
    "}, {": PIECE,
    '"a": "' + '\\"\\\\' * 50_000 + '",': PIECE,
    "]" * 100_000: PIECE,
    '{"id":"a"': UNENDED,
    '{"id": "a",': UNENDED,
    '{"id":"a","box":{"n":1': UNENDED,
    '"{\\"id\\":\\"a\\"}"': QUOTED,
    '\ufeff{"id":"a"}': MARK,
    '\0{\0"\0i\0d\0"\0:\0"\0a\0"\0}\0': UTF_16,
    "\0  \0i\0d\0,\0": UTF_16,
    '{"id":"a"}'.encode("utf-16-le"): UTF_16,
    '\ufeff{"id":"a"}'.encode("utf-16-le"): UTF_16,
    '\ufeff{"id":"a"}'.encode("utf-16-be"): UTF_16,
    f'{{"id":"a","x":{"1" * 10_001}}}': f"{FORM}: a number of more than 10,000 characters",
    f'{{"id":"a","x":-0.{"1" * 10_001}}}': f"{FORM}: a number of more than 10,000 characters",
    f'{{"id":"a","x":{"[" * 1001}{"]" * 1001}}}': LIMITS,
    '{"id":"a","x":[{"b":1},{"c":2}],}': LAST_COMMA,
    '{"id":"a","x":[1,2 , ]}': LAST_COMMA,
    '{"id":",}","x":01,}': FORM,
    '{"id":"a","x":[NaN,-Infinity],"y":"NaN"}': NAN,
    '{"id":"a","x":nan}': FORM,
    "{'id': 'it\\'s', \"q\": \"True\", 'x': None, 'y': [True, False]}": PYTHON,
    '{"id":"True","x":True}': PYTHON,
    "{'id':'a'": UNENDED,
    "<?xml version='1.0'?>": PAGE,
    "<134>1 2025-01-01 su: {}": FORM,
    "id,name,price": PLAIN_TEXT,
    "2025-01-01 10:00:00 [main] ERROR reset": PLAIN_TEXT,
    "1,2,3": FORM,
    "true": FORM,
    '{"id":"a"} , ': COMMA,
    '{"id":"a"},{"id":"b"},': TWO,
    "[1,2}": FORM,
    '{"id":[1,2}': FORM,
    '{"id":["]}"': UNENDED,
    '{"id":"a","x":01}': FORM,
    b'{"id":"caf\xe9"}': ONE_BYTE,
    '{"id":"Größe"}'.encode("latin-1"): ONE_BYTE,
    '{"id":"“so”"}'.encode("cp1252"): ONE_BYTE,
    '{"id":"Größe'.encode()[:-2]: ENCODING,
    b'{"id":"\xed\xa0\x80"}': CESU_8,
    b'{"id":"\xed\xa0\xbd\xed\xb8\x80"}': CESU_8,
    b"\x1f\x8b\x08\x00\x10\xff": BINARY,
    b"\xff\xfe\x01\x02\xff": BINARY,
    b"\x02\x03abc": BINARY,
}


class TestAForm:
    def test_says_what_a_line_is_that_is_not_one_object(self, spark: SparkSession) -> None:
        found = told(spark, list(FORMS))
        wrong = {
            line: row["reason"]
            for (line, reason), row in zip(FORMS.items(), found, strict=True)
            if row["reason"] != reason
        }
        assert {str(line)[:60]: reason for line, reason in wrong.items()} == {}

    def test_is_one_kind_however_many_objects_a_line_has(self, spark: SparkSession) -> None:
        found = told(spark, ['{"id":"a"}' * count for count in (2, 3, 1000)])
        assert {row["kind"] for row in found} == {TWO.replace("2 objects", "several objects")}
        assert [row["reason"].split()[4] for row in found] == ["2", "3", "1,000"]

    def test_is_one_kind_for_most_lines_of_a_pretty_printed_text(self, spark: SparkSession) -> None:
        for text in (PRETTY, TABBED):
            lines = text.splitlines()
            kinds = [row["kind"] for row in told(spark, lines) if row["kind"] != FORM]
            assert set(kinds) == {PIECE}
            # A last element of an array without its comma is a JSON text of its own.
            assert len(lines) - len(kinds) <= 1

    @pytest.mark.parametrize("seed", range(3))
    def test_is_binary_for_most_lines_of_compressed_data(self, spark: SparkSession, seed: int) -> None:
        content = b"\x1f\x8b\x08\x00" + Random(seed).randbytes(30_000)
        found = [row["kind"] for row in told(spark, [line for line in content.split(b"\n") if line.strip()])]
        assert found[0] == BINARY
        assert found.count(BINARY) > 0.8 * len(found)


STATE = "set the custom property "
SENT = f"; if the source writes it so, {STATE}sentAs: string of the column"
COMPACT = "a date without dashes; if the source writes it so, state logicalTypeOptions.format: yyyyMMdd in the contract"
OTHER_TIME = (
    "not ISO 8601; if the source writes it so, state logicalTypeOptions.format in the contract, with its pattern"
)
JSON_TEXT = "a string that holds JSON; make it a string column, or have the source leave out the quotes"
_OTHER_TIMES = ("01/02/2025", "Wed, 01 Jan 2025 10:15:30 GMT", "2025-01-01 10:15:30 UTC")
_SINCE = "if it counts milliseconds since 1970,"
# column, value as JSON, value as shown, what it looks like
LOOKS: list[tuple[str, str, str, str]] = [
    *((name, f'"{text}"', f'"{text}"', f"a string that holds an integer{SENT}")
      for name, text in product(("n", "long"), ("5", "-7", "007", "99999999999999999999"))),
    *((name, f'"{text}"', f'"{text}"', "") for name, text in product(("n", "long"), ("", "five", "1.5", "1 ", "true"))),
    *(("n", text, text, "") for text in ("3.0", "1e2", "true", "2147483648", "[1]", '{"a":1}')),
    *(("yes", f'"{text}"', f'"{text}"', f"a string that holds a boolean{SENT}") for text in ("true", "false", "TRUE")),
    *(("yes", text, text, "") for text in ("0", "1")),
    ("yes", '"yes"', '"yes"', ""),
    *(("real", f'"{text}"', f'"{text}"', f"a string that holds a number{SENT}") for text in ("1.5", "-2", "1e5")),
    ("real", '"NaN"', '"NaN"', ""),
    ("real", "true", "true", ""),
    ("price", '"free"', '"free"', ""),
    ("price", "1e12", "1e12", ""),
    *((name, value, value, COMPACT) for name, value in product(("day", "at"), ("20250101", '"19991231"'))),
    ("day", '"2025-01-01T00:00:00Z"', '"2025-01-01T00:00:00Z"', "a time of a day; make it a timestamp column"),
    ("day", '"2025-02-30"', '"2025-02-30"', ""),
    ("at", '"2025-02-30T10:00:00Z"', '"2025-02-30T10:00:00Z"', ""),
    ("at", '"now"', '"now"', ""),
    *(("at", f'"{text}"', f'"{text}"', "")
      for text in ("2025-01-01T24:00:00Z", "2024-12-31 23:59:60", "10000-01-01", "2025-01-01T10:15+19:00")),
    *((name, f'"{text}"', f'"{text}"', OTHER_TIME)
      for name, text in product(("day", "at"), _OTHER_TIMES)),
    *((name, value, value, f"a number; if it counts {word} since 1970, {STATE}epochUnit: {unit} of the column")
      for name in ("day", "at")
      for unit, word, value in (
          ("s", "seconds", "1735689600"), ("s", "seconds", "1735689600.5"), ("s", "seconds", "-1735689600"),
          ("ms", "milliseconds", "1735689600123"), ("us", "microseconds", "1735689600123456"),
          ("ns", "nanoseconds", "1735689600123456789"),
      )),
    ("at", '"1735689600123"', '"1735689600123"',
     f"a string that holds a number; {_SINCE} {STATE[:-2]}ies epochUnit: ms and sentAs: string of the column"),
    ("at", "12", "12", ""),
    ("tags", '"a"', '"a"', ""),
    ("tags", "5", "5", ""),
    ("tags", '"[]"', '"[]"', JSON_TEXT),
    ("n", '"' + "9" * 100 + '"', '"' + "9" * 80 + '…"', f"a string that holds an integer{SENT}"),
]  # fmt: skip


class TestAValue:
    def test_is_shown_as_it_stood_with_what_it_looks_like(self, spark: SparkSession) -> None:
        lines = [f'{{"id":"x","{column}":{value}}}' for column, value, _, _ in LOOKS]
        assert all(malformed(spark, lines))
        expected = [
            (f"{column} is not {_TYPES[column]}{looks and f': {looks}'}",
             f"{MISFIT}{column} is not {_TYPES[column]}: {shown}{looks and f', {looks}'}")
            for column, _, shown, looks in LOOKS
        ]  # fmt: skip
        found = zip(lines, map(tuple, told(spark, lines)), expected, strict=True)
        assert [(line, pair) for line, pair, wanted in found if pair != wanted] == []

    def test_inside_of_a_struct_is_told_like_any_other(self, spark: SparkSession) -> None:
        found = told(spark, ['{"id":"x","box":{"n":"5","deep":{"yes":"true","at":1}}}'])
        integer, boolean = f"a string that holds an integer{SENT}", f"a string that holds a boolean{SENT}"
        assert [tuple(row) for row in found] == [
            (f"box.n is not int: {integer}",
             f'{MISFIT}box.n is not int: "5", {integer}; box.deep.yes is not boolean: "true", {boolean}'),
        ]  # fmt: skip

    def test_counts_for_the_kind_of_the_first_column_while_the_reason_names_all(self, spark: SparkSession) -> None:
        found = told(spark, ['{"id":"x","price":"free","n":"x"}', '{"price":"no","n":1e5,"id":"x"}'])
        assert [row["kind"] for row in found] == ["n is not int", "n is not int"]
        assert found[0]["reason"] == f'{MISFIT}n is not int: "x"; price is not decimal(12,2): "free"'

    def test_is_in_no_kind(self, spark: SparkSession) -> None:
        choice = Random(5)
        values = [f'"s3cret{choice.randrange(10**6)}"', "1e309", '{"s3cret":1}', '["s3cret"]', '"s3cret"}{"', '"s3cret']
        lines = [f'{{"id":"x","{column}":{value}}}' for column, value in product(["n", "real", "box", "tags"], values)]
        assert [row["kind"] for row in told(spark, lines) if "s3cret" in row["kind"]] == []


def since(unit: str, **others: str) -> dict[str, Any]:
    custom = [{"property": name, "value": value} for name, value in {"epochUnit": unit, **others}.items()]
    return {"physicalType": "timestamp", "customProperties": custom}


# what a contract states of a column, value as JSON, what is told behind the column's name
_SMALLER = "a number; if it counts {} since 1970, set the custom property epochUnit: {} of the column"
_STATED: list[tuple[dict[str, Any], str, str]] = [
    (since("s"), "1735689600123", f"1735689600123, {_SMALLER.format('milliseconds', 'ms')}"),
    (since("s"), "-1e15", f"-1e15, {_SMALLER.format('microseconds', 'us')}"),
    (since("ms"), "1735689600123456", f"1735689600123456, {_SMALLER.format('microseconds', 'us')}"),
    (since("ms"), "1735689600123456789", f"1735689600123456789, {_SMALLER.format('nanoseconds', 'ns')}"),
    (since("us"), "1735689600.5", "1735689600.5"),
    (since("ns"), "9223372036854775808", "9223372036854775808"),
    (since("s"), '"1735689600"', f'"1735689600", a string that holds a number{SENT}'),
    (since("s"), '"x"', '"x"'),
    (since("ms", sentAs="string"), '"1735689600123456"',
     f'"1735689600123456", {_SMALLER.format("microseconds", "us")}'),
    (since("ms", sentAs="string"), '"1735689600123 "', '"1735689600123 "'),
    ({"physicalType": "date", "logicalTypeOptions": {"format": "yyyyMMdd"}}, '"1735689600"', '"1735689600"'),
    ({"physicalType": "bigint", "customProperties": [{"property": "sentAs", "value": "string"}]}, '"1.5"', '"1.5"'),
]  # fmt: skip


class TestAValueOfAStatedForm:
    def test_is_told_what_else_it_looks_like(self, spark: SparkSession) -> None:
        statements = {f"c{number}": statement for number, (statement, _, _) in enumerate(_STATED)}
        columns = [{"name": name, **statement} for name, statement in statements.items()]
        contract = parse_contract(_with_columns({"name": "id", "logicalType": "string", "primaryKey": True}, *columns))
        lines = [f'{{"c{number}":{value}}}' for number, (_, value, _) in enumerate(_STATED)]
        found = [row["reason"].partition(": ")[2].partition(": ")[2] for row in told(spark, lines, contract)]
        assert found == [shown for _, _, shown in _STATED]


def test_a_string_that_holds_an_object_is_not_shown_as_the_object_that_a_path_looks_for(spark: SparkSession) -> None:
    key = {"name": "id", "logicalType": "string", "primaryKey": True, "transformSourceObjects": ["meta.id"]}
    contract = parse_contract(_with_columns(key))
    what = "meta is not an object, in which id (meta.id) would lie"
    found = told(spark, [r'{"meta":"{\"id\":\"a\"}"}', '{"meta":"a"}', '{"meta":["a"]}'], contract)
    assert [tuple(row) for row in found] == [
        (f"{what}: {JSON_TEXT}", f"{MISFIT}{what}: {JSON_TEXT}"),
        (what, f'{MISFIT}{what}: "a"'),
        (what, f'{MISFIT}{what}: ["a"]'),
    ]  # fmt: skip


def _with_columns(*columns: dict[str, Any]) -> dict[str, Any]:
    return {**DOCUMENT, "schema": [{"name": "told", "properties": list(columns)}]}


def _request(root: Path, **changes: Any) -> WriteRequest:
    custom = [*DOCUMENT["customProperties"], *({"property": name, "value": value} for name, value in changes.items())]
    folder = PATHS.quarantine_prefix(date.fromisoformat(DAY), RUN)
    return WriteRequest(
        contract=parse_contract({**DOCUMENT, "customProperties": custom}),
        ingestion_date=date.fromisoformat(DAY),
        raw_prefix=PATHS.raw_prefix(date.fromisoformat(DAY)),
        raw_uri=f"file://{root}/raw/",
        raw_sizes={},
        version_uri=f"file://{root}/version/",
        quarantine_uri=f"file://{root}/{folder}",
    )


class TestTheMostFrequentReasons:
    def quarantined(self, spark: SparkSession, request: WriteRequest, rows: Sequence[tuple[str, str, str]]) -> None:
        open_session("told")
        frame = spark.createDataFrame(rows, "kind string, source_object string, line string")
        frame.write.mode("overwrite").parquet(request.quarantine_uri)

    def test_are_counted_exactly_with_the_least_line_as_example(self, spark: SparkSession, tmp_path: Path) -> None:
        request = _request(tmp_path)
        prefix = request.raw_prefix
        rows = [(kind, f"{prefix}{name}", line) for kind, name, line in (
            *(("price is not decimal(12,2)", f"b{number % 3}.json", f"line {number}") for number in range(1000)),
            *(("n is not int", "a.json", "z") for _ in range(7)), *(("a tie", "a.json", "z") for _ in range(7)),
            *((f"rare {number}", "a.json", "z") for number in range(9)),
        )]  # fmt: skip
        self.quarantined(spark, request, rows)
        most, reasons = most_rejected(spark, request, {})
        assert reasons == 12
        assert [(item.reason, item.lines) for item in most] == [
            ("price is not decimal(12,2)", 1000), ("a tie", 7), ("n is not int", 7), ("rare 0", 1), ("rare 1", 1),
        ]  # fmt: skip
        assert most[0].sentence() == "1,000 x price is not decimal(12,2), for example line 0 in b0.json"

    def test_show_no_line_where_the_contract_says_none(self, spark: SparkSession, tmp_path: Path) -> None:
        request = _request(tmp_path, exampleLines="none")
        self.quarantined(spark, request, [("n is not int", f"{request.raw_prefix}a.json", "s3cret")])
        [item], _ = most_rejected(spark, request, {})
        assert item.example is None
        assert item.sentence() == "1 x n is not int, for example a line in a.json"

    def test_show_the_value_that_does_not_fit_wherever_in_the_line_it_stands(
        self, spark: SparkSession, tmp_path: Path
    ) -> None:
        request = _request(tmp_path)
        rows = [
            (kind, f"{request.raw_prefix}a.json", '{"id":"' + "x" * 500, reason, record)
            for kind, reason, record in (
                (f"n is not int: {JSON_TEXT}", f'{MISFIT}n is not int: "5", {JSON_TEXT}; price is not int: "x"', None),
                ("half is not int: its logic gives none", 'half is not int: its logic gives none of id "x"', None),
                (TWO.replace("2", "several"), TWO, None),
                ("said whole", f"{MISFIT}said whole", None),
                ("of a record", f"{MISFIT}n is not int: 1", "7"),
            )
        ]
        open_session("told")
        names = ("kind", "source_object", "line", "reason", "record")
        frame = spark.createDataFrame(rows, ", ".join(f"{name} string" for name in names))
        frame.write.mode("overwrite").parquet(request.quarantine_uri)
        most, _ = most_rejected(spark, request, {})
        found = {item.reason.partition(":")[0]: item.detail for item in most if item.detail is not None}
        assert found == {
            "n is not int": 'n is not int: "5"; price is not int: "x"',
            "half is not int": 'half is not int: its logic gives none of id "x"',
        }
        [sentence] = [item.sentence() for item in most if item.reason.startswith("n is")]
        assert sentence.endswith('for example n is not int: "5"; price is not int: "x" in a.json')


def test_a_field_of_any_name_is_named_where_its_value_does_not_fit(spark: SparkSession) -> None:
    names = ["-", "_refused", "_no_field", "a b", "_line"]
    paths = {f"c{n}": path for n, path in enumerate([*names, "x.-.y"])}
    columns = [{"name": name, "physicalType": "int", "transformSourceObjects": [path]} for name, path in paths.items()]
    key = DOCUMENT["schema"][0]["properties"][0]
    document = DOCUMENT | {"schema": [{"name": "told", "properties": [key, *columns]}]}
    lines = [json.dumps({"id": "a", name: "t"}) for name in names] + ['{"id":"a","x":{"-":{"y":"t"}}}']
    reasons = [row["reason"] for row in told(spark, lines, parse_contract(document))]
    assert reasons == [f'{MISFIT}{name} ({path}) is not int: "t"' for name, path in paths.items()]
