"""Every way in which a contract can be wrong is refused with a message that names it; nothing is quietly ignored."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from data_contract import ContractError, parse_contract

TABLE_RULE = "schema[0].quality[0]"
COLUMN = "schema[0].properties[1]"
COLUMN_RULE = f"{COLUMN}.quality[0]"
OPTIONS = f"{COLUMN}.logicalTypeOptions"
OPERATORS = (
    "mustBe, mustNotBe, mustBeGreaterThan, mustBeGreaterOrEqualTo, mustBeLessThan, mustBeLessOrEqualTo, "
    "mustBeBetween, mustNotBeBetween"
)
METRICS = "rowCount, nullValues, missingValues, invalidValues, duplicateValues"


def document(**changes: Any) -> dict[str, Any]:
    """Make a small contract with the columns id (the key), value, at and tags."""
    base: dict[str, Any] = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "orders",
        "version": "1.0.0",
        "customProperties": [{"property": "sourceSystem", "value": "shop"}],
        "schema": [
            {
                "name": "orders",
                "properties": [
                    {"name": "id", "logicalType": "string", "primaryKey": True},
                    {"name": "value", "logicalType": "string"},
                    {"name": "at", "logicalType": "timestamp"},
                    {"name": "tags", "physicalType": "map<string,string>"},
                ],
            }
        ],
    }
    return {**base, **changes}


def with_schema(**changes: Any) -> dict[str, Any]:
    changed = document()
    changed["schema"][0].update(changes)
    return changed


def with_column(**changes: Any) -> dict[str, Any]:
    """Change the column `value`; a key set to None is absent."""
    changed = document()
    changed["schema"][0]["properties"][1].update(changes)
    return changed


def with_rule(column_type: str = "string", **rule: Any) -> dict[str, Any]:
    return with_column(logicalType=None, physicalType=column_type, quality=[rule])


def with_table_rule(**rule: Any) -> dict[str, Any]:
    return with_schema(quality=[rule])


def with_custom(**values: Any) -> dict[str, Any]:
    entries = [{"property": name, "value": value} for name, value in {"sourceSystem": "shop", **values}.items()]
    return document(customProperties=entries)


def with_options(column_type: str, **options: Any) -> dict[str, Any]:
    return with_column(logicalType=column_type, logicalTypeOptions=options)


def nested(**field: Any) -> dict[str, Any]:
    return with_column(logicalType="object", properties=[{"name": "inner", **field}])


def listing(values: list[Any], *, column_type: str = "string") -> dict[str, Any]:
    return with_rule(column_type, metric="invalidValues", mustBe=0, arguments={"validValues": values})


def matching(pattern: str) -> dict[str, Any]:
    return with_options("string", pattern=pattern)


ROOT_ERRORS: list[tuple[Mapping[str, Any], str]] = [
    (document(kind="Contract"), "kind: 'Contract' is not known; allowed: DataContract; did you mean 'DataContract'?"),
    (document(kind=None), "kind: is required"),
    (
        document(apiVersion="v2.2.2"),
        "apiVersion: 'v2.2.2' is not known; allowed: v3.0.0, v3.0.1, v3.0.2, v3.1.0, v3.2.0",
    ),
    (document(version=1.0), "version: must be a text that is not blank, got 1.0; put it in quotes"),
    (document(id=" "), "id: must be a text that is not blank, got ' '"),
    (document(shema=[]), "shema: this key is not known here; allowed: "),
    (document(shema=[]), "did you mean 'schema'?"),
    (document(description="text"), "description: must be a mapping of keys to values, got 'text'"),
    (document(description={"porpose": "x"}), "description.porpose: this key is not known here; "),
    (document(schema=[]), "schema: must hold exactly one dataset, got 0; write one file per dataset"),
    (document(schema=document()["schema"] * 2), "schema: must hold exactly one dataset, got 2"),
    (document(schema=["orders"]), "schema[0]: must be a mapping of keys to values, got 'orders'"),
    (document(schema={"name": "orders"}), "schema: must be a list, got {'name': 'orders'}"),
    (document(tags={1: "x"}), "tags: the key 1 is not a text; put it in quotes"),
    (document(price={"priceAmount": float("nan")}), "price.priceAmount: nan is not a finite number"),
    (document(price={"priceAmount": 10**38}), "price.priceAmount: is an integer of more than 38 digits"),
    (document(tags=[object()]), "tags[0]: a value of type object has no place in JSON"),
    (document(name="\ud800"), "name: holds a lone surrogate"),
    (with_schema(name="Orders"), "schema[0].name: 'Orders' must be 1 to 64 lower-case letters"),
    (with_schema(name="a/b"), "schema[0].name: 'a/b' must be"),
    (with_schema(name="a\n"), "schema[0].name: 'a\\n' must be"),
    (with_schema(name=None), "schema[0].name: is required"),
    (with_schema(name="web-log"), "schema[0].physicalName: 'curated_web-log' must be a lower-case letter"),
    (with_schema(physicalName="9lives"), "schema[0].physicalName: '9lives' must be a lower-case letter"),
    (with_schema(proprties=[]), "schema[0].proprties: this key is not known here; "),
    (with_schema(logicalType="array"), "schema[0].logicalType: 'array' is not known; allowed: object"),
    (with_schema(properties=[]), "schema[0].properties: is required: at least one column"),
    (with_custom(sourceSystem="App"), "customProperties.sourceSystem: 'App' must be 1 to 64 lower-case letters"),
    (with_custom(sourceSystem=".."), "customProperties.sourceSystem: '..' must be"),
    (document(customProperties=None), "customProperties.sourceSystem: is required: the raw data lies under raw/"),
    (with_custom(eventTim="at"), "customProperties.eventTim: this key is not known here; allowed: eventTime, "),
    (with_custom(eventTime="when"), "customProperties.eventTime: 'when' is not known; allowed: id, value, at, tags"),
    (with_custom(eventTime="value"), "customProperties.eventTime: 'value' is of type string and must be a timestamp"),
    (with_custom(maxMalformedPercent=101), "customProperties.maxMalformedPercent: 101 must lie in 0 to 100"),
    (with_custom(maxMalformedPercent="1"), "customProperties.maxMalformedPercent: must be a number, got '1'; write it"),
    (with_custom(maxMalformedPercent=True), "customProperties.maxMalformedPercent: must be a number, got True"),
    (
        document(customProperties=[{"property": "sourceSystem", "value": "a"}] * 2),
        "customProperties[1].property: 'sourceSystem' is stated twice",
    ),
    (document(customProperties=[{"property": "eventTime"}]), "customProperties[0].value: is required"),
    (
        document(slaProperties=[{"property": "latency", "value": 1}]),
        "slaProperties[0].unit: is required; allowed: d, day",
    ),
    (
        document(slaProperties=[{"property": "latency", "value": 1, "unit": "y"}]),
        "slaProperties[0].unit: 'y' is not known; allowed: d, day, days, h, hr, hrs, hour, hours, m, min, mins",
    ),
    (
        document(slaProperties=[{"property": "ly", "value": 0, "unit": "h"}]),
        "slaProperties[0].value: 0 must be greater",
    ),
    (document(slaProperties=[{"property": "ly", "unit": "h"}]), "slaProperties[0].value: is required"),
    (document(slaProperties=[{"property": "latnecy", "value": 1}]), "did you mean 'latency'?"),
    (document(slaProperties=[{"property": "ly", "valeu": 1}]), "slaProperties[0].valeu: this key is not known here; "),
    (
        document(slaProperties=[{"property": name, "value": 1, "unit": "h"} for name in ("latency", "freshness")]),
        "slaProperties: state freshness 2 times",
    ),
]

COLUMN_ERRORS: list[tuple[Mapping[str, Any], str]] = [
    (with_column(name="run_id"), f"{COLUMN}.name: 'run_id' is taken by the pipeline's own partitioning"),
    (
        with_column(name="Ingestion_Date"),
        f"{COLUMN}.name: 'Ingestion_Date' is taken by the pipeline's own partitioning",
    ),
    (with_column(name="_corrupt"), f"{COLUMN}.name: '_corrupt' starts with '_'"),
    (with_column(name="a b"), f"{COLUMN}.name: 'a b' must be a letter, then"),
    (with_column(name="é"), f"{COLUMN}.name: 'é' must be a letter, then"),
    (
        with_column(name="ID"),
        f"{COLUMN}.name: 'ID' is already the name of schema[0].properties[0]; Athena ignores case",
    ),
    (with_column(name=None), f"{COLUMN}.name: is required"),
    (with_column(requird=True), f"{COLUMN}.requird: this key is not known here; allowed: "),
    (with_column(requird=True), "did you mean 'required'?"),
    (with_column(required="yes"), f"{COLUMN}.required: must be true or false, got 'yes'"),
    (with_column(physicalName="v"), f"{COLUMN}.physicalName: 'v' differs from the name 'value'"),
    (with_column(partitioned=True), f"{COLUMN}.partitioned: tables are partitioned by ingestion_date only"),
    (
        with_column(semanticType="measure"),
        f"{COLUMN}.semanticType: 'measure' is not stored; allowed: column, dimension",
    ),
    (with_column(primaryKeyPosition=1), f"{COLUMN}.primaryKeyPosition: needs primaryKey: true beside it"),
    (with_column(primaryKey=True, primaryKeyPosition=2), "schema[0].properties: need a primaryKeyPosition of its own"),
    (with_column(primaryKey=True, primaryKeyPosition="1"), f"{COLUMN}.primaryKeyPosition: must be a whole number of"),
    (
        with_schema(properties=[{"name": "a", "logicalType": "string"}]),
        "schema[0].properties: need a primary key: set primaryKey: true on the column that identifies a row",
    ),
    (
        with_column(logicalType=None, physicalType="map<string,string>", primaryKey=True),
        f"{COLUMN}.primaryKey: a column of type map<string,string> cannot be a key",
    ),
    (
        with_column(physicalType="map<string,string>", logicalType=None, unique=True),
        f"{COLUMN}.unique: duplicates of a",
    ),
    (with_column(enum=[]), f"{COLUMN}.enum: must list at least one value"),
    (with_column(enum=[{"value": 1}]), f"{COLUMN}.enum[0].value: 1 is not a string; put it in quotes"),
    (with_column(enum=[{"vlaue": "a"}]), f"{COLUMN}.enum[0].vlaue: this key is not known here; "),
]

TYPE_ERRORS: list[tuple[Mapping[str, Any], str]] = [
    (
        with_column(logicalType=None),
        f"{COLUMN}.logicalType: is required where there is no physicalType; allowed: string,",
    ),
    (
        with_column(logicalType="strng"),
        f"{COLUMN}.logicalType: 'strng' is not known; allowed: string, integer, number,",
    ),
    (with_column(logicalType="time"), f"{COLUMN}.logicalType: 'time' has no column type here; declare a string"),
    (with_column(logicalType="vector"), f"{COLUMN}.logicalType: 'vector' has no column type here"),
    (
        with_column(physicalType="strnig"),
        f"{COLUMN}.physicalType: 'strnig' is not a known type; allowed: string, boolean,",
    ),
    (with_column(physicalType="binary"), f"{COLUMN}.physicalType: 'binary' is not a known type"),
    (
        with_column(physicalType="int"),
        f"{COLUMN}.physicalType: int does not agree with logicalType string, which allows",
    ),
    (
        with_column(logicalType="integer", physicalType="decimal(5,2)"),
        f"{COLUMN}.physicalType: decimal(5,2) does not agree with logicalType integer",
    ),
    (
        with_column(physicalType="decimal"),
        f"{COLUMN}.physicalType: 'decimal' needs its precision and scale, for example",
    ),
    (with_column(physicalType="decimal(39,2)"), f"{COLUMN}.physicalType: 'decimal(39,2)' needs a precision of 1 to 38"),
    (
        with_column(physicalType="decimal(3,4)"),
        f"{COLUMN}.physicalType: 'decimal(3,4)' needs a precision of 1 to 38 and",
    ),
    (with_column(physicalType="int(11)"), f"{COLUMN}.physicalType: 'int(11)' has parameters that int does not take"),
    (with_column(physicalType="timestamp(9)"), "timestamps keep 0 to 6 digits (microseconds)"),
    (with_column(physicalType="array<int,int>"), f"{COLUMN}.physicalType: 'array<int,int>' needs exactly one type"),
    (with_column(physicalType="map<string>"), f"{COLUMN}.physicalType: 'map<string>' needs exactly two types"),
    (with_column(physicalType="map<int,string>"), f"{COLUMN}.physicalType: it has map keys of type int; JSON has only"),
    (
        with_column(physicalType="struct<a>"),
        f"{COLUMN}.physicalType: 'struct<a>' has a field 'a' that is not of the form",
    ),
    (with_column(physicalType="struct<a:int,A:int>"), f"{COLUMN}.physicalType: it has field 'a' twice"),
    (with_column(physicalType="array<int"), f"{COLUMN}.physicalType: 'array<int' is not a known type"),
    (
        with_column(logicalType=None, physicalType="array<timestamp>"),
        "inside, which would not be parsed and checked as a column is; declare it as a string there and convert it in",
    ),
    (nested(logicalType="date"), f"{COLUMN}.logicalType: struct<inner:date> has a date or timestamp inside"),
    (
        nested(logicalType="string", required=True),
        f"{COLUMN}.properties[0].required: is checked on top-level columns only",
    ),
    (
        nested(logicalType="string", quality=[{}]),
        f"{COLUMN}.properties[0].quality: is checked on top-level columns only",
    ),
    (
        nested(logicalType="string", logicalTypeOptions={"pattern": "a"}),
        f"{COLUMN}.properties[0].logicalTypeOptions.pattern: is checked on top-level columns only",
    ),
    (nested(logicalType="string", name="a b"), f"{COLUMN}.properties[0].name: 'a b' must be a letter or '_'"),
    (nested(logicalType="string", foo=1), f"{COLUMN}.properties[0].foo: this key is not known here"),
    (
        with_column(properties=[{"name": "a"}]),
        f"{COLUMN}.properties: belongs to logicalType object, and this is string",
    ),
    (with_column(logicalType="array"), f"{COLUMN}.items: is required for an array without a physicalType"),
    (with_column(logicalType="map"), f"{COLUMN}.map: is required for a map without a physicalType"),
    (with_column(logicalType="map", map={"key": {"logicalType": "string"}}), f"{COLUMN}.map.value: is required"),
    (
        with_column(logicalType="array", items={"logicalType": "integer"}, physicalType="array<int>"),
        f"{COLUMN}.physicalType: array<int> does not agree with what is declared inside, which says array<bigint>",
    ),
    (
        with_column(logicalType="integer", physicalType="bigint", logicalTypeOptions={"format": "i32"}),
        f"{COLUMN}.physicalType: bigint does not agree with the format, which says int",
    ),
]

OPTION_ERRORS: list[tuple[Mapping[str, Any], str]] = [
    (
        with_options("integer", multipleOf=5),
        f"{OPTIONS}.multipleOf: would not be enforced on a bigint column, so it is",
    ),
    (
        with_options("string", minimum=1),
        f"{OPTIONS}.minimum: would not be enforced on a string column, so it is refused; ",
    ),
    (with_options("string", format="email"), "enforced there: minLength, maxLength, pattern; describe it with pattern"),
    (with_options("date", minimum="2020-01-01"), f"{OPTIONS}.minimum: would not be enforced on a date column"),
    (with_options("string", maxLenght=5), f"{OPTIONS}.maxLenght: 'maxLenght' is not known; allowed: "),
    (with_options("string", maxLenght=5), "did you mean 'maxLength'?"),
    (with_options("string", minLength=-1), f"{OPTIONS}.minLength: must be a whole number of at least 0, got -1"),
    (with_options("string", minLength=3, maxLength=2), f"{OPTIONS}.minLength: 3 is greater than maxLength 2"),
    (with_options("integer", minimum="1"), f"{OPTIONS}.minimum: must be a number, got '1'; write it without quotes"),
    (with_options("number", minimum=2, maximum=1), f"{OPTIONS}.minimum: 2 is greater than maximum 1"),
    (with_options("integer", format="u8"), f"{OPTIONS}.format: 'u8' is not known; allowed: i8, i16, i32, i64"),
    (with_options("date", format="dd.MM.yyyy"), f"{OPTIONS}.format: 'dd.MM.yyyy' is not ISO 8601"),
    (with_options("timestamp", timezone="CET"), f"{OPTIONS}.timezone: must be true, false or UTC, got 'CET'"),
    (with_options("timestamp", defaultTimezone="CET"), f"{OPTIONS}.defaultTimezone: 'CET' is not honoured"),
    (with_options("boolean", pattern="a"), f"{OPTIONS}.pattern: would not be enforced on a boolean column"),
    (matching("("), f"{OPTIONS}.pattern: '(' is not a regular expression: "),
    (matching("(?i)a"), "has a group that only some engines know"),
    (matching("(?P<n>a)"), "has a group that only some engines know"),
    (matching(r"\bfoo"), r"uses '\\b', which is not read alike everywhere"),
    (matching(r"a\Z"), r"uses '\\Z', which is not read alike everywhere"),
    (matching(r"\p{L}"), r"uses '\\p', which is not read alike everywhere"),
    (matching(r"[\1]"), r"uses '\\1', which is not read alike everywhere"),
    (matching("a++"), "uses the possessive quantifier '++'"),
    (matching("a{,3}"), "has a '{' that begins no {n}, {n,} or {n,m}"),
    (matching("[]a]"), "has a bracket expression that begins with ']'"),
    (matching("[a&&b]"), "inside brackets, which some engines read as a set operation"),
    (matching("[[a]]"), "inside brackets, which some engines read as a set operation"),
    (matching(" "), f"{OPTIONS}.pattern: must be a text that is not blank"),
]

RULE_ERRORS: list[tuple[Mapping[str, Any], str]] = [
    (
        with_rule(metric="nullValue", mustBe=0),
        f"{COLUMN_RULE}.metric: 'nullValue' is not known; allowed: {METRICS}; did you mean 'nullValues'?",
    ),
    (with_rule(metric="duplicateCount", mustBe=0), "did you mean 'duplicateValues'?"),
    (with_rule(mustBe=0), f"{COLUMN_RULE}.metric: is required; allowed: {METRICS}"),
    (with_rule(metric="nullValues"), f"{COLUMN_RULE}: needs exactly one operator of {OPERATORS}; found none"),
    (with_rule(metric="nullValues", mustBee=0), f"{COLUMN_RULE}.mustBee: this key is not known here; allowed: "),
    (with_rule(metric="nullValues", mustBee=0), "found none; did you mean 'mustBe'?"),
    (
        with_rule(metric="nullValues", mustBe=0, mustBeLessThan=1),
        f"{COLUMN_RULE}: needs exactly one operator of {OPERATORS}; found mustBe, mustBeLessThan",
    ),
    (with_rule(metric="nullValues", mustBe="0"), f"{COLUMN_RULE}.mustBe: must be a number, got '0'; write it without"),
    (with_rule(metric="nullValues", mustBe=True), f"{COLUMN_RULE}.mustBe: must be a number, got True"),
    (with_rule(metric="nullValues", mustBe=None), f"{COLUMN_RULE}.mustBe: must be a number, got nothing"),
    (with_rule(metric="nullValues", mustBe=-1), f"{COLUMN_RULE}.mustBe: -1 must not be negative"),
    (with_rule(metric="nullValues", mustBe=101, unit="percent"), f"{COLUMN_RULE}.mustBe: 101 must lie in 0 to 100"),
    (
        with_rule(metric="nullValues", mustBeBetween=[2, 1]),
        f"{COLUMN_RULE}.mustBeBetween: must be two numbers, the smaller",
    ),
    (with_rule(metric="nullValues", mustBeBetween=5), f"{COLUMN_RULE}.mustBeBetween: must be two numbers"),
    (with_rule(metric="nullValues", mustNotBeBetween=[1, 1]), f"{COLUMN_RULE}.mustNotBeBetween: must be two numbers"),
    (
        with_rule(metric="nullValues", mustBe=0, unit="%"),
        f"{COLUMN_RULE}.unit: '%' is not known; allowed: rows, percent",
    ),
    (
        with_rule(metric="nullValues", mustBe=0, severity="critical"),
        f"{COLUMN_RULE}.severity: 'critical' is not known; allowed: error, warning",
    ),
    (with_rule(metric="nullValues", mustBe=0, severity=["error"]), f"{COLUMN_RULE}.severity: ['error'] is not known"),
    (with_rule(metric="nullValues", mustBe=0, dimension="speed"), f"{COLUMN_RULE}.dimension: 'speed' is not known"),
    (with_rule(metric="nullValues", mustBe=0, sevrity="x"), "did you mean 'severity'?"),
    (with_rule(metric="nullValues", mustBe=0, id="a b"), f"{COLUMN_RULE}.id: 'a b' must be 1 to 128 letters, digits"),
    (
        with_rule(metric="nullValues", mustBe=0, arguments={"a": 1}),
        f"{COLUMN_RULE}.arguments: nullValues of a column takes",
    ),
    (with_rule(rule="nullCheck", mustBe=0), f"{COLUMN_RULE}.rule: is the name before ODCS 3.1; write metric"),
    (
        with_rule(type="sql", query="SELECT 1", mustBe=0),
        f"{COLUMN_RULE}.type: 'sql' would not be enforced; state it with",
    ),
    (with_rule(type="custom", engine="soda"), f"{COLUMN_RULE}.type: 'custom' would not be enforced; state it with"),
    (with_rule(type="lib"), f"{COLUMN_RULE}.type: 'lib' is not known; allowed: library, text, sql, custom"),
    (with_rule(type="text"), f"{COLUMN_RULE}.description: is required"),
    (with_rule(type="text", description="d", mustBe=0), f"{COLUMN_RULE}.mustBe: type: text only documents"),
    (
        with_rule(metric="rowCount", mustBe=0),
        f"{COLUMN_RULE}.metric: rowCount belongs to the table; allowed for a column:",
    ),
    (
        with_table_rule(metric="nullValues", mustBe=0),
        f"{TABLE_RULE}.metric: nullValues belongs to a column; allowed for",
    ),
    (
        with_table_rule(metric="rowCount", mustBeLessThan=9, unit="percent"),
        f"{TABLE_RULE}.unit: rowCount is a number of",
    ),
    (
        with_table_rule(metric="duplicateValues", mustBe=0),
        f"{TABLE_RULE}.arguments.properties: is required: the columns",
    ),
    (
        with_table_rule(metric="duplicateValues", mustBe=0, arguments={"properties": ["id", "valu"]}),
        f"{TABLE_RULE}.arguments.properties[1]: 'valu' is not known; allowed: id, value, at, tags; did you mean 'val",
    ),
    (
        with_table_rule(metric="duplicateValues", mustBe=0, arguments={"properties": ["id", "id"]}),
        f"{TABLE_RULE}.arguments.properties[1]: 'id' is listed twice",
    ),
    (
        with_table_rule(metric="duplicateValues", mustBe=0, arguments={"properties": ["tags"]}),
        f"{TABLE_RULE}.arguments.properties[0]: 'tags' is of type map<string,string>; use simple columns",
    ),
    (
        with_rule("map<string,string>", metric="duplicateValues", mustBe=0),
        f"{COLUMN_RULE}.metric: duplicates of a column",
    ),
    (with_rule(metric="invalidValues", mustBe=0), f"{COLUMN_RULE}.arguments: is required: pattern or validValues for"),
    (
        with_rule(metric="missingValues", mustBe=0),
        f"{COLUMN_RULE}.arguments: is required: missingValues for missingValues",
    ),
    (
        with_rule(metric="invalidValues", mustBe=0, validValues=["a"]),
        f"{COLUMN_RULE}.validValues: belongs under arguments",
    ),
    (
        with_rule(metric="invalidValues", mustBe=0, arguments={"validValue": ["a"]}),
        f"{COLUMN_RULE}.arguments.validValue: this key is not known here; allowed: pattern, validValues; did you mean",
    ),
    (
        with_rule("int", metric="invalidValues", mustBe=0, arguments={"pattern": "1"}),
        f"{COLUMN_RULE}.arguments.pattern: needs a string column, and value is int",
    ),
]

VALUE_ERRORS: list[tuple[Mapping[str, Any], str]] = [
    (listing([]), f"{COLUMN_RULE}.arguments.validValues: must list at least one value"),
    (listing(["a", "a"]), f"{COLUMN_RULE}.arguments.validValues[1]: 'a' is listed twice"),
    (listing([None]), f"{COLUMN_RULE}.arguments.validValues[0]: null is not a value; nulls are never invalid"),
    (
        listing(["NO", False]),
        f"{COLUMN_RULE}.arguments.validValues[1]: False is a boolean in a string column (YAML reads bare",
    ),
    (listing([1]), f"{COLUMN_RULE}.arguments.validValues[0]: 1 is not a string; put it in quotes"),
    (listing(["1"], column_type="int"), f"{COLUMN_RULE}.arguments.validValues[0]: '1' is not a value of type int"),
    (listing([True], column_type="int"), "validValues[0]: True is not a value of type int"),
    (listing([128], column_type="tinyint"), "validValues[0]: 128 is not a value of type tinyint"),
    (listing([1.5], column_type="bigint"), "validValues[0]: 1.5 is not a value of type bigint"),
    (listing([1.234], column_type="decimal(5,2)"), "validValues[0]: 1.234 is not a value of type decimal(5,2)"),
    (listing([1000], column_type="decimal(5,2)"), "validValues[0]: 1000 is not a value of type decimal(5,2)"),
    (listing(["x"], column_type="double"), "validValues[0]: 'x' is not a value of type double"),
    (listing([0], column_type="boolean"), "validValues[0]: 0 is not a value of type boolean"),
    (listing(["2025-02-30"], column_type="date"), "validValues[0]: '2025-02-30' is not a value of type date"),
    (listing(["2025-02-03"], column_type="timestamp"), "validValues[0]: '2025-02-03' is not a value of type timestamp"),
    (listing(["a"], column_type="array<string>"), "values of a column of type array<string> cannot be listed"),
]

ALL_ERRORS = [*ROOT_ERRORS, *COLUMN_ERRORS, *TYPE_ERRORS, *OPTION_ERRORS, *RULE_ERRORS, *VALUE_ERRORS]


ERROR_IDS = [f"{number} {message}" for number, (_, message) in enumerate(ALL_ERRORS)]


@pytest.mark.parametrize(("contract", "message"), ALL_ERRORS, ids=ERROR_IDS)
def test_a_wrong_contract_is_refused_with_its_message(contract: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ContractError) as refusal:
        parse_contract(contract)
    assert message in str(refusal.value)


def test_the_contract_that_these_errors_are_made_from_is_right() -> None:
    assert parse_contract(document()).name == "orders"


def test_one_refusal_lists_every_problem_on_its_own_line_with_its_path() -> None:
    wrong = with_rule(metric="nullValue", mustBe=0, severity="high")
    wrong["kind"] = "Contract"
    with pytest.raises(ContractError) as refusal:
        parse_contract(wrong, source="contracts/orders.odcs.yaml")
    lines = str(refusal.value).splitlines()
    assert lines[0] == "contracts/orders.odcs.yaml: 3 problems in the data contract"
    assert [line.split(":")[0] for line in lines[1:]] == ["kind", f"{COLUMN_RULE}.metric", f"{COLUMN_RULE}.severity"]
    assert refusal.value.problems == tuple(lines[1:])


def test_the_same_rule_id_twice_is_refused_across_table_and_columns() -> None:
    wrong = with_rule(id="same", metric="nullValues", mustBe=0)
    wrong["schema"][0]["quality"] = [{"id": "same", "metric": "rowCount", "mustBeGreaterThan": 0}]
    with pytest.raises(
        ContractError, match=r"properties\[1\]\.quality\[0\]\.id: 'same' is already the id of another rule"
    ):
        parse_contract(wrong)


def test_a_document_that_holds_itself_or_is_endless_is_refused() -> None:
    endless: dict[str, Any] = document()
    endless["tags"] = [endless]
    with pytest.raises(ContractError, match="is nested more than 40 levels deep"):
        parse_contract(endless)


def test_a_document_that_explodes_through_aliases_is_refused() -> None:
    level: list[Any] = ["x"] * 100
    for _ in range(3):
        level = [level] * 100
    with pytest.raises(ContractError, match="holds more than 200000 values"):
        parse_contract(document(tags=level))


@pytest.mark.parametrize("value", [[], "text", 1, None])
def test_what_is_not_a_mapping_is_no_contract(value: Any) -> None:
    with pytest.raises(ContractError, match="not a mapping of keys to values"):
        parse_contract(value)


def test_parsing_never_changes_what_it_is_given() -> None:
    given = with_rule(metric="nullValues", mustBe=0)
    before = copy.deepcopy(given)
    contract = parse_contract(given)
    given["schema"][0]["name"] = "changed"
    assert contract.document == before
