"""The arithmetic of a rule: the eight operators, and patterns that mean the same in every engine."""

import re

import pytest

from contract import Rule
from contract.patterns import pattern_problem, portable_pattern
from core.operators import holds


@pytest.mark.parametrize(
    ("operator", "limit", "passing", "failing"),
    [
        ("mustBe", 3, [3, 3.0], [2.999999, 4]),
        ("mustNotBe", 3, [2, 4], [3, 3.0]),
        ("mustBeGreaterThan", 3, [3.0001, 9], [3, 0]),
        ("mustBeGreaterOrEqualTo", 3, [3, 9], [2.9999]),
        ("mustBeLessThan", 3, [2.9999, 0], [3, 9]),
        ("mustBeLessOrEqualTo", 3, [3, 0], [3.0001, 9]),
        ("mustBeBetween", (1, 3), [1, 2, 3], [0.9999, 3.0001]),
        ("mustNotBeBetween", (1, 3), [0.9999, 3.0001], [1, 2, 3]),
    ],
)
def test_operators_are_inclusive_where_the_standard_says_so(
    operator: str, limit: float | tuple[float, float], passing: list[float], failing: list[float]
) -> None:
    assert [holds(operator, value, limit) for value in passing] == [True] * len(passing)
    assert [holds(operator, value, limit) for value in failing] == [False] * len(failing)


@pytest.mark.parametrize(
    ("operator", "limit"), [("mustNotBe", 3), ("mustNotBeBetween", (1, 3)), ("mustBeLessThan", 3), ("mustBe", 0)]
)
def test_a_value_that_is_no_number_satisfies_nothing(operator: str, limit: float | tuple[float, float]) -> None:
    assert holds(operator, float("nan"), limit) is False


@pytest.mark.parametrize(
    ("operator", "limit", "message"),
    [
        ("mustbe", 1, "operator 'mustbe' is not known; allowed: mustBe, mustNotBe"),
        ("mustBe", (1, 2), r"operator mustBe needs one number, got \(1, 2\)"),
        ("mustBeBetween", 1, "operator mustBeBetween needs a pair of numbers, got 1"),
    ],
)
def test_an_unknown_operator_or_a_limit_of_the_wrong_shape_never_passes(
    operator: str, limit: float | tuple[float, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        holds(operator, 1, limit)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{3}$",
        r"^\d+(\.\d{1,2})?$",
        r"^(?:a|b)*?c{2,}$",
        r"(?<=a)b(?!c)",
        r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
        r"^(.)\1$",
        r"[&|~a-]",
        r"\x41\u00e9",
        r"^\[\]\{\}\$$",
    ],
)
def test_an_ordinary_pattern_is_accepted_and_its_executable_form_compiles(pattern: str) -> None:
    assert pattern_problem(pattern) is None
    re.compile(portable_pattern(pattern), re.ASCII)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        ("^abc$", "abc", True),
        ("^abc$", "abc\n", False),
        ("^a.c$", "a\rc", True),
        ("^a.c$", "a\u2028c", True),
        ("^a.c$", "a\nc", False),
        (r"^[.$]+$", "$.", True),
        (r"^[.$]+$", "ab", False),
        (r"^a\.c$", "abc", False),
        (r"^\d$", "\u0663", False),
    ],
)
def test_a_pattern_searches_and_its_anchors_are_exact(pattern: str, value: str, matches: bool) -> None:
    rule = Rule("r", "invalidValues", "c", ("c",), "mustBe", 0, pattern=pattern)
    assert rule.regex is not None
    assert bool(re.search(rule.regex, value, re.ASCII)) is matches


def test_a_rule_without_a_pattern_has_nothing_to_execute() -> None:
    assert Rule("r", "rowCount", None, (), "mustBeGreaterThan", 0).regex is None
