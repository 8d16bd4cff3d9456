"""Athena's SQL without an emulator: a table of one row, and what a query over it answers."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
from sqlglot import exp

from local_cloud.athena import rendering
from local_cloud.athena.dialect import parsed
from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino.datatypes import of_hive
from local_cloud.athena.trino.queries import Statement, TableName
from local_cloud.athena.trino.scope import Field, Relation
from local_cloud.athena.trino.source import Source
from local_cloud.athena.trino.values import TrinoMap

Rows = list[tuple[str | None, ...]]
_COLUMNS: Final[list[tuple[str, str, Any]]] = [
    ("a", "int", 7),
    ("b", "int", 2),
    ("n", "int", None),
    ("d", "decimal(10,2)", Decimal("1.50")),
    ("s", "string", "x"),
    ("l", "array<int>", (1, 2)),
    ("m", "map<string,int>", TrinoMap({"k": 1})),
    ("dt", "date", date(2020, 1, 31)),
    ("ts", "timestamp", datetime(2020, 1, 31, 10, 20, 30, 123000)),  # noqa: DTZ001 # Trino's timestamps have no zone
    ("f", "double", 2.5),
    ("checks", "array<struct<id:string,passed:boolean>>", (("r", True),)),
    ("j", "string", '{"a": {"b": 1}, "c": [1, 2], "d": "x"}'),
]


def _table(wanted: TableName, _node: exp.Table) -> Relation:
    if wanted.name != "t":
        raise QueryFailed(f"TABLE_NOT_FOUND: {wanted.position}")
    fields = tuple(Field(name, of_hive(kind)) for name, kind, _ in _COLUMNS)
    return Relation(fields, lambda: iter([tuple(value for _, _, value in _COLUMNS)]))


@pytest.fixture(scope="session")
def ask() -> Callable[[str], Rows]:
    """Ask a query for its rows as Athena shows them."""

    def answer(sql: str) -> Rows:
        relation = Statement(Source(sql), "db", _table).query(parsed(sql))
        writers = [rendering.writer(item.type) for item in relation.fields]
        return [
            tuple(None if value is None else write(value) for value, write in zip(row, writers, strict=True))
            for row in relation.rows()
        ]

    return answer
