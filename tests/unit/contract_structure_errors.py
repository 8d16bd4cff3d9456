"""Contracts whose document, columns or types are wrong, and what must be said of each."""

from collections.abc import Mapping
from typing import Any

from tests.unit.contract_documents import (
    COLUMN,
    OPTIONS,
    document,
    matching,
    nested,
    with_column,
    with_custom,
    with_options,
    with_schema,
)

_OF_COLUMN = "this is a custom property of the column; write customProperties: "
_OF_CONTRACT = "this is a custom property of the contract; add "
_OF_TYPE = "this is an option of the column's type; write logicalTypeOptions: "
_DOCUMENT = "{property: objectFormat, value: document}"

PLACE_ERRORS: list[tuple[Mapping[str, Any], str]] = [
    (
        document(objectFormat="document"),
        f"objectFormat: {_OF_CONTRACT}{_DOCUMENT} to customProperties at the top level",
    ),
    (with_schema(objectFormat="document"), f"schema[0].objectFormat: {_OF_CONTRACT}{_DOCUMENT} to customProperties"),
    (with_column(recordsPath="[]"), f'{COLUMN}.recordsPath: {_OF_CONTRACT}{{property: recordsPath, value: "[]"}}'),
    (document(includeObjects=["a*"]), f'includeObjects: {_OF_CONTRACT}{{property: includeObjects, value: ["a*"]}}'),
    (with_column(sentAs="string"), f"{COLUMN}.sentAs: {_OF_COLUMN}[{{property: sentAs, value: string}}]"),
    (document(sentAs="string"), f"sentAs: {_OF_COLUMN}[{{property: sentAs, value: string}}]"),
    (with_options("string", sentAs="string"), f"{OPTIONS}.sentAs: {_OF_COLUMN}[{{property: sentAs, value: string}}]"),
    (with_column(inputOnly=True), f"{COLUMN}.inputOnly: {_OF_COLUMN}[{{property: inputOnly, value: true}}]"),
    (
        with_column(**{"customProperties.sentAs": "string"}),
        f"{COLUMN}.customProperties.sentAs: {_OF_COLUMN}[{{property: sentAs, value: string}}]",
    ),
    (with_column(**{"logicalTypeOptions.format": "yyyyMMdd"}), f"{COLUMN}.logicalTypeOptions.format: {_OF_TYPE}"),
    (with_column(format="dd/MM/yyyy"), f'{COLUMN}.format: {_OF_TYPE}{{format: "dd/MM/yyyy"}}'),
    (with_column(format="yyyyMMdd"), f"{COLUMN}.format: {_OF_TYPE}{{format: yyyyMMdd}}"),
    (with_column(pattern="no"), f'{COLUMN}.pattern: {_OF_TYPE}{{pattern: "no"}}'),
    (nested(logicalType="date", epochUnit="s"), f"{COLUMN}.properties[0] (inner).epochUnit: {_OF_COLUMN}"),
    (
        with_column(customProperties={"sentAs": "string"}),
        f"{COLUMN}.customProperties: must be a list; write [{{property: sentAs, value: string}}]",
    ),
    (
        document(customProperties={"recordsPath": "[]"}),
        'customProperties: must be a list; write [{property: recordsPath, value: "[]"}]',
    ),
    (with_custom(sentAs="string"), f"customProperties.sentAs: {_OF_COLUMN}[{{property: sentAs, value: string}}]"),
    (
        with_column(customProperties=[{"property": "objectFormat", "value": "document"}]),
        f"{COLUMN}.customProperties[0].property: 'objectFormat' would do nothing here: {_OF_CONTRACT}{_DOCUMENT}",
    ),
    (
        with_schema(customProperties=[{"property": "recordsPath", "value": "items"}]),
        "schema[0].customProperties[0].property: 'recordsPath' would do nothing here: this is a custom property of",
    ),
]

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
    (with_custom(includeObjects="*"), "customProperties.includeObjects: must be a list, got '*'"),
    (with_custom(includeObjects=[]), "customProperties.includeObjects: must list at least one pattern"),
    (with_custom(excludeObjects=["a", "a"]), "customProperties.excludeObjects[1]: 'a' is listed twice"),
    (with_custom(excludeObjects=["**"]), "customProperties.excludeObjects[0]: '**' excludes every object"),
    (
        with_custom(includeObjects=["a", "b*"], excludeObjects=["b*"]),
        "customProperties.excludeObjects: 'b*' is also listed in includeObjects",
    ),
    (with_custom(includeObjects=[7]), "customProperties.includeObjects[0]: must be a text that is not blank, got 7"),
    (with_custom(includeObjects=["_a*"]), "customProperties.includeObjects[0]: '_a*' can match nothing: hidden names"),
    (
        with_custom(includeObjects=[f"{n}{'x' * 200}" for n in range(6)]),
        "customProperties.includeObjects: and its counterpart are 1265 bytes as JSON",
    ),
    (
        with_custom(exampleLines="none at all"),
        "customProperties.exampleLines: 'none at all' is not known; allowed: one, none",
    ),
    (with_custom(exampleLines=0), "customProperties.exampleLines: 0 is not known; allowed: one, none"),
    (with_custom(exampleLine="none"), "customProperties.exampleLine: "),
    (with_custom(maxRunCostUsd=0), "customProperties.maxRunCostUsd: 0 must be greater than 0"),
    (with_custom(maxMonthlyCostUsd="9"), "customProperties.maxMonthlyCostUsd: must be a number, got '9'"),
    (with_custom(maxUnreadObjects=-1), "customProperties.maxUnreadObjects: must be a whole number of at least 0"),
    (with_custom(maxUnreadObjects=1.5), "customProperties.maxUnreadObjects: must be a whole number of at least 0"),
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
    (
        document(slaProperties=[{"property": "latency", "value": 1000000, "unit": "d"}]),
        "slaProperties[0].value: 1000000 d is more than a year, so no day would ever be late; write a shorter time",
    ),
    (
        document(slaProperties=[{"property": "latency", "value": 366 * 24 + 1, "unit": "h"}]),
        "slaProperties[0].value: 8785 h is more than a year",
    ),
    (document(slaProperties=[{"property": "ly", "valeu": 1}]), "slaProperties[0].valeu: this key is not known here; "),
    (
        document(slaProperties=[{"property": name, "value": 1, "unit": "h"} for name in ("latency", "freshness")]),
        "slaProperties: state freshness 2 times",
    ),
]

