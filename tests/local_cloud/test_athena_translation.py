"""Athena's SQL against the values that Trino's documentation gives: https://trino.io/docs/current/functions.html."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from sqlglot import exp

from local_cloud.athena import pruning, rendering, session
from local_cloud.athena.dialect import parsed
from local_cloud.athena.errors import MalformedQuery, NotSupported, QueryFailed
from local_cloud.athena.translation import TableName, Translation

_TABLE: Final = """
CREATE TABLE t AS SELECT 7 AS a, 2 AS b, NULL::INTEGER AS n, 1.50::DECIMAL(10, 2) AS d, 'x' AS s, [1, 2] AS l,
MAP {'k': 1} AS m, DATE '2020-01-31' AS dt, TIMESTAMP '2020-01-31 10:20:30.123' AS ts, 2.5::DOUBLE AS f,
[{'id': 'r', 'passed': true}] AS checks, '{"a": {"b": 1}, "c": [1, 2], "d": "x"}' AS j
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The engine of one query, with a table of one row."""
    connection = session.opened(tmp_path_factory.mktemp("engine"))
    connection.execute(_TABLE)
    yield connection
    connection.close()


def _translated(sql: str) -> str:
    def resolve(wanted: TableName, _node: exp.Table) -> str:
        if wanted.name != "t":
            raise QueryFailed(f"TABLE_NOT_FOUND: {wanted.position}")
        return "t"

    return Translation(sql, "db", resolve, lambda name: name == "m").duckdb(parsed(sql))


def _rows(engine: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    try:
        return engine.execute(_translated(sql)).fetchall()
    except duckdb.Error as error:
        raise session.failure(error, sql=sql) from error


_VALUES: Final[list[tuple[str, Any]]] = [
    # Whole numbers divide to whole numbers, towards zero.
    ("7 / 2", "3"),
    ("-7 / 2", "-3"),
    ("-7 % 3", "-1"),
    ("mod(7, 3)", "1"),
    ("a / b", "3"),
    ("1000 / 3 * 1000", "333000"),
    ("sum(a) / count(*)", "7"),
    ("sum(f) / 2", "1.25"),
    ("max(f) / 2", "1.25"),
    ("7 / 2e0", "3.5"),
    ("1e0 / 0", "Infinity"),
    ("-f / 0", "-Infinity"),
    ("0e0 / 0", "NaN"),
    ("f / n", None),
    ("5e0 % 0", "NaN"),
    ("sum(a) % 4", "3"),
    ("CAST(a AS double) / b", "3.5"),
    ("try(1 / 0)", None),
    ("try_cast('x' AS integer)", None),
    ("try(CAST('1.5' AS integer))", None),
    # NULL
    ("greatest(1, n)", None),
    ("least(1, 2)", "1"),
    ("concat('a', CAST(NULL AS varchar))", None),
    ("coalesce(n, 3)", "3"),
    ("nullif(1, 1)", None),
    ("if(a > 1, 'yes')", "yes"),
    ("if(a < 1, 'yes')", None),
    ("n IS DISTINCT FROM 1", "true"),
    # Arrays and maps
    ("l[1]", "1"),
    ("m['k']", "1"),
    ("element_at(l, 3)", None),
    ("element_at(l, -1)", "2"),
    ("element_at(m, 'absent')", None),
    ("cardinality(l)", "2"),
    ("cardinality(m)", "1"),
    ("map_keys(m)", "[k]"),
    ("m", "{k=1}"),
    ("checks", "[{id=r, passed=true}]"),
    ("checks[1].id", "r"),
    ("contains(l, 2)", "true"),
    ("contains(ARRAY[1, NULL], 2)", None),
    ("filter(l, x -> x > 1)", "[2]"),
    ("transform(l, x -> x * 2)", "[2, 4]"),
    ("reduce(l, 0, (s, x) -> s + x, s -> s)", "3"),
    ("any_match(l, x -> x > 1)", "true"),
    ("any_match(ARRAY[NULL, 1], x -> x > 5)", None),
    ("all_match(ARRAY[NULL, 1], x -> x > 0)", None),
    ("CAST(2.5e0 AS bigint)", "3"),
    ("CAST(f AS integer)", "3"),
    ("CAST(-f AS integer)", "-3"),
    ("s || 'y' || s", "xyx"),
    ("concat(s, 'y', s)", "xyx"),
    ("all_match(l, x -> x > 1)", "false"),
    ("sequence(1, 3)", "[1, 2, 3]"),
    ("map(ARRAY['a'], ARRAY[1])", "{a=1}"),
    ("ARRAY[1, NULL]", "[1, null]"),
    # Text
    ("substr('abc', 0)", ""),
    ("substr('abc', -2)", "bc"),
    ("substr('abc', 2, 1)", "b"),
    ("split_part('a,b', ',', 5)", None),
    ("split('a,b', ',')", "[a, b]"),
    ("strpos('abc', 'c')", "3"),
    ("position('b' IN 'abc')", "2"),
    ("replace('abca', 'a')", "bc"),
    ("regexp_extract('abc', 'x')", None),
    ("regexp_extract('1a 2b', '(\\d+)([a-z]+)', 2)", "a"),
    ("regexp_replace('1a 2b', '(\\d+)([a-z]+) ', '3c$2')", "3ca2b"),
    ("regexp_like('1a 2b', '\\d+b')", "true"),
    ("regexp_count('1a 2b 14m', '\\d')", "4"),
    ("CAST('abc' AS varchar(2))", "ab"),
    ("CAST(ts AS varchar)", "2020-01-31 10:20:30.123"),
    # Time
    ("day_of_week(DATE '2024-01-07')", "7"),
    ("extract(year FROM dt)", "2020"),
    ("date_add('day', 1, dt)", "2020-02-01"),
    ("date_add('month', 1, dt)", "2020-02-29"),
    ("dt + INTERVAL '1' DAY", "2020-02-01"),
    ("max(ts) + INTERVAL '1' DAY", "2020-02-01 10:20:30.123"),
    ("date_trunc('month', dt)", "2020-01-01"),
    ("date_trunc('hour', ts)", "2020-01-31 10:00:00.000"),
    ("date_diff('day', TIMESTAMP '2020-01-01 10:00:00', TIMESTAMP '2020-01-02 09:00:00')", "0"),
    ("date_diff('day', DATE '2020-03-01', DATE '2020-01-01')", "-60"),
    ("date_format(ts, '%Y-%m-%d %H:%i:%s')", "2020-01-31 10:20:30"),
    ("date_format(ts, '%M %e, %W %c')", "January 31, Friday 1"),
    ("date_parse('2020-01-02 03:04', '%Y-%m-%d %H:%i')", "2020-01-02 03:04:00.000"),
    ("from_iso8601_date('2020-01-02')", "2020-01-02"),
    ("CAST(from_iso8601_timestamp('2020-01-02T03:04:05+01:00') AS varchar)", "2020-01-02 02:04:05.000 UTC"),
    ("CAST(from_unixtime(1) AS varchar)", "1970-01-01 00:00:01.000 UTC"),
    ("to_unixtime(TIMESTAMP '1970-01-01 00:00:01')", "1.0"),
    # JSON
    ("json_extract_scalar(j, '$.a.b')", "1"),
    ("json_extract_scalar(j, '$.a')", None),
    ("json_extract_scalar(j, '$.c[1]')", "2"),
    ("json_extract_scalar('no json', '$.a')", None),
    ("json_extract(j, '$.a')", '{"b":1}'),
    ("json_array_length('[1, 2]')", "2"),
    ("json_array_length('{}')", None),
    # Aggregates
    ("count_if(a > 1)", "1"),
    ("approx_distinct(a)", "1"),
    ("max_by(s, a)", "x"),
    ("arbitrary(s)", "x"),
    ("array_agg(a)", "[7]"),
    ("histogram(s)", "{x=1}"),
    ("sum(a) FILTER (WHERE a > 100)", None),
    ("listagg(s, ',') WITHIN GROUP (ORDER BY s)", "x"),
]


@pytest.mark.parametrize(("expression", "expected"), _VALUES)
def test_an_expression_has_the_value_that_trino_gives_it(
    engine: duckdb.DuckDBPyConnection, expression: str, expected: str | None
) -> None:
    [[value]] = _rows(engine, f"SELECT {expression} FROM t")  # noqa: S608 # the table of cases above
    assert rendering.text(value) == expected


_QUERIES: Final[list[tuple[str, list[tuple[Any, ...]]]]] = [
    ("SELECT x FROM (VALUES 2, NULL, 1) AS v(x) ORDER BY x", [(1,), (2,), (None,)]),
    ("SELECT x FROM (VALUES 2, NULL, 1) AS v(x) ORDER BY x DESC", [(2,), (1,), (None,)]),
    ("SELECT x, o FROM t CROSS JOIN UNNEST(l) WITH ORDINALITY AS u(x, o)", [(1, 1), (2, 2)]),
    ("SELECT k, v FROM t CROSS JOIN UNNEST(m) AS u(k, v)", [("k", 1)]),
    ("SELECT id, passed FROM t CROSS JOIN UNNEST(checks) AS u(id, passed)", [("r", True)]),
    ("SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS u(x, y)", [(1, "a"), (2, None)]),
    ("SELECT x FROM t LEFT JOIN UNNEST(CAST(ARRAY[] AS array(integer))) AS u(x) ON TRUE", [(None,)]),
    ("WITH w AS (SELECT a FROM t) SELECT w.a, db.t.b FROM w JOIN t ON w.a = db.t.a", [(7, 2)]),
    ("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM t AS u WHERE u.a = t.a) AND a IN (SELECT a FROM t)", [(7,)]),
    ("SELECT 1 UNION ALL SELECT 2 ORDER BY 1 DESC", [(2,), (1,)]),
    ("SELECT rank() OVER (ORDER BY a DESC) FROM t", [(1,)]),
    ("SELECT x FROM UNNEST(sequence(1, 5)) AS u(x) ORDER BY x OFFSET 1 LIMIT 2", [(2,), (3,)]),
]


@pytest.mark.parametrize(("sql", "expected"), _QUERIES)
def test_a_query_has_the_rows_that_trino_gives_it(
    engine: duckdb.DuckDBPyConnection, sql: str, expected: list[tuple[Any, ...]]
) -> None:
    assert _rows(engine, sql) == expected


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT 1 % 0", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT l[3] FROM t", "INVALID_FUNCTION_ARGUMENT: Array subscript"),
        ("SELECT m['absent'] FROM t", "INVALID_FUNCTION_ARGUMENT: Key not present in map"),
        ("SELECT CAST('1.5' AS integer)", "INVALID_CAST_ARGUMENT"),
        ("SELECT s = 1 FROM t", "TYPE_MISMATCH: Cannot apply operator: varchar = integer"),
        ("SELECT 1 FROM t WHERE s IN (1)", "TYPE_MISMATCH"),
        ("SELECT s || 1 FROM t", "TYPE_MISMATCH"),
        ("SELECT 1 FROM (VALUES '1') AS u(x) JOIN (VALUES 1) AS v(y) ON u.x = v.y", "TYPE_MISMATCH"),
        ("SELECT 1 FROM t WHERE dt > '2020-01-01'", "TYPE_MISMATCH: Cannot apply operator: date > varchar"),
        ("SELECT\n absent FROM t", "COLUMN_NOT_FOUND: line 2:2: Column 'absent' cannot be resolved"),
        ("SELECT strftime(ts, '%Y') FROM t", "FUNCTION_NOT_FOUND: line 1:8: Function 'strftime' not registered"),
        ("SELECT b FROM t GROUP BY a", "EXPRESSION_NOT_AGGREGATE"),
        ("SELECT date_format(ts, '%U') FROM t", "INVALID_FUNCTION_ARGUMENT"),
        ("SELECT c FROM t CROSS JOIN UNNEST(checks) AS u(c)", "MISMATCHED_COLUMN_ALIASES"),
        ("SELECT * FROM nowhere", "TABLE_NOT_FOUND: line 1:15"),
        # Known to Athena, and refused here because the engine's answer would be another.
        ("SELECT 100.0 * a / b FROM t", "NOT_SUPPORTED: division of decimals"),
        ("SELECT try(d / b) FROM t", "NOT_SUPPORTED: division of decimals"),
        ("SELECT reduce(l, 0, (s, x) -> s + x, s -> s * 10) FROM t", "NOT_SUPPORTED: reduce with an output function"),
        ("SELECT avg(d) FROM t", "NOT_SUPPORTED: average of decimals"),
        ("SELECT dt - dt FROM t", "NOT_SUPPORTED: a difference of times"),
        ("SELECT date_format(ts, s) FROM t", "NOT_SUPPORTED: a date format as an expression"),
        ("SELECT * FROM t TABLESAMPLE BERNOULLI (10)", "NOT_SUPPORTED"),
        ("SELECT DISTINCT ON (a) a FROM t", "NOT_SUPPORTED: DISTINCT ON"),
        ("SELECT * EXCLUDE (a) FROM t", "NOT_SUPPORTED"),
        ("SELECT columns('a') FROM t", "FUNCTION_NOT_FOUND"),
        ("SELECT lag(a) IGNORE NULLS OVER (ORDER BY a) FROM t", "NOT_SUPPORTED"),
    ],
)
def test_a_query_fails_with_its_reason_and_never_answers_wrongly(
    engine: duckdb.DuckDBPyConnection, sql: str, reason: str
) -> None:
    with pytest.raises(QueryFailed) as failed:
        _rows(engine, sql)
    assert str(failed.value).startswith(reason)


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT 'open", "SELECT 1; SELECT 2", "FROM t SELECT a", "SELECT 1::varchar"]
)
def test_other_syntax_is_malformed(sql: str) -> None:
    with pytest.raises((MalformedQuery, NotSupported)):
        _translated(sql)


def test_the_engine_reaches_no_file_outside_of_its_folder(engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with pytest.raises(duckdb.PermissionException):
        engine.execute(f"SELECT * FROM read_text('{tmp_path}/secret')")  # noqa: S608


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("day = 'b'", "b"),
        ("day IN ('a', 'c')", "ac"),
        ("day >= 'b' AND a = 1", "bc"),
        ("day BETWEEN 'a' AND 'b'", "ab"),
        ("day = 'a' OR a = 1", "abc"),
        ("NOT day = 'a'", "abc"),
        ("day = other", "abc"),
    ],
)
def test_partitions_are_left_out_by_conditions_on_the_keys_alone(where: str, kept: str) -> None:
    statement = parsed(f"SELECT 1 FROM t WHERE {where}")  # noqa: S608
    table = next(statement.find_all(exp.Table))
    needed = pruning.conditions(table, keys=frozenset({"day"}))
    assert "".join(day for day in "abc" if all(condition({"day": day}) for condition in needed)) == kept


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1e7, "1.0E7"),
        (0.0001, "1.0E-4"),
        (123456789.125, "1.23456789125E8"),
        (100.0, "100.0"),
        (float("nan"), "NaN"),
        (b"\x00\xff", "00 ff"),
        (True, "true"),
    ],
)
def test_values_are_written_as_athena_writes_them(value: object, expected: str) -> None:
    assert rendering.text(value) == expected
