"""A rule whose answer is known without data is refused: limits by brute force over counts, conditions by values."""

import itertools
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from contract import ContractError, Rule, parse_contract
from contract.patterns import portable_pattern
from contract.rule_limits import can_pass_together, limit_problem
from contract.value_sets import leave_no_value, rules_out_nothing
from core.operators import OPERATORS, RANGE_OPERATORS, Limit, holds
from tests.unit.contract_documents import (
    COLUMN,
    COLUMN_RULE,
    OPTIONS,
    TABLE_RULE,
    listing,
    matching,
    with_column,
    with_options,
    with_rule,
    with_schema,
    with_table_rule,
)

ENDS: tuple[float, ...] = (0, 0.25, 0.5, 1, 1.5, 2, 50, 99.5, 100)
ROWS = range(104)
TOTALS = (0, 1, 2, 3, 200, 400, 1000)


def rule(operator: str, limit: Limit, *, metric: str = "nullValues", unit: str = "rows") -> Rule:
    return Rule("r", metric, "value", ("value",), operator, limit, unit=unit)  # type: ignore[arg-type]


def measured(metric: str, unit: str) -> list[float]:
    """What a metric measures over many days: every count within every total, where not all rows repeat another."""
    if unit == "rows":
        return list(ROWS)
    counts = ((count, total) for total in TOTALS for count in range(total + 1))
    possible = ((count, total) for count, total in counts if metric != "duplicateValues" or count < max(total, 1))
    return [100 * count / total if total else 0.0 for count, total in possible]


def limits(operator: str) -> Iterable[Limit]:
    return itertools.combinations(ENDS, 2) if operator in RANGE_OPERATORS else ENDS