COLUMN_ERRORS: list[tuple[Mapping[str, Any], str]] = [
    (
        with_column(name="run_id"),
        "schema[0].properties[1] (run_id).name: 'run_id' is taken by the pipeline's own partitioning",
    ),
    (
        with_column(name="Ingestion_Date"),
        "schema[0].properties[1] (Ingestion_Date).name: 'Ingestion_Date' is taken by the pipeline's own partitioning",
    ),
    (with_column(name="_corrupt"), "schema[0].properties[1] (_corrupt).name: '_corrupt' starts with '_'"),
    (with_column(name="a b"), "schema[0].properties[1].name: 'a b' must be a letter, then"),
    (with_column(name="é"), "schema[0].properties[1] (é).name: 'é' must be a letter, then"),
    (
        with_column(name="ID"),
        "[1] (ID).name: 'ID' is already the name of schema[0].properties[0] (id); Athena ignores case",
    ),
    (with_column(name=None), "schema[0].properties[1].name: is required"),
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
    (with_column(enum=["a", "b"]), f"{COLUMN}.enum[0]: 'a' must be written as {{value: a}}, as all are"),
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
        nested(logicalType="date", logicalTypeOptions={"format": "yyyyMMdd"}),
        f"{COLUMN}.properties[0] (inner).logicalTypeOptions.format: is read on top-level columns only; state it",
    ),
    (
        nested(logicalType="string", transformSourceObjects=["a"]),
        f"{COLUMN}.properties[0] (inner).transformSourceObjects: is read on top-level columns only",
    ),
    (
        nested(logicalType="integer", customProperties=[{"property": "sentAs", "value": "string"}]),
        f"{COLUMN}.properties[0] (inner).customProperties.sentAs: is read on top-level columns only",
    ),
    (
        nested(logicalType="string", required=True),
        f"{COLUMN}.properties[0] (inner).required: is checked on top-level columns only",
    ),
    (
        nested(logicalType="string", quality=[{}]),
        f"{COLUMN}.properties[0] (inner).quality: is checked on top-level columns only",
    ),
    (
        nested(logicalType="string", logicalTypeOptions={"pattern": "a"}),
        f"{COLUMN}.properties[0] (inner).logicalTypeOptions.pattern: is read on top-level columns only",
    ),
    (nested(logicalType="string", name="a b"), f"{COLUMN}.properties[0].name: 'a b' must be a letter or '_'"),
    (nested(logicalType="string", foo=1), f"{COLUMN}.properties[0] (inner).foo: this key is not known here"),
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
        with_options("integer", max=5),
        f"{OPTIONS}.max: 'max' is not known; allowed: minimum, maximum, exclusiveMinimum, exclusiveMaximum, format",
    ),
    (with_options("boolean", maximum=5), f"{OPTIONS}.maximum: would not be enforced on a boolean column"),
    (with_options("boolean", max=5), f"{OPTIONS}.max: 'max' is not known; allowed: none"),
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
    (with_options("string", minLength=3, maxLength=2), f"{OPTIONS}: no string value meets minLength 3, maxLength 2"),
    (with_options("integer", minimum="1"), f"{OPTIONS}.minimum: must be a number, got '1'; write it without quotes"),
    (with_options("number", minimum=2, maximum=1), f"{OPTIONS}: no double value meets minimum 2, maximum 1"),
    (with_options("integer", format="u8"), f"{OPTIONS}.format: 'u8' is not known; allowed: i8, i16, i32, i64"),
    (with_options("date", format="dd.MM"), f"{OPTIONS}.format: 'dd.MM' has no year (yyyy or yy); without a format, "),
    (with_options("timestamp", timezone="CET"), f"{OPTIONS}.timezone: must be true, false or UTC, got 'CET'"),
    (
        with_options("timestamp", defaultTimezone="Berlin"),
        f"{OPTIONS}.defaultTimezone: 'Berlin' is not the name of a time zone; write one as Europe/Berlin, or +02:00",
    ),
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

STRUCTURE_ERRORS = [*PLACE_ERRORS, *ROOT_ERRORS, *COLUMN_ERRORS, *TYPE_ERRORS, *OPTION_ERRORS]
