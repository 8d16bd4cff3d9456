"""From field to column: each statement of a contract with what it makes of a field, and what does not fit it."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import Row, SparkSession

from contract import ContractError, DataContract, parse_contract
from curation.framing import Frame
from curation.parsing import parse_lines
from curation.session import open_session

Statement = dict[str, Any]
MISFIT = "misfit"


def mapped(*columns: Statement) -> DataContract:
    """A contract whose key is the line's number and that has these columns beside it."""
    key = {"name": "n", "logicalType": "integer", "primaryKey": True}
    return parse_contract(
        {
            "apiVersion": "v3.1.0", "kind": "DataContract", "id": "mapped", "version": "1.0.0",
            "customProperties": [{"property": "sourceSystem", "value": "lab"}],
            "schema": [{"name": "mapped", "properties": [key, *columns]}],
        }
    )  # fmt: skip


def rows_of(spark: SparkSession, contract: DataContract, lines: Iterable[str]) -> list[Row]:
    """What the lines become, in their order; each gets its number as ``n``."""
    open_session("mapping")
    numbered = [(f'{{"n":{number}{"" if line == "{}" else ","}{line[1:]}',) for number, line in enumerate(lines)]
    frame = spark.createDataFrame(numbered, "_line string").coalesce(1)
    return parse_lines(frame, contract, Frame(), field_sample=1).collect()


def values_of(spark: SparkSession, statement: Mapping[str, Any], lines: Iterable[str]) -> list[Any]:
    """The value of the column under test in each line, or MISFIT where the line is malformed."""
    rows = rows_of(spark, mapped({"name": "value", **statement}), lines)
    return [MISFIT if row["_malformed"] else row["value"] for row in rows]


def found_in(spark: SparkSession, cases: Iterable[tuple[Statement, str]]) -> list[Any]:
    """What a column of each statement makes of a JSON value: one run for all, with a column for each statement."""
    cases = list(cases)
    columns: dict[str, Statement] = {}
    for statement, _ in cases:
        columns.setdefault(json.dumps(statement), {"name": f"value_{len(columns)}", **statement})
    names = [columns[json.dumps(statement)]["name"] for statement, _ in cases]
    lines = [f'{{"{name}":{text}}}' for name, (_, text) in zip(names, cases, strict=True)]
    rows = rows_of(spark, mapped(*columns.values()), lines)
    return [MISFIT if row["_malformed"] else row[name] for name, row in zip(names, rows, strict=True)]


def custom(**values: Any) -> list[Statement]:
    return [{"property": name, "value": value} for name, value in values.items()]


def from_(*paths: str) -> Statement:
    return {"transformSourceObjects": list(paths)}


