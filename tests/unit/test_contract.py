"""What a right contract means: its columns, its key, its stated and implied rules, and its canonical form."""

import json
from typing import Any

import pytest

from contract import Column, ContractError, DataContract, Rule, contract_json, parse_contract
from core.raw_objects import RawObjects


def contract(
    *properties: dict[str, Any], custom: dict[str, Any] | None = None, rules: Any = None, **root: Any
) -> DataContract:
    """Make a contract whose key is `id`, with further properties, custom properties and table rules."""
    schema = {
        "name": "orders",
        "properties": [{"name": "id", "logicalType": "string", "primaryKey": True}, *properties],
    }
    return parse_contract(
        {
            "apiVersion": "v3.1.0",
            "kind": "DataContract",
            "id": "orders",
            "version": "1.0.0",
            "customProperties": [
                {"property": name, "value": value} for name, value in {"sourceSystem": "shop", **(custom or {})}.items()
            ],
            "schema": [{**schema, "quality": rules or []}],
            **root,
        }
    )


def value_column(**keys: Any) -> dict[str, Any]:
    return {"name": "value", "logicalType": "string", **keys}


def column_type(**keys: Any) -> str:
    return contract({"name": "value", **keys}).column("value").type


def rules_of(**keys: Any) -> list[Rule]:
    return list(contract(value_column(**keys)).rules)


def test_what_is_not_stated_has_its_default() -> None:
    orders = contract()
    assert (orders.table, orders.description, orders.event_time) == ("curated_orders", "", None)
    assert (orders.max_malformed_percent, orders.freshness_hours) == (1.0, None)
    assert orders.rules == ()
    assert orders.columns == (Column("id", "string"),)
    assert orders.source_system == "shop"


def test_names_and_limits_are_taken_from_the_document() -> None:
    orders = contract(
        {"name": "at", "logicalType": "timestamp"},
        custom={"eventTime": "at", "maxMalformedPercent": 0},
        description={"purpose": "All orders."},
        slaProperties=[{"property": "retention", "value": 3, "unit": "y"}, {"property": "ly", "value": 2, "unit": "d"}],
    )
    assert (orders.event_time, orders.max_malformed_percent, orders.freshness_hours) == ("at", 0.0, 48.0)
    assert orders.description == "All orders."


@pytest.mark.parametrize(
    ("name", "value", "unit", "hours"),
    [
        ("latency", 6, "h", 6),
        ("Latency", 1, "day", 24),
        ("freshness", 90, "minutes", 1.5),
        ("ly", 0.5, "hours", 0.5),
        ("latency", 366, "d", 366 * 24),
        ("latency", 9000, "m", 150),
    ],
)
def test_freshness_is_in_hours(name: str, value: float, unit: str, hours: float) -> None:
    promised = contract(slaProperties=[{"property": name, "value": value, "unit": unit}])
    assert promised.freshness_hours == pytest.approx(hours)


@pytest.mark.parametrize(
    ("logical", "expected"),
    [
        ("string", "string"),
        ("integer", "bigint"),
        ("number", "double"),
        ("boolean", "boolean"),
        ("date", "date"),
        ("timestamp", "timestamp"),
        ("object", "map<string,string>"),
    ],
)
def test_a_logical_type_alone_has_a_column_type(logical: str, expected: str) -> None:
    assert column_type(logicalType=logical) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("VARCHAR(20)", "string"),
        ("character varying(20)", "string"),
        ("text", "string"),
        ("BOOL", "boolean"),
        ("byte", "tinyint"),
        ("short", "smallint"),
        ("integer", "int"),
        ("Long", "bigint"),
        ("real", "float"),
        ("double precision", "double"),
        ("NUMERIC(10)", "decimal(10,0)"),
        ("decimal( 12 , 2 )", "decimal(12,2)"),
        ("number(5,5)", "decimal(5,5)"),
        ("timestamptz", "timestamp"),
        ("timestamp(6) with time zone", "timestamp"),
        ("datetime", "timestamp"),
        ("ARRAY<Integer>", "array<int>"),
        ("map< text , long >", "map<string,bigint>"),
        ("struct<Name: text, parts: array<struct<n:int>>>", "struct<Name:string,parts:array<struct<n:int>>>"),
        ("struct<price decimal(12,2)>", "struct<price:decimal(12,2)>"),
    ],
)
def test_a_physical_type_is_known_by_its_usual_names(written: str, expected: str) -> None:
    assert column_type(physicalType=written) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"logicalType": "integer", "physicalType": "int"}, "int"),
        ({"logicalType": "integer", "physicalType": "numeric(20)"}, "decimal(20,0)"),
        ({"logicalType": "number", "physicalType": "decimal(12,2)"}, "decimal(12,2)"),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "i16"}}, "smallint"),
        ({"logicalType": "number", "logicalTypeOptions": {"format": "f32"}}, "float"),
        ({"logicalType": "array", "items": {"logicalType": "integer"}}, "array<bigint>"),
        (
            {"logicalType": "map", "map": {"key": {"logicalType": "string"}, "value": {"logicalType": "number"}}},
            "map<string,double>",
        ),
        (
            {
                "logicalType": "object",
                "properties": [{"name": "a", "logicalType": "integer"}, {"name": "b", "physicalType": "text"}],
            },
            "struct<a:bigint,b:string>",
        ),
    ],
)
def test_type_declarations_combine(keys: dict[str, Any], expected: str) -> None:
    assert column_type(**keys) == expected


