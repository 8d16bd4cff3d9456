"""What Athena says of a query that it does not answer, and what this engine refuses itself: https://trino.io/docs/current/functions.html."""

from collections.abc import Callable
from typing import Final

import pytest

from local_cloud.athena.dialect import parsed
from local_cloud.athena.errors import MalformedQuery, QueryFailed

Rows = list[tuple[str | None, ...]]
_REASONS: Final[list[tuple[str, str]]] = [
    (
        "SELECT json_format(cast(row(1,2) as row(x int,y int)) ) FROM t",
        "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (row(x integer, y integer)) for",
    ),
    ("SELECT checksum(a) FROM t", "NOT_SUPPORTED: line 1:8: the function checksum"),
    ("SELECT 1e0+2", "NOT_SUPPORTED: line 1:8: 1e0+2 without spaces around its sign"),
    ("SELECT m['zz'] FROM t", "INVALID_FUNCTION_ARGUMENT: Key not present in map: zz"),
    ("SELECT l[0] FROM t", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
    ("SELECT 2147483647+1 FROM t", "NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1"),
    ("SELECT cast('abc' as bigint) FROM t", "INVALID_CAST_ARGUMENT: Cannot cast 'abc' to BIGINT"),
    ("SELECT cast('x' as date) FROM t", "INVALID_CAST_ARGUMENT: Value cannot be cast to date: x"),
    (
        "SELECT cast('2020-01-01T00:00:00' as timestamp) FROM t",
        "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: 2020-01-01T00:00:00",
    ),
    ("SELECT a = '7' FROM t", "TYPE_MISMATCH: line 1:10: Cannot apply operator: integer = varchar(1)"),
    (
        "SELECT a between '1' and '2' FROM t",
        "TYPE_MISMATCH: line 1:8: Cannot check if integer is BETWEEN varchar(1) and varchar(1)",
    ),
    (
        "SELECT coalesce(a,'x') FROM t",
        "TYPE_MISMATCH: line 1:19: All COALESCE operands must be the same type or coercible to a",
    ),
    (
        "SELECT case when true then 1 else 'x' end FROM t",
        "TYPE_MISMATCH: line 1:35: All CASE results must be the same type or coercible to a common",
    ),
    (
        "SELECT sum(s) FROM t",
        "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar) for function sum. Expected:",
    ),
    ("SELECT CAST(a AS string) FROM t", "TYPE_NOT_FOUND: Unknown type: string"),
    ("SELECT lower(a) FROM t", "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for function lower."),
    ("SELECT foo(1) FROM t", "FUNCTION_NOT_FOUND: line 1:8: Function 'foo' not registered"),
    ("SELECT dt + 1 FROM t", "TYPE_MISMATCH: line 1:11: Cannot apply operator: date + integer"),
    (
        "SELECT json_value(j, 'lax $.c.x') FROM t",
        "NOT_SUPPORTED: the JSON path 'lax $.c.x', which goes through an array without an index",
    ),
    ("SELECT json_query(j, 'lax $.c' WITH WRAPPER) FROM t", "NOT_SUPPORTED: line 1:19: JSONEXTRACT with option"),
    ("SELECT format('%s',1) FROM t", "NOT_SUPPORTED: line 1:8: the function format"),
    (
        "select s x from t group by x",
        "COLUMN_NOT_FOUND: line 1:28: Column 'x' cannot be resolved or requester is not authorized",
    ),
    (
        "select a from t where sum(a)>1",
        "EXPRESSION_NOT_SCALAR: line 1:23: WHERE clause cannot contain aggregations, window",
    ),
    (
        "select distinct s from t order by a",
        "EXPRESSION_NOT_IN_DISTINCT: line 1:35: For SELECT DISTINCT, ORDER BY expressions must",
    ),
    ("select t.a from t as u", "COLUMN_NOT_FOUND: line 1:8: Column 't.a' cannot be resolved or requester is not"),
    ("select nope from t", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved or requester is not"),
    (
        "select 1 union select 'a'",
        "TYPE_MISMATCH: line 1:8: column 1 in UNION query has incompatible types: integer, varchar(1)",
    ),
    ("select a from t tablesample bernoulli (10)", "NOT_SUPPORTED: line 1:15: a table with SAMPLE"),
    ("select 1 from t join t u", "SYNTAX_ERROR: line 1:22: a join without ON"),
    ("select 1 from t join (select 1 as x) u", "SYNTAX_ERROR: line 1:22: a join without ON"),
    (
        "select a, sum(b) from t",
        "EXPRESSION_NOT_AGGREGATE: line 1:8: 'a' must be an aggregate expression or appear in GROUP BY clause",
    ),
    ("select * from (select 1 as a, 2 as a) q where a=1", "AMBIGUOUS_NAME: line 1:47: Column 'a' is ambiguous"),
    ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT 1 % 0", "DIVISION_BY_ZERO: Division by zero"),
    (
        "SELECT l[3] FROM t",
        "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 3 > 2",
    ),
    ("SELECT m['absent'] FROM t", "INVALID_FUNCTION_ARGUMENT: Key not present in map: absent"),
    ("SELECT CAST('1.5' AS integer)", "INVALID_CAST_ARGUMENT: Cannot cast '1.5' to INT"),
    ("SELECT s = 1 FROM t", "TYPE_MISMATCH: line 1:10: Cannot apply operator: varchar = integer"),
    (
        "SELECT 1 FROM t WHERE s IN (1)",
        "TYPE_MISMATCH: line 1:29: IN value and list items must be the same type or coercible to a",
    ),
    (
        "SELECT s || 1 FROM t",
        "FUNCTION_NOT_FOUND: line 1:10: Unexpected parameters (varchar, integer) for function concat",
    ),
    (
        "SELECT 1 FROM (VALUES '1') AS u(x) JOIN (VALUES 1) AS v(y) ON u.x = v.y",
        "TYPE_MISMATCH: line 1:67: Cannot apply operator: varchar(1) = integer",
    ),
    ("SELECT 1 FROM t WHERE dt > '2020-01-01'", "TYPE_MISMATCH: line 1:26: Cannot apply operator: date > varchar(10)"),
    ("SELECT\n absent FROM t", "COLUMN_NOT_FOUND: line 2:2: Column 'absent' cannot be resolved or requester is not"),
    ("SELECT strftime(ts, '%Y') FROM t", "FUNCTION_NOT_FOUND: line 1:8: Function 'strftime' not registered"),
    (
        "SELECT b FROM t GROUP BY a",
        "EXPRESSION_NOT_AGGREGATE: line 1:8: 'b' must be an aggregate expression or appear in GROUP BY clause",
    ),
    ("SELECT date_format(ts, '%U') FROM t", "INVALID_FUNCTION_ARGUMENT: %U not supported in date format string"),
    (
        "SELECT c FROM t CROSS JOIN UNNEST(checks) AS u(c)",
        "MISMATCHED_COLUMN_ALIASES: line 1:35: Column alias list has 1 entries but 'u' has 2",
    ),
    ("SELECT * FROM nowhere", "TABLE_NOT_FOUND: line 1:15"),
    ("SELECT * FROM t TABLESAMPLE BERNOULLI (10)", "NOT_SUPPORTED: line 1:15: a table with SAMPLE"),
    ("SELECT DISTINCT ON (a) a FROM t", "NOT_SUPPORTED: DISTINCT ON"),
    ("SELECT * EXCLUDE (a) FROM t", "NOT_SUPPORTED: line 1:8: a star with exceptions"),
    ("SELECT columns('a') FROM t", "FUNCTION_NOT_FOUND: line 1:8: Function 'columns' not registered"),
]


@pytest.mark.parametrize(("sql", "reason"), _REASONS)
def test_a_query_fails_with_its_reason_and_never_answers_wrongly(
    ask: Callable[[str], Rows], sql: str, reason: str
) -> None:
    with pytest.raises(QueryFailed) as failed:
        ask(sql)
    assert str(failed.value).startswith(reason)


@pytest.mark.parametrize(
    "sql",
    [
        "SELEC 1",
        "SELECT 'open",
        "SELECT 1; SELECT 2",
        "FROM t SELECT a",
        "SELECT 1::varchar",
        "SELECT a == 7 FROM t",
        "SELECT a FROM t LIMIT 1 OFFSET 0",
        "SELECT a FROM t LIMIT 1, 2",
        "SELECT !true",
        "SELECT a, FROM t",
        "SELECT INTERVAL 1 DAY",
        "SELECT INTERVAL '1 day'",
    ],
)
def test_other_syntax_is_malformed(sql: str) -> None:
    with pytest.raises(MalformedQuery):
        parsed(sql)
