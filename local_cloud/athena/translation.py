"""Athena's SELECT to DuckDB's: tables through a resolver, functions and operators by their meaning.

Pure: it knows neither the catalog nor where data lies.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlglot import ErrorLevel, exp
from sqlglot.errors import UnsupportedError

from local_cloud.athena import functions, operators, unnesting
from local_cloud.athena.dialect import position_of
from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.functions import call

_COMPARISONS: Final[Mapping[type[exp.Expr], str]] = {
    exp.EQ: "athena_eq",
    exp.NEQ: "athena_neq",
    exp.LT: "athena_lt",
    exp.LTE: "athena_lte",
    exp.GT: "athena_gt",
    exp.GTE: "athena_gte",
}
_KNOWN: Final = frozenset(
    "Select Union Intersect Except Subquery With CTE From Table TableAlias Join Lateral Unnest Where "
    "Group Having Order Ordered Limit Offset Fetch Distinct Values Tuple Alias Column Identifier Star "
    "Literal Null Boolean Paren Neg Not And Or Add Sub Mul Div Mod EQ NEQ LT LTE GT GTE Is NullSafeEQ "
    "NullSafeNEQ In Between Like Escape Exists Any All Case If Cast TryCast DataType DataTypeParam "
    "ColumnDef Interval Var DPipe Anonymous Window WindowSpec Filter Lambda Bracket Dot Array Extract "
    "Trim Substring StrPosition ArgMax ArgMin GroupConcat WithinGroup Rollup Cube GroupingSets "
    "CurrentDate CurrentTimestamp AtTimeZone Coalesce Ceil Floor IntervalSpan SetOperation".split()
)


@dataclass(frozen=True)
class TableName:
    """A table as it was asked for, with its place in the query for the message when there is none."""

    database: str
    name: str
    position: str


@dataclass
class Translation:
    """One statement on its way. `resolve` gives the relation of a table; `is_map` tells columns of maps apart."""

    sql: str
    database: str
    resolve: Callable[[TableName, exp.Table], str]
    is_map: Callable[[str], bool]
    names: set[tuple[str, str]] = field(default_factory=set)

    def duckdb(self, statement: exp.Expr) -> str:
        """Translate a parsed query.

        Raises:
            QueryFailed: what Athena would say of it, or that this engine does not know it.
        """
        _refuse_unknown_syntax(statement)
        self._resolve_tables(statement)
        unnesting.rewrite(statement, is_map=self.is_map)
        for select in statement.find_all(exp.Select):
            _name_columns(select)
        try:
            return self._rewritten(statement).sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE)
        except UnsupportedError as error:
            raise NotSupported(str(error)) from error

    def _resolve_tables(self, statement: exp.Expr) -> None:
        local = {cte.alias.lower() for cte in statement.find_all(exp.CTE)}
        for table in list(statement.find_all(exp.Table)):
            if not isinstance(table.this, exp.Identifier):
                raise NotSupported("table functions")
            if table.args.get("sample") or table.args.get("version") or table.args.get("when"):
                raise NotSupported("TABLESAMPLE and time travel")
            if table.db or table.name.lower() not in local:
                self._resolve(table)
        for column in statement.find_all(exp.Column):
            if (column.text("db").lower(), column.table.lower()) in self.names:
                column.set("db", None)
                column.set("catalog", None)

    def _resolve(self, table: exp.Table) -> None:
        if table.catalog and table.catalog.lower() != "awsdatacatalog":
            raise NotSupported(f"the catalog {table.catalog}")
        name = table.name.lower()
        wanted = TableName((table.db or self.database).lower(), name, position_of(self.sql, table.name))
        relation = self.resolve(wanted, table)
        self.names.add((wanted.database, name))
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
        table.set("this", exp.to_identifier(relation, quoted=True))
        table.set("db", None)
        table.set("catalog", None)

    def _rewritten(self, statement: exp.Expr) -> exp.Expr:
        """Replace from the leaves up, so that every replacement sees its arguments as they will be."""
        for node in reversed(list(statement.bfs())):
            changed = self._replacement(node)
            if changed is not node:
                node.replace(changed)
        return statement

    def _replacement(self, node: exp.Expr) -> exp.Expr:  # noqa: C901, PLR0911, PLR0912 # one line per kind of node
        match node:
            case exp.Anonymous() if not node.meta.get("ours"):
                return self._called(node)
            case exp.Div():
                return call("athena_div", operators.typed(node.left), operators.typed(node.right))
            case exp.Mod():
                return call("athena_mod", operators.typed(node.left), operators.typed(node.right))
            case exp.Add() | exp.Sub():
                return operators.added(node)
            case exp.DPipe():
                return call("athena_concat", node.this, node.expression)
            case exp.Bracket():
                return operators.subscript(node)
            case exp.Cast():
                return operators.cast(node)
            case exp.ArgMax() | exp.ArgMin():
                return operators.best(node)
            case exp.Substring():
                parts = [node.args.get(part) for part in ("this", "start", "length")]
                return call("athena_substr", *(part for part in parts if part is not None))
            case exp.AtTimeZone():
                return operators.in_zone(node)
            case exp.Extract():
                return self._extracted(node)
            case exp.In() if not node.args.get("query") and node.expressions:
                return operators.guarded(node, node.this, node.expressions[0])
            case exp.Between():
                return operators.guarded(node, node.this, node.args["low"])
            case _ if type(node) in _COMPARISONS:
                return operators.compared(node, by=_COMPARISONS[type(node)])
            case _:
                return node

    def _called(self, node: exp.Anonymous) -> exp.Expr:
        name = str(node.this).lower()
        if name == "row":
            raise NotSupported("row(...); name its fields with a cast of a table's column instead")
        return functions.translated(name, list(node.expressions), position=position_of(self.sql, name))

    def _extracted(self, node: exp.Extract) -> exp.Expr:
        part = node.name.lower()
        return functions.translated(part, [node.expression], position=position_of(self.sql, part))


def _refuse_unknown_syntax(statement: exp.Expr) -> None:
    for node in statement.walk():
        kind = type(node).__name__
        if kind not in _KNOWN:
            raise NotSupported(f"the syntax {kind}")
        if isinstance(node, exp.Distinct) and node.args.get("on"):
            raise NotSupported("DISTINCT ON")
        if isinstance(node, exp.Star) and (node.args.get("except_") or node.args.get("replace")):
            raise NotSupported("a star with exceptions")
        if isinstance(node, exp.Group) and node.args.get("all"):
            raise NotSupported("GROUP BY ALL")
        if isinstance(node, exp.Join) and (node.args.get("method") or node.args.get("kind") in {"SEMI", "ANTI"}):
            raise NotSupported("this kind of join")


def _name_columns(select: exp.Select) -> None:
    """Name what has no name as Athena does, by position."""
    if isinstance(select.parent, exp.In | exp.Exists | exp.Lambda):
        return
    for position, item in enumerate(select.expressions):
        if not isinstance(item, exp.Alias | exp.Column | exp.Star | exp.Dot):
            item.replace(exp.alias_(item.copy(), f"_col{position}", quoted=True))


def unknown_column(sql: str, name: str) -> QueryFailed:
    """Say that there is no such column, or that one may not see it; Athena does not tell which."""
    return QueryFailed(
        f"COLUMN_NOT_FOUND: {position_of(sql, name)}: Column '{name}' cannot be resolved or requester is not "
        "authorized to access requested resources"
    )
