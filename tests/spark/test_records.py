"""Records that lie inside of something else: each is found, counted and judged for itself, with its exact text."""

import hashlib
import json
import textwrap
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from contract import DataContract, parse_contract
from curation.framing import Frame
from curation.parsing import parse_lines
from curation.records import as_records
from curation.session import open_session
from tests.spark.lab import Lab
from tests.spark.line_cases import CESU_8, ONE_BYTE, PLAIN_TEXT
from tests.spark.test_mapping import MISFIT, STRING, Statement, from_

ID = {"name": "id", **STRING, "primaryKey": True}
ACCOUNT = {"name": "account", "logicalType": "integer", "primaryKey": True, **from_("/account")}
AMOUNT = {"name": "amount", "physicalType": "decimal(38,18)"}
# By the path to their records: a text with two of them, and one without any.
WHOLE = {
    "Records": ('{"before":{"Records":[1]},"Records":[{"id":"a"},{"id":"b"}],"x":"}]"}', '{"Records":[]}'),
    "[]": ('[{"id":"a"},{"id":"b"}]', "[]"),
    "a[].b": ('{"a":[{"b":[{"id":"a"}]},{"b":[{"id":"b"}]}]}', '{"a":[{}]}'),
    "a.b": ('{"a":{"b":[{"id":"a"},{"id":"b"}]}}', '{"a":{}}'),
}


def packed(*columns: Statement, **properties: str) -> DataContract:
    """A contract whose records are packed in a way."""
    custom = [{"property": name, "value": value} for name, value in {"sourceSystem": "lab", **properties}.items()]
    return parse_contract(
        {
            "apiVersion": "v3.1.0", "kind": "DataContract", "id": "packed", "version": "1.0.0",
            "customProperties": custom, "schema": [{"name": "packed", "properties": list(columns)}],
        }
    )  # fmt: skip


def rows_of(spark: SparkSession, contract: DataContract, texts: Iterable[str | bytes]) -> list[Row]:
    open_session("records")
    given = [(text.encode() if isinstance(text, str) else text,) for text in texts]
    lines = spark.createDataFrame(given, "_line binary").selectExpr("cast(_line as string) as _line").coalesce(1)
    return parse_lines(lines, contract, Frame(), field_sample=1).collect()


def values_of(spark: SparkSession, contract: DataContract, texts: Iterable[str | bytes]) -> list[Any]:
    """The columns of each record in order, or MISFIT."""
    names = [column.name for column in contract.columns]
    found = [(row["_malformed"], tuple(row[name] for name in names)) for row in rows_of(spark, contract, texts)]
    return [MISFIT if bad else value[0] if len(names) == 1 else value for bad, value in found]


