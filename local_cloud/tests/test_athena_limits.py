"""Extreme values in casts, operators and functions: each gives a value, NULL or one of Trino's errors."""

import re
from collections.abc import Callable, Iterator
from itertools import product
from random import Random
from typing import Final

import pytest

from local_cloud.athena.errors import MalformedQuery, QueryFailed
from local_cloud.athena.trino import forms
from local_cloud.athena.trino.calls import ELSEWHERE
from local_cloud.athena.trino.datatypes import Type
from local_cloud.athena.trino.functions import AGGREGATES, REGISTER

Rows = list[tuple[str | None, ...]]
Ask = Callable[[str], Rows]
_CAUGHT_BY_TRY: Final = re.compile(
    "INVALID_CAST_ARGUMENT|INVALID_FUNCTION_ARGUMENT|NUMERIC_VALUE_OUT_OF_RANGE|DIVISION"
)
_EXTREMES: Final = {
    "double": ["1e300", "-1.7976931348623157e308", "5e-324", "nan()", "infinity()", "-infinity()", "-0e0", "9.3e18"],
    "real": ["CAST('NaN' AS real)", "CAST(3.4e38 AS real)"],
    "decimal": ["99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001", "-2.5"],
    "bigint": ["9223372036854775807", "-9223372036854775807 - 1", "0", "-1", "64"],
    "integer": ["2147483647", "-2147483648", "3"],
    "smallint": ["CAST(32767 AS smallint)"],
    "tinyint": ["CAST(-128 AS tinyint)"],
    "varchar": ["''", "' '", "'1e300'", "'-1e999999999999'", "'1e-999999999999'", "'NaN'", "'Infinity'"],
    "boolean": ["true"],
    "date": ["DATE '9999-12-31'", "DATE '0001-01-01'"],
    "timestamp": ["TIMESTAMP '9999-12-31 23:59:59.999999'", "TIMESTAMP '0001-01-01 00:00:00'"],
    "timestamp with time zone": [
        "TIMESTAMP '9999-12-31 23:59:59.999 -14:00'", "TIMESTAMP '0001-01-01 00:00:00.000 +14:00'",
    ],
    "interval day to second": ["INTERVAL '9999999' DAY", "INTERVAL '-5' SECOND"],
    "interval year to month": ["INTERVAL '99999' MONTH"],
    "json": ["JSON '1e400'", "JSON '[1e400, null]'", "JSON 'null'"],
    "varbinary": ["X'00ff'"],
    "time": ["TIME '23:59:59.999'"],
}  # fmt: skip
_TEXTS: Final = [
    *("'1_0'", "'٣'"),
    *("'%'", "'('", "'a'", "'[a'", "'$.a'", "'lax $.a'", "'day'", "'UTC'", "'yyyy-MM-dd'", "'%Y-%m-%d %f'", "'\\'"),
    *("'9999-12-31'", "'9999-12-31 23:59:59.9999999'", "'http://[::1'", "'{\"a\":1e400}'", "'2020-01-01 00:00:00 X/Y'"),
    *(f"'{'9' * 400}'", f"'0.{'0' * 5000}1'", "'\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}'"),
]
_VALUES: Final = [*(value for values in _EXTREMES.values() for value in values), *_TEXTS, "NULL", "ARRAY[1e300, nan()]"]
_TYPES: Final = [
    *("tinyint", "smallint", "integer", "bigint", "real", "double", "decimal(10,2)", "decimal(38,0)", "decimal(38,38)"),
    *("varchar", "varchar(1)", "boolean", "date", "timestamp(0)", "timestamp(6)", "timestamp with time zone", "json"),
    *("array(integer)", "array(decimal(10,2))"),
]


def asked(ask: Ask, sql: str) -> Rows | str:
    """Return the rows, or Athena's reason; anything else that is raised fails the test."""
    try:
        return ask(sql)
    except (QueryFailed, MalformedQuery) as reason:
        return str(reason)


def arguments(kind: Type) -> list[str]:
    if len(kind.name) == 1:
        return ["1", "'a'", "1e300", "nan()", "ARRAY[1, NULL]", "NULL", "MAP(ARRAY[1], ARRAY[nan()])", "ROW(1, NULL)"]
    if kind.name == "array":
        return [f"ARRAY[{a}, {b}]" for a, b in product(arguments(kind.items[0])[:5], repeat=2)]
    if kind.name == "map":
        return [f"MAP(ARRAY[{a}], ARRAY[{b}])" for a, b in product(*(arguments(item)[:4] for item in kind.items))]
    return [*_EXTREMES.get(kind.name, ()), *(_TEXTS if kind.is_text else ()), "NULL"]


@pytest.mark.parametrize("kind", _TYPES)
def test_a_cast_gives_a_value_or_a_reason_and_try_makes_the_reason_null(ask: Ask, kind: str) -> None:
    for value in _VALUES:
        plain = asked(ask, f"SELECT CAST({value} AS {kind})")
        expected = [(None,)] if isinstance(plain, str) and _CAUGHT_BY_TRY.match(plain) else plain
        for tried in (f"SELECT TRY(CAST({value} AS {kind}))", f"SELECT TRY_CAST({value} AS {kind})"):
            found = asked(ask, tried)
            assert found == expected or isinstance(expected, str), tried  # a refusal names another place then


