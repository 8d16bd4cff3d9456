"""Runs one statement from its text to its rows; knows nothing of executions and workgroups."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
from sqlglot import exp

from local_cloud.athena import catalog, pruning, rendering, session
from local_cloud.athena.catalog import Table
from local_cloud.athena.dialect import parsed
from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.relations import PATH, Relations
from local_cloud.athena.trino.datatypes import VARCHAR, Type, of_hive
from local_cloud.athena.trino.queries import Statement, TableName
from local_cloud.athena.trino.scope import Field, Relation, Row
from local_cloud.athena.trino.source import Source
from local_cloud.athena.trino.values import reader

_DEEPEST_VIEW: Final = 16
_BATCH: Final = 2048


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
    stopped: Callable[[], bool] = lambda: False
    parameters: Sequence[exp.Expr] = ()
    _tables: dict[tuple[str, str], Table | None] = field(default_factory=dict)
    _depth: int = 0

    def answer(self, sql: str) -> Answer:
        """Run it and write its values.

        Raises:
            QueryFailed: in Athena's words.
        """
        relation = self.bound(sql)
        columns = [name or f"_col{index}" for index, name in enumerate(item.name for item in relation.fields)]
        writers = [rendering.writer(item.type) for item in relation.fields]
        rows = [
            [None if value is None else write(value) for value, write in zip(row, writers, strict=True)]
            for row in relation.rows()
        ]
        types = [rendering.athena_type(item.type) for item in relation.fields]
        return Answer(columns, types, rows, self.relations.scanned_bytes)

    def bound(self, sql: str, database: str = "") -> Relation:
        """Bind a query, with all its tables made."""
        statement = parsed(sql)
        if statement.find(exp.Placeholder) and not self.parameters:
            raise QueryFailed(
                "INVALID_PARAMETER_USAGE: Incorrect number of parameters: the query has some, none is given"
            )
        for number, node in enumerate(statement.find_all(exp.Placeholder, bfs=False)):
            node.meta["number"] = number
        return Statement(
            Source(sql), database or self.database, self._relation, parameters=self.parameters, go_on=self._go_on
        ).query(statement)

    def _relation(self, wanted: TableName, node: exp.Table) -> Relation:
        if wanted.database == "information_schema":
            raise NotSupported("information_schema")
        table = self._table(wanted.database, wanted.name)
        if table is None:
            if wanted.database not in catalog.databases():
                raise QueryFailed(f"SCHEMA_NOT_FOUND: {wanted.position}: Schema '{wanted.database}' does not exist")
            raise QueryFailed(
                f"TABLE_NOT_FOUND: {wanted.position}: Table 'awsdatacatalog.{wanted.database}.{wanted.name}' "
                "does not exist"
            )
        if table.view is not None:
            return self._view(table)
        if table.projected:
            raise NotSupported("partition projection")
        return self._base(table, node)

    def _base(self, table: Table, node: exp.Table) -> Relation:
        keys = [key for key, _ in table.keys]
        text_keys = frozenset(key for key, kind in table.keys if kind == "string")
        needed = pruning.conditions(node, keys=text_keys)
        parts = [
            part
            for part in table.parts
            if all(condition(dict(zip(keys, part.values, strict=True))) for condition in needed)
        ]
        try:
            name = self.relations.view(table, parts)
        except duckdb.Error as error:
            raise QueryFailed(f"HIVE_BAD_DATA: {str(error).splitlines()[0]}") from error
        return self._scan(name, [(column, of_hive(kind)) for column, kind in (*table.columns, *table.keys)])

    def _scan(self, view: str, columns: list[tuple[str, Type]]) -> Relation:
        """Read a view's columns, those that somebody asked for by then."""
        asked: set[int] = set()
        names = [*columns, (PATH, VARCHAR)]
        fields = tuple(
            Field(name, kind, hidden=name == PATH, asked=lambda index=index: asked.add(index))  # type: ignore[misc]
            for index, (name, kind) in enumerate(names)
        )

        def rows() -> Iterator[Row]:
            wanted = sorted(asked)
            listed = ", ".join(f'"{names[index][0]}"' for index in wanted) or "1"
            readers = [reader(names[index][1]) for index in wanted]
            try:
                cursor = self.connection.cursor().execute(f'SELECT {listed} FROM "{view}"')  # noqa: S608 # names are quoted
                while batch := cursor.fetchmany(_BATCH):
                    self._go_on()
                    yield from (_placed(row, wanted, readers, len(names)) for row in batch)
            except duckdb.Error as error:
                raise session.failure(error) from error

        return Relation(fields, rows)

    def _go_on(self) -> None:
        if self.stopped():
            raise QueryFailed("Query cancelled by user")

    def _view(self, view: Table) -> Relation:
        self._depth += 1
        if self._depth > _DEEPEST_VIEW:
            raise QueryFailed(f"VIEW_IS_RECURSIVE: the view {view.database}.{view.name} needs itself")
        found = self.bound(str(view.view), view.view_database)
        self._depth -= 1
        return found

    def _table(self, database: str, name: str) -> Table | None:
        if (database, name) not in self._tables:
            self._tables[database, name] = catalog.table(database, name)
        return self._tables[database, name]


def _placed(row: Row, wanted: Sequence[int], readers: Sequence[Any], size: int) -> Row:
    placed: list[Any] = [None] * size
    for index, value, read in zip(wanted, row, readers, strict=False):
        placed[index] = value if read is None or value is None else read(value)
    return tuple(placed)


def columns_of(sql: str, database: str) -> list[tuple[str | None, Type]]:
    """Return names and types of a query's columns without its rows."""
    fields: Sequence[Field] = Session(database).run(lambda query: query.bound(sql).fields)
    return [(item.name, item.type) for item in fields]


@dataclass(frozen=True)
class Session:
    """An engine with a folder of its own, both gone when the work is done."""

    database: str
    cutoff_bytes: int | None = None
    stopped: Callable[[], bool] = lambda: False
    parameters: Sequence[exp.Expr] = ()
    output: str = ""

    def answer(self, sql: str) -> Answer:
        """Answer a SELECT."""
        found: Answer = self.run(lambda query: query.answer(sql))
        return found

    def run(self, work: Callable[[Query], Any]) -> Any:
        """Do something with an engine."""
        folder = Path(tempfile.mkdtemp(prefix="athena-"))
        try:
            connection = session.opened(folder)
            try:
                relations = Relations(connection, folder, self.cutoff_bytes)
                return work(Query(self.database, relations, connection, self.stopped, self.parameters))
            finally:
                connection.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