class TestAnEnvelope:
    def test_gives_each_of_its_records(self, spark: SparkSession) -> None:
        contract = packed(ID, recordsPath="Records")
        texts = ['{"Records":[{"id":"a"},{"id":"b"}]}', '{"Records":[{"id":"c"}],"more":[1]}']
        assert values_of(spark, contract, texts) == ["a", "b", "c"]

    def test_has_no_decimal_of_a_huge_exponent(self, spark: SparkSession) -> None:
        total = {"name": "total", "physicalType": "decimal(12,2)", **from_("/total")}
        contract = packed(ID, {**AMOUNT, "name": "price"}, total, recordsPath="Records")
        texts = [
            '{"total":1e-100000,"Records":[{"id":"a"}]}',
            r'{"total":"1\u0045-100000","Records":[{"id":"b"}]}',
            '{"total":2,"other":1e100000,"Records":[{"id":"c","price":1e-100000},{"id":"d","price":1e-3}]}',
        ]
        assert values_of(spark, contract, texts) == [MISFIT] * 3 + [("d", Decimal("0.001"), 2)]

    @pytest.mark.parametrize("object_format", ["lines", "document", "concatenated"])
    def test_keeps_texts_that_look_like_a_huge_number(self, spark: SparkSession, object_format: str) -> None:
        """Short digests do: ``12e4567``."""
        words = ["12e4567", "345e6789", "-1.5E+99999", '"12e4567"', "1.2345E\u00b2", "12345678E\u0665", "a 1e9999 b"]
        columns = [
            {"name": "sha", **STRING, **from_("/sha")},
            {"name": "members", "physicalType": "map<string,string>", **from_("/members")},
            {"name": "list", "physicalType": "array<string>", **from_("/list")},
            {"name": "inside", "physicalType": "struct<sha: string>", **from_("/inside")},
            {"name": "whole", **STRING, **from_("/whole")},
        ]
        for beside in ([], [{"name": "total", "physicalType": "decimal(12,2)", **from_("/total")}]):
            contract = packed(ID, *columns, *beside, recordsPath="Records", objectFormat=object_format)
            texts = [
                json.dumps(
                    {
                        "sha": word, "members": {word: word, "7e12345": "x"}, "list": [word], "inside": {"sha": word},
                        "whole": {word: word}, "total": 2, "Records": [{"id": "a"}],
                    },
                    ensure_ascii=escaped, separators=(",", ":"),
                )
                for word in words for escaped in (True, False)
            ]  # fmt: skip
            whole = [json.dumps({word: word}, ensure_ascii=False, separators=(",", ":")) for word in words]
            assert [row[1:6] for row in values_of(spark, contract, texts)] == [
                (word, {word: word, "7e12345": "x"}, [word], Row(sha=word), text)
                for word, text in zip(words, whole, strict=True)
                for _ in range(2)
            ]

    def test_has_no_number_beyond_any_double_in_a_text(self, spark: SparkSession) -> None:
        texts = ['{"sha":12e4567,"Records":[{"id":"a"}]}', '{"sha":-1e400,"Records":[{"id":"a"}]}']
        contract = packed(ID, {"name": "sha", **STRING, **from_("/sha")}, recordsPath="Records")
        assert values_of(spark, contract, texts) == [MISFIT] * 2

    @pytest.mark.parametrize("object_format", ["lines", "document", "concatenated"])
    def test_is_that_of_an_empty_record_too(self, spark: SparkSession, object_format: str) -> None:
        contract = packed(ID, ACCOUNT, recordsPath="Records", objectFormat=object_format)
        space = "\n" if object_format == "document" else "\t"
        text = f'{{"account":7,"Records":[{{}},{{"id":"a"}},{{ {space} }},{{"x":1}}]}}'
        assert values_of(spark, contract, [text]) == [(None, 7), ("a", 7), (None, 7), (None, 7)]

    def test_is_not_needed_by_an_empty_object(self, spark: SparkSession) -> None:
        contract = packed(ID, objectFormat="document")
        assert values_of(spark, contract, ["{}", "{\n}", " {\t}\n", "{\n}{", "{\n} x"]) == [None] * 3 + [MISFIT] * 2

    @pytest.mark.parametrize("object_format", ["lines", "document", "concatenated"])
    def test_may_be_all_that_is_read(self, spark: SparkSession, object_format: str) -> None:
        contract = packed(ACCOUNT, recordsPath="Records", objectFormat=object_format)
        texts = ['{"account":7,"Records":[{"id":"a"},{},1]}', '{"account":8,"Records":[{"id":"a"}]}']
        assert values_of(spark, contract, texts) == [7, 7, MISFIT, 8]

    def test_that_holds_no_record_is_one_malformed_row(self, spark: SparkSession) -> None:
        contract = packed(ID, recordsPath="Records")
        texts: list[str | bytes] = [
            '{"Records":[]}',
            "{}",
            '{"Records":null}',
            '{"id":"a"}',
            '{"Records":{"id":"a"}}',
            '{"Records":[',
            "x",
            '[{"id":"a"}]',
            b'{"Records":[{"id":"\xff"}]}',
        ]
        assert values_of(spark, contract, texts) == [MISFIT] * len(texts)

    @pytest.mark.parametrize(
        ("path", "object_format"),
        [
            (path, object_format)
            for path in WHOLE
            for object_format in ("lines", "concatenated")
            if (path, object_format) != ("[]", "concatenated")
        ],
    )
    def test_is_one_malformed_row_when_anything_stands_behind_it(
        self, spark: SparkSession, path: str, object_format: str
    ) -> None:
        """Spark's parser takes the first value of a text, and says nothing of what comes after it."""
        text, empty = WHOLE[path]
        contract = packed(ID, recordsPath=path, objectFormat=object_format)
        behind = [
            " garbage", "]", "}", ",", "1", "null", '"x"', "{cut", " {", "[", ':"x"', ',"x":1', '],"x":[1', ',"x":{}}',
            ",[1]", "[1]", ",{}", "]]", " ]}", "/* */", "\n\n.",
            *(between + other for between in ("", " ", "\n", ",", "]", "}") for other in (text, empty)),
        ]  # fmt: skip
        if object_format == "concatenated":  # on a line, and what begins an object is the next one, or a part of it
            behind = [item for item in behind if "\n" not in item and not item.strip(" }").startswith("{")]
        assert values_of(spark, contract, [text + item for item in behind]) == [MISFIT] * len(behind)
        spaces = ("", " ", "\t", "\r", " \r")
        assert values_of(spark, contract, [space + text + space for space in spaces]) == ["a", "b"] * len(spaces)

    def test_each_record_is_judged_for_itself(self, spark: SparkSession) -> None:
        contract = packed(ID, {"name": "n", "logicalType": "integer"}, recordsPath="Records")
        records: list[tuple[str, object]] = [
            ('{"id":"a","n":1}', ("a", 1)), ('{"id":"b","n":"x"}', MISFIT), ("null", MISFIT), ("7", MISFIT),
            ("[]", MISFIT),
            (r'"{\"id\":\"text\"}"', MISFIT), (r'" \u007b\"id\":\"text\"}"', MISFIT), ("{}", (None, None)),
            (r'{"id":"half \ud83d"}', MISFIT), (r'{"id":"\\ud83d"}', ("\\ud83d", None)),
            (r'{"id":"\ud83d\ude00"}', ("\U0001f600", None)), ('{"id":"a","id":"last"}', ("last", None)),
            (r'{"id":"{\"n\":1.50}"}', ('{"n":1.50}', None)), (r'{"id":" \"1.5\": 2.50, "}', (' "1.5": 2.50, ', None)),
        ]  # fmt: skip
        text = f'{{"Records":[{",".join(record for record, _ in records)}]}}'
        assert values_of(spark, contract, [text]) == [expected for _, expected in records]

    def test_a_record_knows_the_fields_around_it(self, spark: SparkSession) -> None:
        contract = packed(
            ID,
            {"name": "account", "logicalType": "integer", **from_("/account")},
            {"name": "service", **STRING, **from_("/resourceLogs[].resource.name")},
            {"name": "scope", **STRING, **from_("scope", "/resourceLogs[].scopeLogs[].scope.name")},
            recordsPath="resourceLogs[].scopeLogs[].logRecords",
        )
        text = json.dumps(
            {
                "account": 7,
                "resourceLogs": [
                    {
                        "resource": {"name": "web"},
                        "scopeLogs": [
                            {"scope": {"name": "x"}, "logRecords": [{"id": "a"}, {"id": "b", "scope": "own"}]},
                            {"logRecords": [{"id": "c"}]},
                        ],
                    },
                    {"resource": {"name": "no logs"}},
                    {"scopeLogs": [{"scope": {"name": "y"}, "logRecords": [{"id": "d"}]}]},
                ],
            }
        )
        found = values_of(spark, contract, [text, text.replace("7", '"7"'), text.replace("web", r"\ud83d")])
        good = [("a", 7, "web", "x"), ("b", 7, "web", "own"), ("c", 7, "web", None), ("d", 7, None, "y")]
        assert found == [*good, *[MISFIT] * 4, *[MISFIT] * 3, good[3]]

    def test_a_part_of_another_shape_is_one_malformed_row_beside_the_records_of_the_others(
        self, spark: SparkSession
    ) -> None:
        contract = packed(ID, recordsPath="a[].b")
        text = '{"a":[{"b":[{"id":"x"}]},{"b":{"id":"y"}},{},{"b":null},{"b":[]},{"b":"z"},5,null,{"b":[{"id":"w"}]}]}'
        found = values_of(spark, contract, [text])
        assert found == ["x", MISFIT, MISFIT, MISFIT, MISFIT, "w"]
        contract = packed(ID, objectFormat="concatenated", recordsPath="r")
        line = '{"r":[{"id":"a"}]}{"r":[{"id":1,]}{"r":[]}{}{"r":7}{"r":[{"id":"b"}]}'
        assert values_of(spark, contract, [line]) == ["a", MISFIT, MISFIT, MISFIT, MISFIT, "b"]

    def test_its_records_have_positions(self, spark: SparkSession) -> None:
        open_session("records")
        contract = packed(ID, recordsPath="a[].b")
        text = '{"a":[{"b":[{"id":"0"},{"id":"1"}]},{"b":[{"id":"2"}]}]}'
        lines = spark.createDataFrame([(text,), ("{}",)], "_line string").coalesce(1)
        found = [(row["_record"], row["_is_record"]) for row in as_records(lines, contract).collect()]
        assert found == [("0.0", True), ("0.1", True), ("1.0", True), (None, False)]

    def test_the_text_of_a_record_means_exactly_what_stood_there(self, spark: SparkSession) -> None:
        random = Random(15)
        contract = packed(ID, AMOUNT, {"name": "whole", "physicalType": "decimal(38,0)"}, recordsPath="data.rows[]")
        rows = [_generated(random, number) for number in range(300)]
        text = '{"data": {"rows" :[' + ", ".join(rows) + "]}}"
        parsed = json.loads(text, parse_float=Decimal)["data"]["rows"]
        expected = [(row["id"], Decimal(row["amount"]), Decimal(row["whole"])) for row in parsed]
        assert values_of(spark, contract, [text]) == expected

    @pytest.mark.parametrize("object_format", ["lines", "document", "concatenated"])
    def test_is_read_only_where_it_is_json(self, spark: SparkSession, object_format: str) -> None:
        """Also where no column reads it: numbers and escapes that begin well, among as many that are right."""
        random = Random(17)
        contract = packed(ID, recordsPath="Records", objectFormat=object_format)
        texts = [_maybe_json(random, number) for number in range(1500)]
        expected = [str(number) if _is_json(text) else MISFIT for number, text in enumerate(texts)]
        assert 300 < expected.count(MISFIT) < 1200
        found = values_of(spark, contract, texts)
        assert [pair for pair in zip(texts, expected, found, strict=True) if pair[1] != pair[2]] == []

    def test_and_its_records_read_as_they_would_on_lines_of_their_own(self, spark: SparkSession) -> None:
        """Equal JSON gives equal values, however its characters are spelt and wherever it lies."""
        random = Random(18)
        own: list[Statement] = [{"name": "text", **STRING}, {"name": "map", "physicalType": "map<string,string>"}]
        around = [{**column, "name": f"{column['name']}_around"} for column in own]
        read = [{**column, **from_(f"/{column['name']}")} for column in around]
        values = [[_value(random) for _ in range(2)] for _ in range(400)]
        fields = [
            (f'"text":{one},"map":{{"k":{two}}}', f'"text_around":{two},"map_around":{{"k":{one}}}')
            for one, two in values
        ]
        lines = [f'{{"id":"a",{inside},{outside}}}' for inside, outside in fields]
        packings = [f'{{{outside},"Records":[{{"id":"a",{inside}}}]}}' for inside, outside in fields]
        expected = values_of(spark, packed(ID, *own, *around), lines)
        assert 0 < expected.count(MISFIT) < 100
        found = values_of(spark, packed(ID, *own, *read, recordsPath="Records"), packings)
        assert [pair for pair in zip(packings, expected, found, strict=True) if pair[1] != pair[2]] == []

    @pytest.mark.parametrize("object_format", ["lines", "document", "concatenated"])
    def test_of_which_a_field_on_the_way_is_given_twice_has_the_last_one(
        self, spark: SparkSession, object_format: str
    ) -> None:
        """As on any line, and as there only where each of the values is what it should be."""
        array, other = '"r":[{"id":"a"}]', '"r":[{"id":"b"},{"id":"c"}]'
        bad = [
            fields
            for kind in ('"x"', '"[]"', "7", "1.5", "true", "{}", '{"id":"a"}')
            for fields in (f'{array},"r":{kind}', f'"r":{kind},{array}')
        ]
        good = {
            f"{array},{other}": ["b", "c"], f'"r":null,{other}': ["b", "c"],
            other + r',"\u0072":[{"id":"a"}]': ["a"],
        }  # fmt: skip
        # By path, the text around the field, and the record of another part of it.
        ways = {
            "r": ("{%s}", []),
            "x.r": ('{"x":{%s}}', []),
            "x[].r": ('{"x":[{%s},{"r":[{"id":"z"}]}]}', ["z"]),
        }
        for path, (around, beside) in ways.items():
            contract = packed(ID, recordsPath=path, objectFormat=object_format)
            misfits = [around % fields for fields in [*bad, '"r":"x","r":null']]
            assert values_of(spark, contract, misfits) == [MISFIT, *beside] * len(misfits)
            expected = [id_ for ids in good.values() for id_ in (*ids, *beside)]
            assert values_of(spark, contract, [around % fields for fields in good]) == expected
            none = [around % f'{array},"r":{last}' for last in ("null", "[]")]
            assert values_of(spark, contract, none) == (beside or [MISFIT]) * len(none)

    def test_of_which_the_way_itself_is_given_twice_goes_the_last_one(self, spark: SparkSession) -> None:
        array = '{"r":[{"id":"a"}]}'
        bad = [f'{{"x":{array},"x":{other}}}' for other in ("7", '"{}"', "[]", "null", "{}", '{"r":1}')]
        bad += [f'{{"x":{other},"x":{array}}}' for other in ("7", '"{}"', "[]", '{"r":1}')]
        good = [f'{{"x":{other},"x":{array}}}' for other in ("null", "{}", '{"r":[{"id":"b"}]}', '{"r":null}')]
        contract = packed(ID, recordsPath="x.r")
        assert values_of(spark, contract, bad + good) == [MISFIT] * len(bad) + ["a"] * len(good)