def at(*parts: int) -> datetime:
    """A time as Spark hands it out: naive, in UTC, which is the session's zone and the tests' machine's."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


STRING, INTEGER = {"logicalType": "string"}, {"logicalType": "integer"}
BOOLEAN, DOUBLE = {"logicalType": "boolean"}, {"logicalType": "number"}
DATE, TIMESTAMP = {"logicalType": "date"}, {"logicalType": "timestamp"}


def with_options(base: Statement, **options: Any) -> Statement:
    return {**base, "logicalTypeOptions": options}


class TestPaths:
    def test_any_field_name_can_be_read(self, spark: SparkSession) -> None:
        names = ["detail-type", "@timestamp", "_id", "$schema", "a b", "\u00e9", "`", "Value", "value", "1st", "_line",
                 "_malformed", "_object", "a\\b", 'q"q', "-", "a.b", "[0]", "it's", "/", "_refused",
                 "\u4e2d", "_one_object"]  # fmt: skip
        plain = [name for name in names if not set(name) & set(".[]'\"`\\/")]
        paths = [name if name in plain else "['" + re.sub(r"(['\\\\])", r"\\\1", name) + "']" for name in names]
        columns = [{"name": f"c{n}", **STRING, **from_(path)} for n, path in enumerate(paths)]
        line = json.dumps({name: f"of {name}" for name in names})
        with_all, without = rows_of(spark, mapped(*columns), [line, "{}"])
        assert [with_all[f"c{n}"] for n in range(len(names))] == [f"of {name}" for name in names]
        assert json.loads(with_all["_unknown_fields"] or "[]") == ["n"] * 0
        assert not without["_malformed"]

    def test_a_path_leads_into_objects_and_arrays(self, spark: SparkSession) -> None:
        cases = [
            ("meta.id", '{"meta":{"id":"x","other":1}}', "x"),
            ("Item.pk.S", '{"Item":{"pk":{"S":"user#1"}}}', "user#1"),
            ("['a.b'].c", '{"a.b":{"c":"x"},"a":{"b":{"c":"no"}}}', "x"),
            ("items[0].sku", '{"items":[{"sku":"x"},{"sku":"y"}]}', "x"),
            ("items[1].sku", '{"items":[{"sku":"x"},{"sku":"y"}]}', "y"),
            ("items[2].sku", '{"items":[{"sku":"x"},{"sku":"y"}]}', None),
            ("pairs[1][0]", '{"pairs":[["a"],["b","c"]]}', "b"),
            ("meta.id", '{"meta":null}', None),
            ("meta.id", "{}", None),
            ("meta.id", '{"meta":{}}', None),
            ("meta.id", '{"meta":"text"}', MISFIT),
            ("meta.id", '{"meta":[{"id":"x"}]}', MISFIT),
            ("items[0].sku", '{"items":{"sku":"x"}}', MISFIT),
            ("meta.id", '{"meta":{"id":"a"},"meta":{"id":"b"}}', "b"),
        ]
        names = {path: f"c{n}" for n, path in enumerate(dict.fromkeys(path for path, _, _ in cases))}
        contract = mapped(*({"name": name, **STRING, **from_(path)} for path, name in names.items()))
        rows = rows_of(spark, contract, [line for _, line, _ in cases])
        found = [
            MISFIT if row["_malformed"] else row[names[path]] for row, (path, _, _) in zip(rows, cases, strict=True)
        ]
        assert found == [expected for _, _, expected in cases]

    def test_the_first_alternative_that_is_there_is_taken(self, spark: SparkSession) -> None:
        lines = [
            '{"userId":"new"}',
            '{"user_id":"old"}',
            '{"userId":null,"user_id":"old"}',
            '{"userId":"n","user_id":"o"}',
            "{}",
            '{"user":{"id":"deep"}}',
        ]
        found = values_of(spark, {**STRING, **from_("userId", "user_id", "user.id")}, lines)
        assert found == ["new", "old", "old", "n", None, "deep"]

    def test_fields_whose_names_differ_in_case_only_are_two(self, spark: SparkSession) -> None:
        contract = mapped(
            {"name": "a", **INTEGER, **from_("m.id")},
            {"name": "b", **INTEGER, **from_("m.ID")},
            {"name": "c", **INTEGER, **from_("Id")},
        )
        (row,) = rows_of(spark, contract, ['{"m":{"id":1,"ID":2},"Id":3,"id":4}'])
        assert (row["a"], row["b"], row["c"]) == (1, 2, 3)

    def test_names_that_no_column_reads_are_told_at_every_level_that_is_opened(self, spark: SparkSession) -> None:
        contract = mapped(
            {"name": "id", **STRING, **from_("meta.id")},
            {"name": "sku", **STRING, **from_("items[0].sku")},
            {"name": "box", "physicalType": "struct<a:int>"},
            {"name": "tags", "physicalType": "map<string,string>"},
        )
        line = (
            '{"meta":{"id":"x","stream":1},"items":[{"sku":"x"},{"sku":"y","qty":2}],"box":{"a":1,"b":2},'
            '"tags":{"k":"v"},"new":0}'
        )
        (row,) = rows_of(spark, contract, [line])
        assert not row["_malformed"]
        assert sorted(json.loads(row["_unknown_fields"])) == ["box.b", "items[].qty", "meta.stream", "new"]


KEYS = ["a", "http.method", "a=b", "it's", "[0]", "é/\u4e2d", "", "A", "a b", "\\\\"]


def entries_path(key: str) -> str:
    written = key if key.isalnum() else "'" + re.sub(r"(['\\\\])", r"\\\1", key) + "'"
    return f"list[key={written}].value.text"


class TestAFieldThatTwoColumnsRead:
    def test_is_read_by_each_as_if_it_was_alone_or_the_contract_is_refused(self, spark: SparkSession) -> None:
        statements: list[Statement] = [
            STRING, TIMESTAMP, DATE, INTEGER, BOOLEAN, {"logicalType": "array", "items": STRING},
            {"physicalType": "bigint"}, {**DATE, "logicalTypeOptions": {"format": "yyyyMMdd"}},
            {"physicalType": "int", "customProperties": custom(sentAs="string")},
            {"physicalType": "bigint", "customProperties": custom(sentAs="string")},
            {**BOOLEAN, "customProperties": custom(sentAs="string")},
            {**TIMESTAMP, "customProperties": custom(epochUnit="us")},
            {**TIMESTAMP, "customProperties": custom(epochUnit="s", sentAs="string")},
        ]  # fmt: skip
        texts = ('"2025-01-02"', '"20250102"', '"12"', "12", '"true"', "true", '["12"]', "null")
        pairs = [pair for pair in combinations(statements, 2) if is_accepted(*pair)]
        assert 15 < len(pairs) < 60
        columns: list[Statement] = []
        for number, pair in enumerate(pairs):
            field = from_(f"f{number}", f"list{number}[key=k].value")
            columns += [{"name": f"{side}{number}", **one, **field} for side, one in zip("ab", pair, strict=True)]
        cases = [(number, text) for number in range(len(pairs)) for text in texts]
        lines = [f'{{"f{number}":{text}}}' for number, text in cases]
        rows = rows_of(spark, mapped(*columns), lines)
        found = [
            MISFIT if row["_malformed"] else (row[f"a{number}"], row[f"b{number}"])
            for row, (number, _) in zip(rows, cases, strict=True)
        ]
        alone = [found_in(spark, [(pairs[number][side], text) for number, text in cases]) for side in (0, 1)]
        assert found == [MISFIT if MISFIT in values else values for values in zip(*alone, strict=True)]


def is_accepted(*statements: Statement) -> bool:
    try:
        mapped(*({"name": f"c{number}", **one, **from_("f")} for number, one in enumerate(statements)))
    except ContractError:
        return False
    return True


class TestEntriesOfLists:
    def test_the_first_of_a_key_is_read_whatever_stands_beside_it(self, spark: SparkSession) -> None:
        choice = Random(15)
        keys = [key for key in KEYS if key]
        contract = mapped(*({"name": f"c{n}", **STRING, **from_(entries_path(key))} for n, key in enumerate(keys)))
        values: list[Any] = [{"text": "x"}, {"text": "y", "n": 1}, {"n": 2}, {}, None]
        lists: list[Any] = [None, []]
        for _ in range(60):
            entries = [
                choice.choice([None, {}, {"key": None, "value": {"text": "no"}}, {"value": {"text": "no"}}])
                if choice.random() < 0.2
                else {"key": choice.choice(KEYS), "value": choice.choice(values), "more": choice.random()}
                for _ in range(choice.randrange(7))
            ]
            lists.append(entries)
        rows = rows_of(spark, contract, [json.dumps({"list": entries}) for entries in lists])
        assert not any(row["_malformed"] for row in rows)
        for row, entries in zip(rows, lists, strict=True):
            first: dict[str, str | None] = {}
            for entry in entries or ():
                if entry and entry.get("key") is not None:
                    first.setdefault(entry["key"], (entry["value"] or {}).get("text"))
            assert [row[f"c{n}"] for n in range(len(keys))] == [first.get(key) for key in keys]

    def test_are_as_strict_as_other_fields(self, spark: SparkSession) -> None:
        statement = {**INTEGER, **from_("list[key=a].value.n", "list[key=b].value.n")}
        cases: list[tuple[str, Any]] = [
            ('{"list":[{"key":"b","value":{"n":1}},{"key":"a","value":{"n":2}}]}', 2),
            ('{"list":[{"key":"b","value":{"n":1}},{"key":"a"}]}', 1),
            ('{"list":[{"key":"a","value":{"n":"2"}}]}', MISFIT),
            ('{"list":[{"key":"a","value":2}]}', MISFIT),
            ('{"list":{"key":"a","value":{"n":2}}}', MISFIT),
            ('{"list":["a"]}', MISFIT),
        ]
        assert values_of(spark, statement, [line for line, _ in cases]) == [expected for _, expected in cases]

    def test_hold_what_the_contract_says_of_the_column(self, spark: SparkSession) -> None:
        number = {**INTEGER, **from_("list[key=a].value.int_value"), "customProperties": custom(sentAs="string")}
        lines = [
            '{"list":[{"key":"b","value":{"int_value":"many"}},{"key":"a","value":{"int_value":"12"}}]}',
            '{"list":[{"key":"a","value":{"int_value":"many"}}]}',
        ]
        assert values_of(spark, number, lines) == [12, MISFIT]

    def test_are_known_fields(self, spark: SparkSession) -> None:
        contract = mapped({"name": "a", **STRING, **from_("list[key=a].value.text")})
        (row,) = rows_of(spark, contract, ['{"list":[{"key":"a","value":{"text":"x","n":1},"more":2}]}'])
        assert sorted(json.loads(row["_unknown_fields"])) == ["list[].more", "list[].value.n"]


class TestTimes:
    def test_epoch_numbers(self, spark: SparkSession) -> None:
        cases = [
            ("s", "1735689600", at(2025, 1, 1)),
            ("s", "1735689600.5", at(2025, 1, 1, 0, 0, 0, 500_000)),
            ("s", "1735689600.123456", at(2025, 1, 1, 0, 0, 0, 123_456)),
            ("s", "1.7356896E9", at(2025, 1, 1)),
            ("s", "-1", at(1969, 12, 31, 23, 59, 59)),
            ("s", "-62135337600", at(1, 1, 4)),
            ("s", "-62135596801", MISFIT),
            ("s", "253402041600", at(9999, 12, 29)),
            ("s", "253402300800", MISFIT),
            ("s", "1e300", MISFIT),
            ("s", "1e400", MISFIT),
            ("s", '"1735689600"', MISFIT),
            ("s", "true", MISFIT),
            ("s", "null", None),
            ("ms", "1735689600123", at(2025, 1, 1, 0, 0, 0, 123_000)),
            ("ms", "1735689600123.25", at(2025, 1, 1, 0, 0, 0, 123_250)),
            ("ms", "253402041600999", at(9999, 12, 29, 0, 0, 0, 999_000)),
            ("ms", "253402300800000", MISFIT),
            ("us", "1735689600123456", at(2025, 1, 1, 0, 0, 0, 123_456)),
            ("us", "1735689600123456.5", MISFIT),
            ("us", "9223372036854775807", MISFIT),
            ("us", "-62135337600000000", at(1, 1, 4)),
            ("us", "-62135596800000001", MISFIT),
            ("ns", "1735689600123456789", at(2025, 1, 1, 0, 0, 0, 123_456)),
            ("ns", "-1", at(1969, 12, 31, 23, 59, 59, 999_999)),
            ("ns", "9223372036854775807", at(2262, 4, 11, 23, 47, 16, 854_775)),
            ("ns", "9223372036854775808", MISFIT),
            ("ns", "-9223372036854775808", at(1677, 9, 21, 0, 12, 43, 145_224)),  # the NaT of pandas
            ("ns", "-9223372036854775616", at(1677, 9, 21, 0, 12, 43, 145_224)),
            ("s", "1735689600.123", at(2025, 1, 1, 0, 0, 0, 123_000)),
            ("s", "-0.0000015", at(1969, 12, 31, 23, 59, 59, 999_998)),
            ("s", "0.0000019", at(1970, 1, 1, 0, 0, 0, 1)),
            ("ms", "1735689600123.001", at(2025, 1, 1, 0, 0, 0, 123_001)),
            ("ms", "253402300799999", at(9999, 12, 31, 23, 59, 59, 999_000)),
        ]
        given = [({**TIMESTAMP, "customProperties": custom(epochUnit=unit)}, number) for unit, number, _ in cases]
        assert found_in(spark, given) == [expected for _, _, expected in cases]

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @pytest.mark.parametrize("sent_as", [None, "string"])
    def test_generated_epoch_numbers_are_exact_to_the_microsecond(
        self, spark: SparkSession, unit: str, sent_as: str | None
    ) -> None:
        random, scale = Random(f"{unit}{sent_as}"), {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
        moments = [
            datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=random.randrange(-(10**15), 4 * 10**15))
            for _ in range(200)
        ]
        micros = [round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) for moment in moments]
        numbers = [
            str(count * (scale // 10**6)) if scale >= 10**6 else str(Decimal(count) * scale / 10**6) for count in micros
        ]
        expected = [datetime(1970, 1, 1) + timedelta(microseconds=count) for count in micros]  # noqa: DTZ001
        properties = custom(epochUnit=unit, **({"sentAs": sent_as} if sent_as else {}))
        quote = '"' if sent_as else ""
        found = values_of(
            spark,
            {**TIMESTAMP, "customProperties": properties},
            [f'{{"value":{quote}{number}{quote}}}' for number in numbers],
        )
        assert found == expected

    def test_dates_of_a_pattern(self, spark: SparkSession) -> None:
        cases = [
            ("yyyyMMdd", '"20250131"', date(2025, 1, 31)),
            ("yyyyMMdd", "20250131", date(2025, 1, 31)),
            ("yyyyMMdd", '"2025131"', MISFIT),
            ("yyyyMMdd", '"20250230"', MISFIT),
            ("yyyyMMdd", '"2025-01-31"', MISFIT),
            ("yyyyMMdd", '" 20250131"', MISFIT),
            ("yyyyMMdd", '"20250131 "', MISFIT),
            ("yyyyMMdd", '""', MISFIT),
            ("dd.MM.yyyy", '"31.01.2025"', date(2025, 1, 31)),
            ("d/M/yy", '"1/2/25"', date(2025, 2, 1)),
            ("MMM d, yyyy", '"Jan 5, 2025"', date(2025, 1, 5)),
            ("uuuu/MM/dd", '"2025/01/31"', date(2025, 1, 31)),
            ("yyyyDDD", '"2025032"', date(2025, 2, 1)),
        ]
        found = found_in(spark, [(with_options(DATE, format=pattern), text) for pattern, text, _ in cases])
        assert found == [expected for _, _, expected in cases]

    def test_times_of_a_pattern_and_a_zone(self, spark: SparkSession) -> None:
        cases: list[tuple[Statement, str, object]] = [
            ({"format": "dd/MMM/yyyy:HH:mm:ss Z"}, "10/Oct/2000:13:55:36 -0700", at(2000, 10, 10, 20, 55, 36)),
            ({"format": "EEE, dd MMM yyyy HH:mm:ss 'GMT'"}, "Tue, 15 Nov 1994 12:45:26 GMT",
             at(1994, 11, 15, 12, 45, 26)),
            ({"format": "EEE MMM dd HH:mm:ss Z yyyy"}, "Wed Aug 27 13:08:45 +0000 2008", at(2008, 8, 27, 13, 8, 45)),
            ({"format": "yyyyMMddHHmmss"}, "20250131101530", at(2025, 1, 31, 10, 15, 30)),
            ({"format": "MM/dd/yyyy hh:mm:ss a"}, "01/31/2025 12:15:30 AM", at(2025, 1, 31, 0, 15, 30)),
            ({"format": "yyyy-MM-dd HH:mm:ss,SSS"}, "2025-01-31 10:15:30,123", at(2025, 1, 31, 10, 15, 30, 123_000)),
            ({"format": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSX"}, "2025-01-31T10:15:30.123456789Z",
             at(2025, 1, 31, 10, 15, 30, 123_456)),
            ({"format": "yyyyMMdd HHmm", "defaultTimezone": "Europe/Berlin"}, "20250701 1200", at(2025, 7, 1, 10, 0)),
            ({"format": "yyyyMMdd HHmm", "defaultTimezone": "+05:30"}, "20250701 1200", at(2025, 7, 1, 6, 30)),
            ({"defaultTimezone": "America/New_York"}, "2025-01-01T00:00:00", at(2025, 1, 1, 5)),
            ({"defaultTimezone": "America/New_York"}, "2025-01-01T00:00:00Z", at(2025, 1, 1)),
            ({"defaultTimezone": "America/New_York"}, "2025-01-01 00:00+01", at(2024, 12, 31, 23)),
            ({"defaultTimezone": "America/New_York"}, "2025-01-01", at(2025, 1, 1, 5)),
            ({"format": "yyyyMMddHHmmss"}, "20250131251530", MISFIT),
            ({"format": "dd/MMM/yyyy:HH:mm:ss Z"}, "10/Okt/2000:13:55:36 -0700", MISFIT),
            ({"format": "EEE, dd MMM yyyy HH:mm:ss 'GMT'"}, "15 Nov 1994 12:45:26 GMT", MISFIT),
        ]  # fmt: skip
        given = [(with_options(TIMESTAMP, **options), json.dumps(text)) for options, text, _ in cases]
        assert found_in(spark, given) == [expected for _, _, expected in cases]

    def test_generated_local_times_are_those_of_their_zone(self, spark: SparkSession) -> None:
        random = Random(15)
        zones = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
        local = [(zone, at(2000, 1, 1) + timedelta(seconds=random.randrange(10**9))) for zone in zones * 60]
        local = [(zone, moment) for zone, moment in local if _is_plain(moment, zone)]
        given = [(with_options(TIMESTAMP, defaultTimezone=zone), f'"{moment.isoformat()}"') for zone, moment in local]
        expected = [
            moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None) for zone, moment in local
        ]
        assert found_in(spark, given) == expected

    def test_times_inside_other_types_are_read_and_checked(self, spark: SparkSession) -> None:
        statement = {"physicalType": "struct<at:timestamp,days:array<date>,seen:map<string,timestamp>>"}
        lines = [
            '{"value":{"at":"2025-01-01T10:15Z","days":["2025-01-31",null],"seen":{"a":"2025-01-01 00:00:00"}}}',
            '{"value":{"at":null,"days":[],"seen":null}}',
            '{"value":null}',
            '{"value":{"at":"yesterday"}}',
            '{"value":{"days":["2025-02-30"]}}',
            '{"value":{"seen":{"a":"2025"}}}',
        ]
        first, second, third, *rest = values_of(spark, statement, lines)
        assert first == (at(2025, 1, 1, 10, 15), [date(2025, 1, 31), None], {"a": at(2025, 1, 1)})
        assert second == (None, [], None)
        assert third is None
        assert rest == [MISFIT] * 3

    def test_the_form_of_times_holds_inside_other_types(self, spark: SparkSession) -> None:
        epochs = {"physicalType": "array<timestamp>", "customProperties": custom(epochUnit="ms")}
        assert values_of(spark, epochs, ['{"value":[0,1735689600000]}', '{"value":["0"]}']) == [
            [at(1970, 1, 1), at(2025, 1, 1)],
            MISFIT,
        ]
        dates = {"physicalType": "map<string,date>", "logicalTypeOptions": {"format": "yyyyMMdd"}}
        assert values_of(spark, dates, ['{"value":{"a":"20250131"}}', '{"value":{"a":"2025-01-31"}}']) == [
            {"a": date(2025, 1, 31)},
            MISFIT,
        ]


def _is_plain(moment: datetime, zone: str) -> bool:
    """Whether a local time is there once: it is the same whichever of two offsets is meant."""
    offsets = {moment.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1)}
    return len(offsets) == 1


class TestSentAsString:
    def test_a_number_or_boolean_may_be_a_string_where_the_contract_says_so(self, spark: SparkSession) -> None:
        cases: list[tuple[Statement, str, object]] = [
            (INTEGER, '"12"', 12), (INTEGER, "12", 12), (INTEGER, '"-9223372036854775808"', -(2**63)),
            (INTEGER, '"9223372036854775808"', MISFIT), (INTEGER, '"007"', 7), (INTEGER, '"+7"', MISFIT),
            (INTEGER, '" 7"', MISFIT), (INTEGER, '""', MISFIT), (INTEGER, '"1.0"', MISFIT), (INTEGER, '"1e2"', MISFIT),
            (INTEGER, "1.5", MISFIT), (INTEGER, "true", MISFIT), (INTEGER, "[1]", MISFIT),
            (INTEGER, '"\u0661"', MISFIT),
            (INTEGER, "null", None), (INTEGER, '"12L"', MISFIT), (INTEGER, '"12\\n"', MISFIT),
            ({"physicalType": "tinyint"}, '"127"', 127), ({"physicalType": "tinyint"}, '"128"', MISFIT),
            ({"physicalType": "int"}, '"2147483648"', MISFIT),
            (BOOLEAN, '"true"', True), (BOOLEAN, "false", False), (BOOLEAN, '"False"', False),
            (BOOLEAN, '"yes"', MISFIT),
            (BOOLEAN, '"1"', MISFIT), (BOOLEAN, "1", MISFIT), (BOOLEAN, '"t"', MISFIT), (BOOLEAN, '"tRue"', MISFIT),
            (DOUBLE, '"1.5"', 1.5), (DOUBLE, "1.5", 1.5), (DOUBLE, '"1e3"', 1000.0), (DOUBLE, '"NaN"', MISFIT),
            (DOUBLE, '"1e999"', MISFIT), (DOUBLE, '"1d"', MISFIT), (DOUBLE, '"Infinity"', MISFIT),
            (DOUBLE, "1e400", MISFIT),
            ({"physicalType": "array<int>"}, '["1",2]', [1, 2]), ({"physicalType": "array<int>"}, '["x"]', MISFIT),
            ({"physicalType": "struct<n:int,s:string>"}, '{"n":"1","s":"2"}', (1, "2")),
        ]  # fmt: skip
        stated = [({**base, "customProperties": custom(sentAs="string")}, text) for base, text, _ in cases]
        assert found_in(spark, stated) == [expected for _, _, expected in cases]
        strings = [(base, text) for base, text, _ in cases if text.startswith('"')]
        assert set(found_in(spark, strings)) == {MISFIT}


class TestDerivedColumns:
    def test_are_made_of_other_columns_and_are_misfits_where_that_gives_nothing(self, spark: SparkSession) -> None:
        contract = mapped(
            {"name": "email", **STRING, "customProperties": custom(inputOnly=True)},
            {"name": "hash", **STRING, "transformLogic": "sha2(lower(trim(email)), 256)"},
            {"name": "price", "physicalType": "decimal(12,2)"},
            {"name": "quantity", **INTEGER},
            {
                "name": "revenue",
                "physicalType": "decimal(14,2)",
                "transformLogic": "CAST(price * quantity AS decimal(14,2))",
            },
            {
                "name": "unit",
                "physicalType": "decimal(20,6)",
                "transformLogic": "CAST(revenue / quantity AS decimal(20,6))",
                "customProperties": custom(nullResult="allowed"),
            },
            {"name": "at", **TIMESTAMP},
            {"name": "day", **DATE, "transformLogic": "to_date(at)"},
            {"name": "whole", **INTEGER, "transformLogic": "CAST(text AS int)"},
            {"name": "text", **STRING},
        )
        lines = [
            '{"email":" A@B.c ","price":1.10,"quantity":3,"at":"2025-01-01T23:00:00-02:00","text":"7"}',
            "{}",
            '{"price":"9999999999.99","quantity":99999}',
            '{"text":"seven"}',
            '{"price":1.10,"quantity":0}',
        ]
        first, empty, too_large, no_number, by_zero = rows_of(spark, contract, lines)
        assert first["hash"] == hashlib.sha256(b"a@b.c").hexdigest()
        assert (str(first["revenue"]), str(first["unit"]), first["day"], first["whole"]) == (
            "3.30", "1.100000", date(2025, 1, 2), 7,
        )  # fmt: skip
        assert not empty["_malformed"]
        assert empty["hash"] is empty["revenue"] is empty["whole"] is None
        assert too_large["_malformed"]
        assert no_number["_malformed"]
        assert (by_zero["_malformed"], str(by_zero["revenue"]), by_zero["unit"]) == (False, "0.00", None)

    def test_results_that_their_column_cannot_hold_are_misfits(self, spark: SparkSession) -> None:
        contract = mapped(
            {"name": "x", "physicalType": "bigint"},
            {"name": "y", "physicalType": "int", "transformLogic": "x + 0"},
            {"name": "day", **DATE},
            {"name": "later", **DATE, "transformLogic": "date_add(day, 400)"},
        )
        lines = ['{"x":3000000000}', '{"x":-7}', '{"day":"9999-01-01"}', '{"day":"2025-01-01"}']
        rows = rows_of(spark, contract, lines)
        assert [row["_malformed"] for row in rows] == [True, False, True, False]

    def test_texts_are_cast_to_decimals_as_decimals_are_read(self, spark: SparkSession) -> None:
        amount = {"name": "amount", "physicalType": "decimal(12,2)", "transformLogic": "CAST(text AS decimal(12,2))"}
        contract = mapped({"name": "text", **STRING}, amount)
        texts = ["1.5", "1e-100000", "\u0661", " 2 "]
        rows = rows_of(spark, contract, [json.dumps({"text": text}) for text in texts])
        assert [row["_malformed"] for row in rows] == [False, True, True, False]

    def test_numbers_that_no_column_can_hold_are_misfits(self, spark: SparkSession) -> None:
        contract = mapped({"name": "x", **DOUBLE}, {"name": "y", **DOUBLE, "transformLogic": "x * x"})
        rows = rows_of(spark, contract, ['{"x":1e200}', '{"x":1}'])
        assert [row["_malformed"] for row in rows] == [True, False]
