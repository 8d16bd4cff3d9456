"""A small contract, and ways to make one part of it wrong."""

from typing import Any

TABLE_RULE = "schema[0].quality[0]"
COLUMN = "schema[0].properties[1] (value)"
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