def _maybe_json(random: Random, number: int) -> str:
    """An envelope of one record, with something in it that may be no JSON."""
    digits = "".join(random.choices("0151.eE-+", k=random.randrange(1, 7)))
    parts = ["\\u", "\\ud83d", "\\ude00", "d8", "3", "d", "z", "\\\\"]
    escapes = "".join(random.choices(parts, k=random.randrange(1, 5)))
    number_like = random.choice("-0123456789") + ".5e1"[: random.randrange(5)]
    what = random.choice([digits, digits, f'"{escapes}"', number_like])
    good = random.choice(["1.5", "-0.25E-3", '"\\ud83d\\ude00"', '"1.5"', '{"1.5":[2e5]}', '"a:\\\\"'])
    records = f'"Records":[{{"id":"{number}"}}]'
    return random.choice([
        f'{{"x":{what},"y":{good},{records}}}', f'{{{records},"x":{{"y":[{good},{what}]}}}}',
        f'{{"y":{good},{what}:1,{records}}}', f"{{{records},{what} :{good}}}",
        f'{{{records},"{escapes}":{{"x":{what} }}}}', f'{{"y":[{good} ,{what}] ,{records}}}',
    ])  # fmt: skip


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _value(random: Random) -> str:
    """A JSON value, of characters that are written as they are or in escapes."""
    parts = ['"', "\\", "1.5", "é", "\U0001f600", "\U0001f4a5", "{", "}", ":", "\\ud83d", "u"]
    word = "".join(random.choices(parts, k=4))
    escaped = "".join(f"\\u{half:04x}" for half in memoryview(word.encode("utf-16-le")).cast("H"))
    spellings = [json.dumps(word), json.dumps(word, ensure_ascii=False), f'"{escaped}"']
    text = random.choice([*spellings * 5, r'"\ud83d"'])
    number = random.choice(["1.10", "-2.50E3", "7", "1e2", "true", "null"])
    return random.choice([text, number, f'{{"a":{number},{text}:[{text},{number}]}}', f'[{number},{{"b":{text}}}]'])


