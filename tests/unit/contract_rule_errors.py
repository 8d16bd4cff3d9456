"""Contracts whose rules are wrong, and what must be said of each."""

from collections.abc import Mapping
from typing import Any

from tests.unit.contract_documents import (
    COLUMN,
    COLUMN_RULE,
    METRICS,
    OPERATORS,
    TABLE_RULE,
    listing,
    with_column,
    with_rule,
    with_table_rule,
)


def _baseline(rule: Mapping[str, Any] | None = None, **implementation: Any) -> Mapping[str, Any]:
    return with_rule(type="custom", engine="baseline", implementation=implementation, **(rule or {}))


_USUAL_NULLS = {"type": "custom", "engine": "baseline", "implementation": {"metric": "nullValues"}}


def _table_baseline(**implementation: Any) -> Mapping[str, Any]:
    return with_table_rule(type="custom", engine="baseline", implementation=implementation)


def _look_back(days: int | None = None, **rule: Any) -> Mapping[str, Any]:
    implementation = rule if days is None else {"days": days, **rule}
    return with_table_rule(type="custom", engine="lookBack", implementation=implementation)


RULE_ERRORS: list[tuple[Mapping[str, Any], str]] = [
    (
        with_rule(metric="nullValue", mustBe=0),
        f"{COLUMN_RULE}.metric: 'nullValue' is not known; allowed: {METRICS}; did you mean 'nullValues'?",
    ),
    (with_rule(metric="duplicateCount", mustBe=0), "did you mean 'duplicateValues'?"),
    (with_rule(mustBe=0), f"{COLUMN_RULE}.metric: is required; allowed: {METRICS}"),
    (
        with_table_rule(id="malformed_lines", metric="rowCount", mustBeGreaterThan=5),
        f"{TABLE_RULE}.id: 'malformed_lines' is the id of a check that every run makes by itself; choose another one",
    ),
    (
        with_table_rule(id="rows", type="custom", engine="baseline", implementation={"metric": "rowCount"}),
        f"{TABLE_RULE}.id: 'rows' is the id of a check that every run makes by itself",
    ),
    (with_rule(id="rows", metric="nullValues", mustBe=0), f"{COLUMN_RULE}.id: 'rows' is the id of a check that every"),
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
    (with_rule(type="custom"), f"{COLUMN_RULE}.type: 'custom' would not be enforced; state it with"),
    (
        with_rule(type="custom", engine="soda"),
        f"{COLUMN_RULE}.engine: 'soda' is not known; allowed: baseline, lookBack; a",
    ),
    (with_rule(type="custom", engine="baselin"), "did you mean 'baseline'?"),
    (with_rule(type="custom", engine="baseline"), f"{COLUMN_RULE}.implementation: is required: metric, and if wanted"),
    (
        _baseline(metric="rowCount"),
        f"{COLUMN_RULE}.implementation.metric: rowCount belongs to the table; allowed for a",
    ),
    (
        _baseline(metric="nulValues"),
        "implementation.metric: 'nulValues' is not known; allowed: nullValues, valueShares; did",
    ),
    (_baseline(), f"{COLUMN_RULE}.implementation.metric: is required; allowed for a column: nullValues, valueShares"),
    (_baseline(metric="valueShares"), f"{COLUMN_RULE}.implementation.metric: valueShares needs a list of valid values"),
    (
        _baseline(metric="nullValues", tolerance=0.5),
        "implementation.tolerance: 0.5 must lie in 1 to 100; the default is",
    ),
    (_baseline(metric="nullValues", tolerance="9"), "implementation.tolerance: must be a number, got '9'"),
    (_baseline(metric="nullValues", minimumDates=2), "implementation.minimumDates: must be a whole number of at least"),
    (_baseline(metric="nullValues", minimumDates=9999), "implementation.minimumDates: 9999 must be at most"),
    (
        _baseline(metric="nullValues", days=3),
        "implementation.days: this key is not known here; allowed: metric, minimum",
    ),
    (
        _baseline({"mustBe": 3}, metric="nullValues"),
        f"{COLUMN_RULE}.mustBe: the range comes from earlier dates; to make",
    ),
    (_baseline({"unit": "percent"}, metric="nullValues"), f"{COLUMN_RULE}.unit: the range comes from earlier dates"),
    (_baseline({"metric": "nullValues"}, tolerance=3), f"{COLUMN_RULE}.metric: belongs under implementation"),
    (_baseline({"severity": "info"}, metric="nullValues"), f"{COLUMN_RULE}.severity: 'info' is not known"),
    (_baseline(metric="nullValues", minimumDates=57), "implementation.minimumDates: 57 must be at most 56, as 84 days"),
    (
        with_column(quality=[{**_USUAL_NULLS, "id": "a"}, {**_USUAL_NULLS, "id": "b"}]),
        f"{COLUMN}.quality[1].implementation.metric: nullValues is judged by {COLUMN}.quality[0] already; keep one",
    ),
    (
        _table_baseline(metric="nullValues"),
        f"{TABLE_RULE}.implementation.metric: nullValues belongs to a column; allowed",
    ),
    (_look_back(days=0, mustBe=0), f"{TABLE_RULE}.implementation.days: must be a whole number of at least 1, got 0"),
    (_look_back(days=99, mustBe=0), f"{TABLE_RULE}.implementation.days: 99 must be at most 31: their keys are read in"),
    (_look_back(mustBe=0), f"{TABLE_RULE}.implementation.days: is required: how many dates before are looked at"),
    (_look_back(days=3), f"{TABLE_RULE}.implementation: needs exactly one operator of {OPERATORS}; found none"),
    (_look_back(days=3, mustBeLessThan=0), f"{TABLE_RULE}.implementation.mustBeLessThan: 0 holds for no value that"),
    (
        with_rule(type="custom", engine="lookBack", implementation={"days": 3, "mustBe": 0}),
        f"{COLUMN_RULE}.engine: lookBack looks at the primary key; state it under quality of the table",
    ),
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
        with_table_rule(metric="rowCount", mustBe=1, arguments={"properties": ["id"]}),
        f"{TABLE_RULE}.arguments: rowCount of the table takes no arguments, got properties",
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
    (listing([1, 2, 1.0], column_type="double"), "[2]: 1.0 is the same double as 1, which is listed already"),
    (listing([0.1, 0.10000000149], column_type="float"), "[1]: 0.10000000149 is the same float as 0.1"),
    (listing([1, 1.0], column_type="decimal(5,2)"), "[1]: 1.0 is the same decimal(5,2) as 1, which is listed already"),
    (
        listing(["2025-01-01T00:00:00Z", "2025-01-01T01:00:00+01:00"], column_type="timestamp"),
        "[1]: '2025-01-01T01:00:00+01:00' is the same timestamp as '2025-01-01T00:00:00Z', which is listed already",
    ),
    (listing([float("inf"), 1], column_type="double"), "arguments.validValues[0]: inf is not a finite number"),
    (listing([[1], {}], column_type="nonsense"), "'nonsense' is not a known type"),
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
    (listing(["2025-02-03T10"], column_type="timestamp"), "[0]: '2025-02-03T10' is not a value of type timestamp"),
    (listing([1e39], column_type="float"), "validValues[0]: 1e+39 is not a value of type float"),
    (listing(["a"], column_type="array<string>"), "values of a column of type array<string> cannot be listed"),
]
