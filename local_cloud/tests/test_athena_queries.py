"""Athena's queries against the rows that Trino gives: https://trino.io/docs/current/functions.html."""

from collections.abc import Callable
from typing import Final

import pytest

Rows = list[tuple[str | None, ...]]
_QUERIES: Final[list[tuple[str, Rows]]] = [
    ("SELECT x FROM (VALUES 2, NULL, 1) AS v(x) ORDER BY x", [("1",), ("2",), (None,)]),
    ("SELECT x FROM (VALUES 2, NULL, 1) AS v(x) ORDER BY x DESC", [("2",), ("1",), (None,)]),
    ("SELECT x, o FROM t CROSS JOIN UNNEST(l) WITH ORDINALITY AS u(x, o)", [("1", "1"), ("2", "2")]),
    ("SELECT k, v FROM t CROSS JOIN UNNEST(m) AS u(k, v)", [("k", "1")]),
    ("SELECT id, passed FROM t CROSS JOIN UNNEST(checks) AS u(id, passed)", [("r", "true")]),
    ("SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS u(x, y)", [("1", "a"), ("2", None)]),
    ("SELECT x FROM t LEFT JOIN UNNEST(CAST(ARRAY[] AS array(integer))) AS u(x) ON TRUE", [(None,)]),
    ("WITH w AS (SELECT a FROM t) SELECT w.a, db.t.b FROM w JOIN t ON w.a = db.t.a", [("7", "2")]),
    ("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM t AS u WHERE u.a = t.a) AND a IN (SELECT a FROM t)", [("7",)]),
    ("SELECT * FROM (VALUES 1) v(x) CROSS JOIN (VALUES 2) w(z)", [("1", "2")]),
    ("SELECT a, x FROM t CROSS JOIN (SELECT DISTINCT 1 AS x) w", [("7", "1")]),
    ("SELECT a, x FROM t, (WITH q AS (SELECT 1 AS x) SELECT x FROM q) w", [("7", "1")]),
    ("SELECT 1 UNION ALL SELECT 2 ORDER BY 1 DESC", [("2",), ("1",)]),
    ("SELECT rank() OVER (ORDER BY a DESC) FROM t", [("1",)]),
    ("SELECT x FROM UNNEST(sequence(1, 5)) AS u(x) ORDER BY x OFFSET 1 LIMIT 2", [("2",), ("3",)]),
    ("select s, count(*) from t group by s having count(*)>0 order by 2 desc", [("x", "1")]),
    ("select upper(s) from t group by upper(s)", [("X",)]),
    (
        "select x,y from (values (1,'a'),(2,'b')) as v(x,y) left join (values 1) w(z) on v.x=w.z order by x desc",
        [("2", "b"), ("1", "a")],
    ),
    ("select x from (values 1,2) v(x) join (values (2,3)) w(x,y) using (x)", [("2",)]),
    (
        "select x, count(*) from (values 1,1,2) v(x) group by rollup(x) order by x",
        [("1", "2"), ("2", "1"), (None, "3")],
    ),
    ("select x, grouping(x) from (values 1) v(x) group by cube(x) order by 2", [("1", "0"), (None, "1")]),
    ("with w as (select 1 as q union all select 2) select sum(q) from w", [("3",)]),
    ("select x from (values 3,null,1) v(x) order by x desc nulls first", [(None,), ("3",), ("1",)]),
    (
        "select x, lag(x) ignore nulls over (order by o) from (values (1,1),(null,2),(3,3)) v(x,o) order by o",
        [("1", None), (None, "1"), ("3", "1")],
    ),
    ("select a+1 as c from t order by c+1", [("8",)]),
    ("select v.x, u.y from (values array[1,2]) v(x) cross join unnest(x) as u(y)", [("[1, 2]", "1"), ("[1, 2]", "2")]),
    ("select y from t, unnest(l) u(y)", [("1",), ("2",)]),
    ("select (select b from t u where u.a = t.a) from t", [("2",)]),
    ("select a from t where a in (select a from t) and exists (select 1 from t u where u.b=t.b)", [("7",)]),
    ("select sum(x) over w from (values 1,2) v(x) window w as (order by x) order by 1", [("1",), ("3",)]),
    ("select rank() over (order by count(*)) from t group by s", [("1",)]),
    ("select max(x), min(y) from (values (1,2),(3,4)) v(x,y) intersect select 3,2", [("3", "2")]),
    ("select x from (values 1,2,3) v(x) except select 2 order by 1", [("1",), ("3",)]),
    ("select count(*) from t where false", [("0",)]),
    ("select a from t group by a, b having b > 1", [("7",)]),
    ("select case s when 'x' then 'y' end from t", [("y",)]),
    ("select ntile(2) over (order by x) from (values 1,2,3) v(x)", [("1",), ("1",), ("2",)]),
    ("select a from db.t where db.t.a = 7", [("7",)]),
    ("select x from (values 1,2,3) v(x) offset 1 limit 1", [("2",)]),
    ("select (a, b) from t", [("{field0=7, field1=2}",)]),
    (
        "select nth_value(x, 2) over (rows between unbounded preceding and unbounded following) from (values 1,2) v(x)",
        [("2",), ("2",)],
    ),
    ("select listagg(x, '-') within group (order by x desc) from (values 'a','b') v(x)", [("b-a",)]),
    ("select count(*) filter (where x>1), sum(distinct x) from (values 1,2,2) v(x)", [("2", "3")]),
    ("select sum(x) from (values 1.10, 2.2) v(x)", [("3.30",)]),
    ("select u.k, v from t cross join unnest(m) with ordinality as u(k,v,o)", [("k", "1")]),
    ("select x from (values 1) v(x) where x = all (select 1)", [("1",)]),
    ("select lead(x,1,0) over (order by x) from (values 1,2) v(x)", [("2",), ("0",)]),
    ("select approx_percentile(x, array[0.5e0,1.0e0]) from (values 1,2,3) v(x)", [("[2, 3]",)]),
    (
        "select date_trunc('day', ts), count(*) from t group by date_trunc('day', ts)",
        [("2020-01-31 00:00:00.000", "1")],
    ),
    ("select date_trunc('day', ts), count(*) from t group by 1", [("2020-01-31 00:00:00.000", "1")]),
]


@pytest.mark.parametrize(("sql", "expected"), _QUERIES)
def test_a_query_has_the_rows_that_trino_gives_it(ask: Callable[[str], Rows], sql: str, expected: Rows) -> None:
    assert ask(sql) == expected