@pytest.mark.parametrize(
    "options",
    [
        {"format": "yyyy-MM-dd'T'HH:mm:ss.SSSX", "timezone": True},
        {"format": "yyyy-MM-dd HH:mm:ss", "timezone": False, "defaultTimezone": "Etc/UTC"},
        {"format": "ISO8601", "timezone": "UTC"},
    ],
)
def test_iso_formats_and_utc_need_no_enforcement(options: dict[str, Any]) -> None:
    assert contract({"name": "at", "logicalType": "timestamp", "logicalTypeOptions": options}).rules == ()


def test_the_primary_key_follows_its_positions() -> None:
    keys = contract(
        {"name": "b", "logicalType": "string", "primaryKey": True, "primaryKeyPosition": 1},
        schema=[
            {
                "name": "orders",
                "properties": [
                    {"name": "a", "logicalType": "string", "primaryKey": True, "primaryKeyPosition": 2},
                    {"name": "b", "logicalType": "string", "primaryKey": True, "primaryKeyPosition": 1},
                ],
            }
        ],
    )
    assert keys.primary_key == ("b", "a")


def test_which_objects_are_read_is_taken_from_the_custom_properties() -> None:
    assert contract().raw_objects == RawObjects((), (), 0)
    stated = contract(custom={"includeObjects": ["delivery-*"], "excludeObjects": ["**/*.md"], "maxUnreadObjects": 2})
    assert stated.raw_objects == RawObjects(("delivery-*",), ("**/*.md",), 2)


@pytest.mark.parametrize(
    ("custom", "shown"), [({}, True), ({"exampleLines": "one"}, True), ({"exampleLines": "none"}, False)]
)
def test_raw_lines_are_shown_as_examples_unless_the_contract_says_none(custom: dict[str, Any], shown: bool) -> None:
    stated = contract(custom=custom)
    assert stated.shows_example_lines is shown
    assert stated.checksum == contract().checksum


def test_without_positions_the_primary_key_is_in_the_order_of_the_document() -> None:
    assert contract(value_column(primaryKey=True)).primary_key == ("id", "value")


def test_a_required_column_tolerates_no_null() -> None:
    assert rules_of(required=True) == [
        Rule("value_nullValues", "nullValues", "value", ("value",), "mustBe", 0, description="value is required")
    ]


@pytest.mark.parametrize(
    ("rule", "adds"),
    [
        ({"mustBe": 0}, False),
        ({"mustBeLessOrEqualTo": 0, "unit": "percent"}, False),
        ({"mustBeLessThan": 1}, False),
        ({"mustBe": 0, "severity": "warning"}, True),
        ({"mustBeLessThan": 1, "unit": "percent"}, True),
        ({"mustBeLessOrEqualTo": 3, "unit": "percent"}, True),
        ({"mustBeBetween": [0, 5]}, True),
        ({"mustBeBetween": [0, 0.5]}, False),
        ({"mustNotBe": 5}, True),
        ({"mustNotBeBetween": [5, 9]}, True),
    ],
)
def test_required_adds_its_rule_unless_one_as_strict_is_stated(rule: dict[str, Any], adds: bool) -> None:
    rules = rules_of(required=True, quality=[{"id": "stated", "metric": "nullValues", **rule}])
    assert [rule.id for rule in rules] == (["stated", "value_nullValues"] if adds else ["stated"])


