"""Runs one statement from its text to its rows; knows nothing of executions and workgroups."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from local_cloud.athena import catalog, pruning, rendering, session
from local_cloud.athena.catalog import Table
from local_cloud.athena.dialect import parsed
from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.relations import Relations
from local_cloud.athena.translation import TableName, Translation

_DEEPEST_VIEW = 16


@dataclass(frozen=True)
class Answer:
    """Rows of text as Athena shows them; None is NULL."""

    columns: list[str]
    types: list[str]
    rows: list[list[str | None]]
    scanned_bytes: int = 0


@dataclass
class Query:
    """A SELECT over one snapshot of the catalog: each table is looked up once, however often it is named."""

    database: str
    relations: Relations
    connection: duckdb.DuckDBPyConnection
    _tables: dict[tuple[str, str], Table | None] = field(default_factory=dict)
    _depth: int = 0

    def answer(self, sql: str) -> Answer:
        """Run it and write its values.

        Raises:
            QueryFailed: in Athena's words.
        """
        translated = self.translated(sql, self.database)
        try:
            described = self.connection.execute(f"DESCRIBE {translated}").fetchall()
            columns = [(str(row[0]), str(row[1])) for row in described]
            rows = self.connection.execute(_portable(translated, columns)).fetchall()
        except duckdb.Error as error:
            raise session.failure(error, sql=sql) from error
        return Answer(
            [name for name, _ in columns],
            [rendering.athena_type(kind) for _, kind in columns],
            [[rendering.text(value) for value in row] for row in rows],
            self.relations.scanned_bytes,
        )

    def translated(self, sql: str, database: str) -> str:
        """Translate a query, with all its tables made."""
        statement = parsed(sql)
        asks_path = _asks_path(statement)

        def resolve(wanted: TableName, node: exp.Table) -> str:
            return self._relation(wanted, node, path=asks_path)

        return Translation(sql, database, resolve, self._is_map).duckdb(statement)

    def _relation(self, wanted: TableName, node: exp.Table, *, path: bool) -> str:
        if wanted.database == "information_schema":
            raise NotSupported("information_schema")
        table = self._table(wanted.database, wanted.name)
        if table is None:
            raise QueryFailed(
                f"TABLE_NOT_FOUND: {wanted.position}: Table 'awsdatacatalog.{wanted.database}.{wanted.name}' "
                "does not exist"
            )
        if table.view is not None:
            return self._view(table)
        if table.projected:
            raise NotSupported("partition projection")
        return self._base(table, node, path=path)

    def _base(self, table: Table, node: exp.Table, *, path: bool) -> str:
        keys = [key for key, _ in table.keys]
        text_keys = frozenset(key for key, kind in table.keys if kind == "string")
        needed = pruning.conditions(node, keys=text_keys)
        parts = [
            part
            for part in table.parts
            if all(condition(dict(zip(keys, part.values, strict=True))) for condition in needed)
        ]
        try:
            return self.relations.view(table, parts, path=path)
        except duckdb.Error as error:
            raise QueryFailed(f"HIVE_BAD_DATA: {str(error).splitlines()[0]}") from error

    def _view(self, view: Table) -> str:
        self._depth += 1
        if self._depth > _DEEPEST_VIEW:
            raise QueryFailed(f"VIEW_IS_RECURSIVE: the view {view.database}.{view.name} needs itself")
        translated = self.translated(str(view.view), view.view_database)
        self._depth -= 1
        name = f"athena_view_{self.relations.made}"
        self.relations.made += 1
        try:
            self.connection.execute(f'CREATE VIEW "{name}" AS {translated}')
        except duckdb.Error as error:
            raise session.failure(error, sql=str(view.view)) from error
        return name

    def _table(self, database: str, name: str) -> Table | None:
        if (database, name) not in self._tables:
            self._tables[database, name] = catalog.table(database, name)
        return self._tables[database, name]

    def _is_map(self, column: str) -> bool:
        known = (kind for table in self._tables.values() if table for name, kind in table.columns if name == column)
        return any(kind.startswith("map<") for kind in known)


def run_query(sql: str, database: str, *, cutoff_bytes: int | None = None) -> Answer:
    """Answer a SELECT in an engine of its own."""
    return _in_session(lambda query: query.answer(sql), database, cutoff_bytes=cutoff_bytes)


def columns_of(sql: str, database: str) -> list[tuple[str, str]]:
    """Return names and types of a query's columns without its rows."""
    answer = run_query(f"SELECT * FROM ({sql}) AS a LIMIT 0", database)  # noqa: S608 # SQL is what this takes
    return list(zip(answer.columns, answer.types, strict=True))


def _in_session(work: Any, database: str, *, cutoff_bytes: int | None) -> Answer:
    folder = Path(tempfile.mkdtemp(prefix="athena-"))
    try:
        connection = session.opened(folder)
        try:
            answer: Answer = work(Query(database, Relations(connection, folder, cutoff_bytes), connection))
            return answer
        finally:
            connection.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _asks_path(statement: exp.Expr) -> bool:
    asked = any(column.name == "$path" for column in statement.find_all(exp.Column))
    stars = any(isinstance(star.parent, exp.Select | exp.Column) for star in statement.find_all(exp.Star))
    if asked and stars:
        raise NotSupported('"$path" beside a star')
    return asked


def _portable(translated: str, columns: Sequence[tuple[str, str]]) -> str:
    """Turn what Python cannot take, or takes as a wider type, into what it can."""
    names = [f"c{position}" for position in range(len(columns))]
    values = [_value(name, kind) for name, (_, kind) in zip(names, columns, strict=True)]
    return f"SELECT {', '.join(values)} FROM ({translated}) AS answer({', '.join(names)})"  # noqa: S608 # names are ours


def _value(name: str, kind: str) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"athena_varchar({name})"
    if "TIME ZONE" in kind:
        raise NotSupported("times with a zone inside of arrays, maps and rows")
    return f"CAST({name} AS BIGINT)" if kind == "HUGEINT" else name