def test_arithmetic_gives_a_value_or_a_reason(ask: Ask) -> None:
    values = [value for value in _VALUES if not value.startswith("'")]
    for left, right in product(values, repeat=2):
        for sign in Random(left + right).sample("+-*/%", k=2):
            asked(ask, f"SELECT ({left}) {sign} ({right})")


def calls(random: Random) -> Iterator[str]:
    for name, functions in sorted(REGISTER.items()):
        for function in functions:
            for _ in range(6 * len(function.parameters)):
                given = ", ".join(random.choice(arguments(kind)) for kind in function.parameters)
                yield f"SELECT {name}({given})"
    for name in sorted(forms.FORMS):
        for _ in range(6):
            yield f"SELECT {name}({', '.join(random.choices(_VALUES, k=random.randint(1, 3)))})"


def test_a_function_gives_a_value_or_a_reason(ask: Ask) -> None:
    for sql in calls(Random(6)):
        asked(ask, sql)


def test_an_aggregate_gives_a_value_or_a_reason(ask: Ask) -> None:
    random = Random(6)
    for name, functions in sorted(AGGREGATES.items()):
        for parameters in (function.parameters for function in functions if function.parameters):
            names = ", ".join("abc"[: len(parameters)])
            for _ in range(6):
                row = ", ".join(random.choice(arguments(kind)) for kind in parameters)
                asked(ask, f"SELECT {name}({names}) FROM (VALUES ({row}), ({row})) v({names})")  # noqa: S608


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("TRY(CAST(1e300 AS decimal(10,2)))", None),
        ("CAST(99.994e0 AS decimal(4,2))", "99.99"),
        ("TRY(CAST(99.995e0 AS decimal(4,2)))", None),
        ("CAST('1e-999999999999' AS decimal(4,2))", "0.00"),
        ("CAST('0e99999' AS decimal(4,2))", "0.00"),
        ("sequence(DATE '9999-12-30', DATE '9999-12-31')", "[9999-12-30, 9999-12-31]"),
        (
            "sequence(TIMESTAMP '2025-01-01 00:00:00', TIMESTAMP '2025-01-01 01:30:00', INTERVAL '1' HOUR)",
            "[2025-01-01 00:00:00.000, 2025-01-01 01:00:00.000]",
        ),
        ("round(123, -9223372036854775807)", "0"),
        ("round(1.5, -9223372036854775807)", "0.0"),
        ("url_extract_parameter('http://[::1?a=b', 'a')", None),
    ],
)
def test_at_the_limits(ask: Ask, sql: str, expected: str | None) -> None:
    assert ask(f"SELECT {sql}") == [(expected,)]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CAST(1e300 AS decimal(10,2))", "INVALID_CAST_ARGUMENT: Cannot cast DOUBLE '1.0E300' to DECIMAL(10, 2)"),
        ("CAST(nan() AS decimal(10,2))", "INVALID_CAST_ARGUMENT: Cannot cast DOUBLE 'NaN' to DECIMAL(10, 2)"),
        ("CAST(infinity() AS bigint)", "INVALID_CAST_ARGUMENT: Cannot cast double Infinity to bigint"),
        ("DATE '9999-12-31' + INTERVAL '1' DAY", "NOT_SUPPORTED: a year before 1 or after 9999"),
        (
            "sequence(0, 9223372036854775807)",
            "INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more",
        ),
        ("split_to_map('a', '', '=')", "INVALID_FUNCTION_ARGUMENT: The delimiters may not be the empty string"),
        (
            "max_by(a, m) FROM (VALUES (1, MAP(ARRAY[1], ARRAY[2])), (2, MAP(ARRAY[1], ARRAY[3]))) v(a, m) --",
            "NOT_SUPPORTED: an order of maps",
        ),
        ("max_by(a, b, -1)", "INVALID_FUNCTION_ARGUMENT: the number of values must be positive: -1"),
    ],
)
def test_beyond_the_limits(ask: Ask, sql: str, reason: str) -> None:
    with pytest.raises(QueryFailed, match=f"^{re.escape(reason)}"):
        ask(f"SELECT {sql} FROM t")  # noqa: S608


def test_maps_have_no_order(ask: Ask) -> None:
    maps = "(VALUES (1, MAP(ARRAY[1], ARRAY[2])), (2, MAP(ARRAY[1], ARRAY[3])))"
    with pytest.raises(QueryFailed, match=r"^NOT_SUPPORTED: an order of maps"):
        ask(f"SELECT max_by(a, m) FROM {maps} AS v(a, m)")  # noqa: S608


@pytest.mark.parametrize("name", sorted(name for name in ELSEWHERE if not name.startswith("json_")))
def test_a_function_that_only_athena_has_is_refused_by_name(ask: Ask, name: str) -> None:
    with pytest.raises(QueryFailed, match=rf"(?i)^NOT_SUPPORTED: .*{name}"):
        ask(f"SELECT {name}(a, b) FROM t")  # noqa: S608