def _generated(random: Random, number: int) -> str:
    strange = ['"', "\\", "1.5", "}{", "[", "]", ":", ",", "é", "\U0001f600", "-2.50E3", "{", " ", "\n", "\\u", "x"]
    id_ = f"{number}" + "".join(random.choices(strange, k=random.randrange(12)))
    amount = (
        f"{random.choice(['', '-'])}{random.randrange(10 ** random.randrange(1, 19))}.{random.randrange(10**18):018d}"
    )
    whole = random.randrange(-(10**37), 10**37)
    space = random.choice(["", " ", "\t"])
    text = json.dumps(id_, ensure_ascii=random.random() < 0.5)
    more = f'[1.10,"a",{{"b":{text}}}]'
    return f'{{"id"{space}:{space}{text},{space}"amount":{amount}{space},"whole":{space}{whole},"more":{more}}}'


class TestADayOfEnvelopes:
    """A whole run: columns from record and envelope, one derived of a field that is not stored, and a quarantine."""

    CONTRACT = """
        apiVersion: v3.1.0
        kind: DataContract
        id: trail
        version: 1.0.0
        customProperties:
          - {property: sourceSystem, value: lab}
          - {property: recordsPath, value: Records}
          - {property: eventTime, value: at}
          - {property: maxMalformedPercent, value: 100}
        schema:
          - name: trail
            properties:
              - {name: id, logicalType: string, primaryKey: true}
              - {name: at, logicalType: timestamp, customProperties: [{property: epochUnit, value: ms}]}
              - {name: account, logicalType: integer, transformSourceObjects: [/account]}
              - {name: email, logicalType: string, transformSourceObjects: [user.email],
                 customProperties: [{property: inputOnly, value: true}]}
              - {name: hash, logicalType: string, transformLogic: "md5(lower(email))"}
              - {name: half, logicalType: integer, transformLogic: "12 DIV cast(length(id) - 1 AS int)"}
        """

    def test_of_which_no_record_has_a_column_is_published_too(self, tmp_path: Path) -> None:
        path = tmp_path / "accounts.odcs.yaml"
        statement = """
            apiVersion: v3.1.0
            kind: DataContract
            id: accounts
            version: 1.0.0
            customProperties:
              - {property: sourceSystem, value: lab}
              - {property: recordsPath, value: Records}
              - {property: maxMalformedPercent, value: 100}
            schema:
              - name: accounts
                properties:
                  - {name: account, logicalType: string, primaryKey: true, transformSourceObjects: [/account]}
            """
        path.write_text(textwrap.dedent(statement), "utf-8")
        lab = Lab(tmp_path, path)
        lab.put('{"account":"a","Records":[{"id":"ab"},5,{}]}\n{"account":"b","Records":[{}]}\n{"Records":[]}\nx\n')
        outcome = lab.run()
        assert outcome.error is None
        assert sorted(row["account"] for row in outcome.rows()) == ["a", "b"]
        assert outcome.metrics["schema_drift"]["unknown_fields"] == ["id"]
        assert sorted(row["reason"] for row in outcome.quarantine()) == [
            "no record in it: recordsPath Records leads to no element",
            "not one JSON object",
            "not one JSON object: 5",
        ]

    def test_is_published_with_what_does_not_fit_in_quarantine_once_each(self, tmp_path: Path) -> None:
        path = tmp_path / "trail.odcs.yaml"
        path.write_text(textwrap.dedent(self.CONTRACT), "utf-8")
        lab = Lab(tmp_path, path)
        lines = [
            '{"account":7,"Records":[{"id":"ab","at":1735689600000,"user":{"email":"A@b.c"},"more":1},{"id":"ab","at":0}]}',
            '{"account":8,"Records":[{"id":"abc","at":"1735689600000"},{"id":"x"},5,{"id":"abcd","user":9}]}',
            '{"account":"9","Records":[{"id":"abc"}]}',
            '{"Records":[]}',
            "not JSON",
            '{"records":[{"id":"ab"}],"b":1}',
        ]
        lab.put("\n".join(lines) + "\n")
        outcome = lab.run()
        assert outcome.error is None
        metrics = outcome.metrics
        assert [metrics[name] for name in ("rows_read", "rows_written", "duplicates_removed", "rows_quarantined")] == [
            10, 1, 1, 8,
        ]  # fmt: skip
        expected = {"id": "ab", "account": 7, "hash": hashlib.md5(b"a@b.c").hexdigest(), "half": 12}  # noqa: S324
        [row] = outcome.rows()
        assert {name: value for name, value in row.items() if name != "at"} == expected
        assert metrics["schema_drift"]["unknown_fields"] == ["more"]
        examples = {item["reason"]: item["example"] for item in metrics["rejected_lines"]}
        assert examples["no record in it: recordsPath Records leads to no element"] == lines[3]
        remedy = "; where null is meant, set the custom property nullResult: allowed"
        assert examples[f"half is not bigint: its transformLogic gives no such value{remedy}"] == (
            f'record 1: half is not bigint: its transformLogic gives no such value of id "x"{remedy}'
        )
        found = {(row["line"], row["record"]): row["reason"] for row in outcome.quarantine()}
        assert found == {
            (lines[1], "0"): (
                'value does not fit its type: at is not timestamp of epochUnit ms: "1735689600000", a string that '
                "holds a number; if the source writes it so, set the custom property sentAs: string of the column"
            ),
            (lines[1], "1"): f'half is not bigint: its transformLogic gives no such value of id "x"{remedy}',
            (lines[1], "2"): "not one JSON object: 5",
            (lines[1], "3"): (
                "value does not fit its type: user is not an object, in which email (user.email) would lie: 9"
            ),
            (lines[2], "0"): (
                'value does not fit its type: account is not bigint: "9", a string that holds an integer; if the '
                "source writes it so, set the custom property sentAs: string of the column"
            ),
            (lines[3], None): "no record in it: recordsPath Records leads to no element",
            (lines[4], None): PLAIN_TEXT,
            (lines[5], None): "no record in it: there is no array at recordsPath Records; its fields are records, b",
        }

    def test_half_a_character_around_its_records_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "trail.odcs.yaml"
        place = "      - {name: place, logicalType: string, transformSourceObjects: [/place]}\n"
        path.write_text(textwrap.dedent(self.CONTRACT).rstrip() + "\n" + place, "utf-8")
        lab = Lab(tmp_path, path)
        lab.put(r'{"place":"\ud83d","Records":[{"id":"ab"},5]}' + "\n" + f'{{"x":1.{"5" * 10_001},"Records":[{{}}]}}')
        assert sorted(row["reason"] for row in lab.run().quarantine()) == [
            "a field of the envelope is beyond the limits, or does not fit its column: account, place",
            "an unpaired surrogate escape (half a character) in a field of the envelope",
            "not one JSON object: 5",
        ]

    def test_an_object_is_one_text_where_the_contract_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "trail.odcs.yaml"
        contract = textwrap.dedent(self.CONTRACT).replace(
            "value: Records}", 'value: "[]"}\n  - {property: objectFormat, value: document}'
        )
        path.write_text(contract.replace(", transformSourceObjects: [/account]", ""), "utf-8")
        lab = Lab(tmp_path, path)
        lab.put('\ufeff[\n  {"id": "ab",\n   "account": 1},\n  {"id": "cd"}\n]\n')
        lab.put('[{"id": "ef"}]', "b.json.gz")
        outcome = lab.run()
        assert outcome.error is None
        assert sorted(row["id"] for row in outcome.rows()) == ["ab", "cd", "ef"]


