"""What an expression means: which columns it reads, the SQL that Spark is given for it, and what is equal to what."""

import re
import sys

import pytest

from contract.expressions import Expression, ExpressionError, parse_expression
from contract.expressions.calls import names
from tests.unit.programs import ROOT

DOCUMENT = ROOT / "docs/expressions.md"

PRINTED = {
    "lower(trim(email))": "lower(trim(`email`))",
    "LOWER ( email )": "lower(`email`)",
    "`order` || '-' || `date`": "((`order` || '-') || `date`)",
    "a + b * c": "try_add(`a`, try_multiply(`b`, `c`))",
    "(a + b) * c": "try_multiply(try_add(`a`, `b`), `c`)",
    "a - b - c": "try_subtract(try_subtract(`a`, `b`), `c`)",
    "a / b % c DIV d": "(((`a` / `b`) % `c`) DIV `d`)",
    "-a * b": "try_multiply(try_subtract(0, `a`), `b`)",
    "a - -1": "try_subtract(`a`, (-1))",
    "+a": "`a`",
    "NOT a OR b AND c": "((NOT `a`) OR (`b` AND `c`))",
    "NOT a = b": "(NOT (`a` = `b`))",
    "NOT NOT a": "(NOT (NOT `a`))",
    "a != b": "(`a` <> `b`)",
    "a <=> NULL": "(`a` <=> NULL)",
    "a IS NOT NULL AND b is null": "((`a` IS NOT NULL) AND (`b` IS NULL))",
    "a NOT IN (1, 2)": "(`a` NOT IN (1, 2))",
    "a BETWEEN 1 AND 2 AND b": "((`a` BETWEEN 1 AND 2) AND `b`)",
    "a NOT BETWEEN b + 1 AND 2": "(`a` NOT BETWEEN try_add(`b`, 1) AND 2)",
    "a LIKE 'x%'": "(`a` LIKE 'x%')",
    r"a NOT RLIKE '^\\d.$'": r"(`a` NOT RLIKE '^\\d[^\\n](?![\\s\\S])')",
    "CASE WHEN a THEN 1 ELSE 2 END": "CASE WHEN `a` THEN 1 ELSE 2 END",
    "case a when 1 then 'x' when 2 then 'y' end": "CASE `a` WHEN 1 THEN 'x' WHEN 2 THEN 'y' END",
    "if(a, b, c)": "CASE WHEN `a` THEN `b` ELSE `c` END",
    "nvl2(a, b, c)": "CASE WHEN (`a` IS NOT NULL) THEN `b` ELSE `c` END",
    "nvl(a, b)": "coalesce(`a`, `b`)",
    "abs(a)": "CASE WHEN (`a` < 0) THEN try_subtract(0, `a`) ELSE `a` END",
    "mod(a, 2)": "(`a` % 2)",
    "CAST(a AS Integer)": "try_cast(`a` AS int)",
    "try_cast(a as numeric(12, 2))": "try_cast(`a` AS decimal(12,2))",
    "to_date(a)": "try_cast(`a` AS date)",
    "timestamp_millis(a)": "timestamp_micros((try_multiply(try_multiply(`a`, 1000L), 32L) DIV 32L))",
    "a.b.c[0]['k']": "`a`.`b`.`c`[0]['k']",
    "split(a, ',')[0]": "split(`a`, ',')[0]",
    "DATE '2025-01-31'": "DATE '2025-01-31'",
    "timestamp '2025-01-31 10:15:00+02:00'": "TIMESTAMP '2025-01-31 08:15:00.000000Z'",
    "007": "7",
    "2147483648": "2147483648L",
    "-9223372036854775808": "(-9223372036854775808L)",
    "00.50": "0.50",
    "-0.0": "0.0",
    "TRUE": "TRUE",
    "'it''s'": r"'it\'s'",
    r"'it\'s'": r"'it\'s'",
    r"'a\\b\n\t\r'": r"'a\\b\n\t\r'",
    r"'\u0041\u200b\u00e9'": r"'A\u200bé'",
    "'${env:HOME}'": r"'\u0024{env:HOME}'",
    "'-- /* ; {{ x }} */'": "'-- /* ; {{ x }} */'",
    "'日本 😀'": "'日本 😀'",
}


@pytest.mark.parametrize("text", PRINTED)
def test_an_expression_is_printed_in_one_form(text: str) -> None:
    assert parse_expression(text).sql == PRINTED[text]


@pytest.mark.parametrize("text", PRINTED)
def test_what_is_printed_is_the_same_expression(text: str) -> None:
    expression = parse_expression(text)
    assert parse_expression(expression.sql) == expression


def test_columns_are_named_once_in_the_order_of_the_text() -> None:
    assert parse_expression("if(c > a, b.inner, c[a] || `d`)").columns == ("c", "a", "b", "d")
    assert parse_expression("abs(a)").columns == ("a",)
    assert parse_expression("1").columns == ()


def test_the_case_of_a_column_is_kept() -> None:
    assert parse_expression("Email").columns == ("Email",)
    with pytest.raises(ExpressionError, match="there is no column 'Email'; did you mean 'email'"):
        parse_expression("Email").kind_in({"email": "string"})


def test_two_expressions_are_equal_whatever_their_spaces_parentheses_and_keywords() -> None:
    assert parse_expression("a + b") == parse_expression("( a)+\n\tb")
    assert parse_expression("a and NOT b") == parse_expression("A AND b".replace("A ", "a ").replace("b", "not b"))
    assert parse_expression("a + b") != parse_expression("b + a")
    assert parse_expression("1.5") != parse_expression("1.50")


def test_no_dollar_reaches_spark_which_would_fill_in_its_settings_and_the_environment() -> None:
    for text in ("'$'", "a RLIKE '^x$'", "regexp_replace(a, '(x)$', '$1')", r"replace(a, '$', '\u0024')"):
        assert "$" not in parse_expression(text).sql


def test_long_but_allowed_expressions_need_no_deep_stack() -> None:
    widest = " || ".join(["a"] * 60)
    deepest = "(" * 60 + "a" + ")" * 60
    limit = sys.getrecursionlimit()
    for text in (widest, deepest, "lower(" * 59 + "a" + ")" * 59, "NOT " * 59 + "ok"):
        expression = parse_expression(text)
        assert parse_expression(expression.sql) == expression
        assert expression.kind_in({"a": "string", "ok": "boolean"}) in ("string", "boolean")
    assert sys.getrecursionlimit() == limit


def test_an_expression_can_be_kept_in_sets_and_shown() -> None:
    assert len({parse_expression("a + 1"), parse_expression("a+1")}) == 1
    assert isinstance(parse_expression("a"), Expression)


def test_the_document_names_every_function_and_every_one_that_it_names_is_allowed_or_left_out() -> None:
    allowed_part, left_out = DOCUMENT.read_text(encoding="utf-8").partition("## Left out")[::2]
    functions = allowed_part.partition("## Functions")[2]
    assert [name for name in names() if not re.search(rf"`{name}\b", functions)] == []
    assert {name for name in re.findall(r"`([a-z_0-9]+)", functions) if "_" in name} <= {*names()}
    wrongly = {name for name in re.findall(r"`([a-z_0-9]+)`", left_out) if name in names()} - {
        "ceil",
        "floor",
        "to_date",
        "lower",
        "upper",
        "array_size",
        "contains",
    }
    assert wrongly == set()