@pytest.mark.parametrize("unit", ["rows", "percent"])
@pytest.mark.parametrize("metric", ["nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_a_limit_is_refused_exactly_when_every_or_no_count_meets_it(operator: str, metric: str, unit: str) -> None:
    values = measured(metric, unit)
    for limit in limits(operator):
        answers = {holds(operator, value, limit) for value in values}
        problem = limit_problem(rule(operator, limit, metric=metric, unit=unit))
        told = [words for words in ("checks nothing", "can never pass") if words in (problem or "")]
        assert told == (["checks nothing"] if answers == {True} else ["can never pass"] if answers == {False} else [])


def test_two_rules_contradict_each_other_when_no_count_of_any_day_meets_both() -> None:
    ends = (0, 0.5, 1, 3)
    some = [
        rule(operator, limit, unit=unit)
        for unit in ("rows", "percent")
        for operator in OPERATORS
        for limit in (itertools.combinations(ends, 2) if operator in RANGE_OPERATORS else ends)
    ]
    days = [(count, 100 * count / total) for total in (1, 2, 3, 4, 100, 200, 400, 600) for count in range(total + 1)]
    for first, second in itertools.combinations(some, 2):
        met = any(
            all(holds(each.operator, day[each.unit == "percent"], each.limit) for each in (first, second))
            for day in [(0, 0.0), *days]
        )
        # That 1 row is no 3 percent of any day is not found out; a possible pair is never refused.
        assert can_pass_together([first, second]) is met or (first.unit != second.unit and not met), (first, second)


def test_no_rows_are_no_percent_and_some_rows_are_some() -> None:
    none, some = rule("mustBe", 0), rule("mustBeGreaterThan", 0)
    none_percent, some_percent = rule("mustBe", 0, unit="percent"), rule("mustBeGreaterThan", 0, unit="percent")
    assert [can_pass_together(pair) for pair in ((none, some_percent), (some, none_percent))] == [False, False]
    assert [can_pass_together(pair) for pair in ((none, none_percent), (some, some_percent))] == [True, True]


NEVER_FAIL: list[tuple[Mapping[str, Any], str]] = [
    (
        with_rule(metric="nullValues", mustBeGreaterOrEqualTo=0),
        f"{COLUMN_RULE}.mustBeGreaterOrEqualTo: 0 holds for every value that nullValues can take (whole numbers from",
    ),
    (with_rule(metric="nullValues", mustBeLessOrEqualTo=100, unit="percent"), "(0 to 100 percent), so the rule checks"),
    (with_rule(metric="nullValues", mustBeBetween=[0, 100], unit="percent"), "mustBeBetween: [0, 100] holds for every"),
    (with_rule(metric="nullValues", mustNotBe=0.5), "whole; for a share of them add unit: percent"),
    (with_rule(metric="nullValues", mustNotBeBetween=[0.2, 0.8]), "[0.2, 0.8] holds for every value"),
    (with_rule(metric="duplicateValues", mustBeLessThan=100, unit="percent"), "(0 to less than 100 percent)"),
    (
        with_table_rule(metric="rowCount", mustBeGreaterOrEqualTo=0),
        "so the rule checks nothing; to allow empty days, write mustBeGreaterThan: 0 with severity: warning",
    ),
    (with_rule(metric="nullValues", mustBeLessThan=10**19), "(whole numbers from 0 to 2^63 - 1), so the rule checks"),
    (with_options("string", maxLength=2**31), "no string value breaks maxLength 2147483648"),
    (with_options("string", minLength=0), f"{OPTIONS}: no string value breaks minLength 0, so the rule checks nothing"),
    (matching(".*"), f'{OPTIONS}: no string value breaks pattern ".*", so the rule checks nothing; '),
    (matching("^.*$"), r"to forbid line breaks, write ^[^\n]*$"),
    (with_options("integer", format="i8", maximum=127), "no tinyint value breaks maximum 127, so the rule"),
    (with_options("integer", format="i8", minimum=-128, maximum=300), "no tinyint value breaks minimum -128, maximum"),
    (with_options("integer", minimum=-(2**63)), "no bigint value breaks minimum"),
    (with_options("number", format="f32", maximum=1e39), "no float value breaks maximum 1e+39"),
    (
        listing([True, False], column_type="boolean"),
        f"{COLUMN_RULE}.arguments: no boolean value breaks validValues [tr",
    ),
    (listing(list(range(-128, 128)), column_type="tinyint"), "no tinyint value breaks validValues [-128, -127, -126, "),
    (
        with_rule("boolean", metric="missingValues", mustBe=0, arguments={"missingValues": [None, True, False]}),
        f"{COLUMN_RULE}.arguments.missingValues: lists null and every boolean value, so it counts all rows",
    ),
    (
        with_column(logicalType="boolean", enum=[{"value": True}, {"value": False}]),
        f"{COLUMN}.enum: no boolean value breaks validValues [true, false], so the rule checks nothing",
    ),
]

NEVER_PASS: list[tuple[Mapping[str, Any], str]] = [
    (with_rule(metric="nullValues", mustBeLessThan=0), f"{COLUMN_RULE}.mustBeLessThan: 0 holds for no value that"),
    (with_rule(metric="nullValues", mustBeGreaterThan=100, unit="percent"), "100 holds for no value that nullValues"),
    (with_rule(metric="nullValues", mustBe=0.5), "0.5 holds for no value that nullValues can take (whole numbers from"),
    (with_rule(metric="nullValues", mustBeBetween=[0.2, 0.8]), "so the rule can never pass; a number of rows is whole"),
    (with_rule(metric="nullValues", mustNotBeBetween=[0, 100], unit="percent"), "so the rule can never pass; write a"),
    (with_rule(metric="duplicateValues", mustBe=100, unit="percent"), "100 holds for no value that duplicateValues"),
    (with_table_rule(metric="rowCount", mustBeLessThan=0), f"{TABLE_RULE}.mustBeLessThan: 0 holds for no value that"),
    (
        with_options("integer", minimum=5, exclusiveMaximum=5),
        f"{OPTIONS}: no bigint value meets minimum 5, exclusiveMaximum 5, so every value would be invalid; change the",
    ),
    (with_options("integer", exclusiveMinimum=4, exclusiveMaximum=5), "no bigint value meets exclusiveMinimum 4, "),
    (with_options("integer", format="i8", minimum=300), "no tinyint value meets minimum 300"),
    (with_options("number", exclusiveMinimum=1, maximum=1), "no double value meets exclusiveMinimum 1, maximum 1"),
    (with_table_rule(metric="rowCount", mustBeGreaterThan=1e19), "(whole numbers from 0 to 2^63 - 1), so the rule can"),
    (with_options("string", minLength=2**31), "no string value meets minLength 2147483648"),
    (with_options("string", minLength=3, maxLength=2), "no string value meets minLength 3, maxLength 2"),
    (
        with_column(logicalType="integer", enum=[{"value": 1}, {"value": 9}], logicalTypeOptions={"minimum": 10}),
        f"{OPTIONS}: no bigint value meets validValues [1, 9], minimum 10, so every value would be invalid",
    ),
    (
        with_column(enum=[{"value": "ab"}], logicalTypeOptions={"pattern": "^a$"}),
        'no string value meets validValues ["ab"], pattern "^a$"',
    ),
    (
        with_column(
            logicalType="integer",
            logicalTypeOptions={"minimum": 10},
            quality=[{"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": [1, 2]}}],
        ),
        f"no bigint value meets minimum 10 beside validValues [1, 2] ({COLUMN_RULE}), so every value would be invalid",
    ),
    (
        with_column(
            logicalTypeOptions={"maxLength": 2},
            quality=[{"metric": "invalidValues", "mustBeLessThan": 9, "arguments": {"validValues": ["long"]}}],
        ),
        f'{COLUMN_RULE}.arguments: no string value meets validValues ["long"] beside maxLength 2 ({OPTIONS})',
    ),
]


def _two_rules(metric: str, argument: str, lists: Sequence[list[Any]], **column: Any) -> Mapping[str, Any]:
    """A rule that no value and one that some value breaks, each with a list of its own."""
    limits = ({"mustBe": 0}, {"mustBeGreaterThan": 0})
    rules = [
        {"metric": metric, "arguments": {argument: values}, **limit}
        for values, limit in zip(lists, limits, strict=True)
    ]
    return with_column(quality=rules, **column)


CONTRADICTIONS: list[tuple[Mapping[str, Any], str]] = [
    (
        with_column(quality=[{"metric": "nullValues", "mustBe": 0}, {"metric": "nullValues", "mustBeGreaterThan": 5}]),
        f"{COLUMN}.quality[1].mustBeGreaterThan: mustBeGreaterThan 5 rows and mustBe 0 rows ({COLUMN_RULE}) can never",
    ),
    (
        with_column(required=True, quality=[{"metric": "nullValues", "mustBeGreaterThan": 5, "unit": "percent"}]),
        f"{COLUMN}.required: mustBe 0 rows and mustBeGreaterThan 5 percent ({COLUMN_RULE}) can never pass together",
    ),
    (
        with_schema(
            quality=[
                {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "value"]}},
                {"metric": "duplicateValues", "mustBe": 1, "arguments": {"properties": ["value", "id"]}},
            ]
        ),
        "schema[0].quality[1].mustBe: mustBe 1 rows and mustBe 0 rows (schema[0].quality[0]) can never pass together",
    ),
    (
        with_schema(
            quality=[{"metric": "rowCount", "mustBeBetween": [1, 2]}]
            + [{"metric": "rowCount", "mustNotBe": rows} for rows in (1, 2)]
        ),
        "schema[0].quality[2].mustNotBe: mustNotBe 2 rows and mustBeBetween [1, 2] rows (schema[0].quality[0]), mustN",
    ),
    (_two_rules("invalidValues", "validValues", [["a", "b"], ["b", "a"]]), f"({COLUMN_RULE}) can never pass together"),
    (
        _two_rules(
            "missingValues",
            "missingValues",
            [[1, None], [None, 1.0]],
            logicalType="number",
            physicalType="decimal(3,1)",
        ),
        f"({COLUMN_RULE}) can never pass together",
    ),
]