def test_unique_adds_a_rule_except_on_the_sole_primary_key() -> None:
    (rule,) = rules_of(unique=True)
    assert (rule.metric, rule.operator, rule.limit, rule.unit) == ("duplicateValues", "mustBe", 0, "rows")
    sole = {"name": "id", "logicalType": "string", "primaryKey": True, "unique": True}
    assert contract(schema=[{"name": "orders", "properties": [sole]}]).rules == ()
    assert len(contract(value_column(primaryKey=True, unique=True)).rules) == 1


def test_type_options_become_one_rule_that_tolerates_no_invalid_value() -> None:
    number = {"minimum": 1, "maximum": 9, "exclusiveMinimum": 0, "exclusiveMaximum": 9.5}
    (rule,) = contract({"name": "n", "logicalType": "integer", "logicalTypeOptions": number}).rules
    assert (rule.id, rule.metric, rule.operator, rule.limit) == ("n_invalidValues", "invalidValues", "mustBe", 0)
    assert (rule.minimum, rule.maximum, rule.exclusive_minimum, rule.exclusive_maximum) == (1, 9, 0, 9.5)
    (rule,) = rules_of(logicalTypeOptions={"minLength": 0, "maxLength": 3, "pattern": "^a.$"})
    assert (rule.min_length, rule.max_length, rule.pattern) == (0, 3, "^a.$")


def test_an_enum_lists_the_valid_values() -> None:
    orders = contract(value_column(enum=[{"value": "a", "label": "A"}, {"value": "b"}]))
    assert orders.column("value").valid_values == ("a", "b")
    assert [(rule.metric, rule.valid_values) for rule in orders.rules] == [("invalidValues", ("a", "b"))]


def test_a_rule_says_all_that_a_check_needs() -> None:
    quality = [
        {"metric": "invalidValues", "mustBeLessThan": 5, "arguments": {"validValues": ["a", "b"], "pattern": "^.$"}},
        {"metric": "missingValues", "mustBeBetween": [0, 2.5], "unit": "percent", "severity": "warning"}
        | {"arguments": {"missingValues": [None, "", "n/a"]}, "description": "Rarely absent."},
        {"type": "text", "description": "Checked by hand."},
    ]
    invalid, missing = rules_of(quality=quality)
    assert (invalid.valid_values, invalid.pattern, invalid.severity) == (("a", "b"), "^.$", "error")
    assert (missing.missing_values, missing.limit, missing.unit) == ((None, "", "n/a"), (0, 2.5), "percent")
    assert (missing.severity, missing.description) == ("warning", "Rarely absent.")


def test_table_rules_come_first_and_may_look_at_several_columns() -> None:
    together = {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "value"]}}
    first, second, third = contract(
        value_column(required=True), rules=[{"metric": "rowCount", "mustBeGreaterThan": 0}, together]
    ).rules
    assert (first.id, first.column, first.columns) == ("table_rowCount", None, ())
    assert (second.id, second.column, second.columns) == ("table_duplicateValues", None, ("id", "value"))
    assert third.column == "value"


def test_a_rule_gets_no_id_of_a_check_that_every_run_makes() -> None:
    [rule] = rules_of(quality=[{"name": "Malformed lines", "metric": "nullValues", "mustBe": 0}])
    assert rule.id == "malformed_lines_2"


def test_rule_ids_are_stated_or_made_from_the_name_or_the_metric_and_are_unique() -> None:
    nulls = {"metric": "nullValues", "mustBe": 0}
    rules = rules_of(quality=[nulls, nulls, {**nulls, "name": "No nulls!"}, {**nulls, "id": "value_nullValues"}])
    assert [rule.id for rule in rules] == ["value_nullValues_2", "value_nullValues_3", "no_nulls", "value_nullValues"]


def test_canonical_json_is_stable_and_gives_the_same_contract_again() -> None:
    orders = contract(value_column(required=True, description="Grüße"))
    text = contract_json(orders)
    again = parse_contract(json.loads(text))
    assert (again, contract_json(again)) == (orders, text)


@pytest.mark.parametrize("version", ["v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0"])
def test_each_supported_version_of_the_standard_is_read(version: str) -> None:
    assert contract(apiVersion=version).name == "orders"


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(KeyError, match="dataset orders has no column 'nope'"):
        contract().column("nope")


def test_a_refusal_is_a_value_error() -> None:
    assert issubclass(ContractError, ValueError)