CONCATENATED = """
apiVersion: v3.1.0
kind: DataContract
id: trail
version: 1.0.0
customProperties:
  - {property: sourceSystem, value: lab}
  - {property: objectFormat, value: concatenated}
  - {property: maxMalformedPercent, value: 100}
schema:
  - name: trail
    properties:
      - {name: id, logicalType: string, primaryKey: true}
"""


class TestOtherPackings:
    def test_an_array_of_records_is_a_text(self, spark: SparkSession) -> None:
        contract = packed(ID, AMOUNT, recordsPath="[]")
        texts = ['[{"id":"a","amount":0.123456789012345678},{"id":"b"}]', "[]", '{"id":"c"}', '[[{"id":"d"}]]']
        assert values_of(spark, contract, texts) == [("a", Decimal("0.123456789012345678")), ("b", None), *[MISFIT] * 3]

    def test_objects_follow_each_other_on_a_line(self, spark: SparkSession) -> None:
        contract = packed(ID, objectFormat="concatenated")
        line = r'{"id":"a"}{"id":"}{"} {"id":"b","x":{"y":{}}}{"id":"\"}{"}{"id":1,}{"id":"c"}'
        assert values_of(spark, contract, [line, '{"id":"d"}']) == ["a", "}{", "b", '"}{', MISFIT, "c", "d"]

    def test_envelopes_follow_each_other_on_a_line(self, spark: SparkSession) -> None:
        contract = packed(ID, {"name": "x", **STRING, **from_("/x")}, objectFormat="concatenated", recordsPath="r")
        line = '{"x":"1","r":[{"id":"a"},{"id":"b"}]}{"x":"2","r":[{"id":"c"}]}{"r":[{"id":"d"}]}'
        assert values_of(spark, contract, [line]) == [("a", "1"), ("b", "1"), ("c", "2"), ("d", None)]

    def test_generated_objects_are_told_apart_exactly(self, spark: SparkSession) -> None:
        random = Random(16)
        contract = packed(ID, AMOUNT, objectFormat="concatenated")
        lines, expected = [], []
        for _ in range(20):
            records = [_generated(random, number) for number in range(random.randrange(1, 20))]
            lines.append("".join(record + random.choice(["", " ", "\t"]) for record in records))
            parsed: list[Mapping[str, Any]] = [json.loads(record, parse_float=Decimal) for record in records]
            expected += [(record["id"], Decimal(record["amount"])) for record in parsed]
        assert values_of(spark, contract, lines) == expected

    def test_a_line_that_is_no_utf_8_is_kept_as_it_is(self, tmp_path: Path) -> None:
        """Taken apart, its bytes would become the same replacement character, and its keys equal."""
        path = tmp_path / "trail.odcs.yaml"
        path.write_text(CONCATENATED, "utf-8")
        lab = Lab(tmp_path, path)
        lines = [
            b'{"id":"caf\xe9"}{"id":"caf\xff"}', b'{"id":"one\xe9"}', b'{"id":"a"} {"id":"b"}',
            b'{"id":"c"}{"id":"\xed\xa0\xbd"}',
        ]  # fmt: skip
        lab.put(b"\n".join(lines))
        outcome = lab.run()
        assert sorted(row["id"] for row in outcome.rows()) == ["a", "b"]
        found = {row["line_bytes"]: (row["record"], row["reason"]) for row in outcome.quarantine()}
        assert found == {lines[0]: (None, ONE_BYTE), lines[1]: (None, ONE_BYTE), lines[3]: (None, CESU_8)}

    def test_a_long_text_overflows_no_stack(self, spark: SparkSession) -> None:
        records = ",".join(f'{{"id":"{number}","tags":["\\"","{{"],"v":{number}.5}}' for number in range(30_000))
        rows = rows_of(spark, packed(ID, recordsPath="[]"), [f"[{records}]"])
        assert len(rows) == 30_000
        assert not any(row["_malformed"] for row in rows)
        rows = rows_of(spark, packed(ID, objectFormat="concatenated"), [records.replace("},{", "}{")])
        assert len(rows) == 30_000
        assert not any(row["_malformed"] for row in rows)