@pytest.mark.parametrize(("contract", "message"), [*NEVER_FAIL, *NEVER_PASS, *CONTRADICTIONS])
def test_a_rule_that_checks_nothing_or_can_never_pass_is_refused_with_its_reason(
    contract: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(ContractError) as refusal:
        parse_contract(contract)
    assert message in str(refusal.value)
    assert len(refusal.value.problems) == 1


@pytest.mark.parametrize(
    "contract",
    [
        with_rule(metric="nullValues", mustBeLessOrEqualTo=0.5),
        with_rule(metric="nullValues", mustBeLessThan=100, unit="percent"),
        with_rule(metric="duplicateValues", mustBe=0),
        with_table_rule(metric="rowCount", mustBe=0),
        with_table_rule(metric="rowCount", mustBeGreaterThan=0, severity="warning"),
        with_column(required=True, quality=[{"metric": "nullValues", "mustBeGreaterThan": 5, "severity": "warning"}]),
        with_column(
            quality=[
                {"metric": "nullValues", "mustBeGreaterThan": n, "unit": u} for n, u in ((5, "rows"), (1, "percent"))
            ]
        ),
        with_options("string", minLength=0, maxLength=0),
        with_options("integer", format="i32", minimum=0, maximum=2**31 - 1),
        with_options("integer", exclusiveMinimum=4, exclusiveMaximum=6),
        with_options("integer", minimum=5, maximum=5),
        with_options("number", exclusiveMinimum=4, exclusiveMaximum=5),
        with_options("number", format="f32", minimum=0.1, maximum=0.1),
        with_options("number", maximum=10**37),
        listing([True], column_type="boolean"),
        listing(list(range(-128, 127)), column_type="tinyint"),
        _two_rules("invalidValues", "validValues", [[*"abcde"], [*"abcdf"]]),
        _two_rules("invalidValues", "validValues", [[*"abcdef"], [*"abcdeg"]]),
        matching("^a*$"),
        matching(r"^[^\n]*$"),
        matching("a+"),
        matching(r"^[ \t]?.$"),
    ],
)
def test_a_rule_that_some_data_breaks_and_some_meets_is_accepted(contract: Mapping[str, Any]) -> None:
    assert parse_contract(contract).name == "orders"


SMALL = range(-130, 131)


@pytest.mark.parametrize("column_type", ["tinyint", "decimal(2,0)", "decimal(2,1)"])
def test_bounds_on_numbers_are_judged_as_by_trying_every_value(column_type: str) -> None:
    step, last = (10, 99) if column_type == "decimal(2,1)" else (1, 99 if column_type.startswith("dec") else 128)
    domain = [value / step for value in range(-last, last + (column_type != "tinyint"))]
    low_ends, high_ends = (-128.5, -9.9, -1, 4, 4.5, 200), (-200, -9.95, 4, 4.5, 5, 9.9, 99, 127)
    for low, high in itertools.product(low_ends, high_ends):
        for low_name, high_name in itertools.product(
            ("minimum", "exclusive_minimum"), ("maximum", "exclusive_maximum")
        ):
            ends: dict[str, Any] = {low_name: low, high_name: high}
            limited = Rule("r", "invalidValues", "v", ("v",), "mustBe", 0, **ends)
            valid = [
                value
                for value in domain
                if (value >= low if low_name == "minimum" else value > low)
                and (value <= high if high_name == "maximum" else value < high)
            ]
            assert leave_no_value([limited], column_type) is (not valid), (limited, valid)
            assert rules_out_nothing(limited, column_type) is (len(valid) == len(domain)), (limited, valid)


def test_a_pattern_is_refused_only_when_it_matches_every_text_that_is_tried() -> None:
    pieces = ["^", "$", "a", "a*", "a?", ".", ".*", "(a|)", "[^a]", r"\$", "|", r"(a)*\1", "[$^]*", "(?!a)", "^.*$"]
    texts = ["", "a", "b", "\n", "ab", "ba", "b\n", "\na", "$", "^", "aa", "b a", "\r"]
    refused = 0
    for parts in itertools.product(["", *pieces], repeat=3):
        pattern = "".join(parts)
        try:
            expression = re.compile(portable_pattern(pattern), re.ASCII)
        except re.error:
            continue
        limited = Rule("r", "invalidValues", "v", ("v",), "mustBe", 0, pattern=pattern)
        if rules_out_nothing(limited, "string") and pattern != "^.*$":
            refused += 1
            assert [text for text in texts if not expression.search(text)] == [], pattern
    assert refused > 100


def test_long_lists_are_judged_within_a_moment() -> None:
    values = list(range(30_000))
    limited = Rule("r", "invalidValues", "v", ("v",), "mustBe", 0, valid_values=tuple(values), minimum=10**6)
    started = time.monotonic()
    assert leave_no_value([limited, limited], "bigint") is True
    assert rules_out_nothing(limited, "bigint") is False
    assert time.monotonic() - started < 10
