"""UNNEST as Trino means it - several arrays side by side, rows and maps as columns, ordinality - in DuckDB's terms."""

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported
from local_cloud.athena.functions import call

_MAPS: Final = frozenset({"map", "histogram", "map_agg", "map_filter", "map_concat"})


def rewrite(statement: exp.Expr, *, is_map: Callable[[str], bool]) -> None:
    """Replace every UNNEST by a subquery that may look at the tables before it."""
    for unnest in list(statement.find_all(exp.Unnest)):
        alias = unnest.args.get("alias")
        if alias is None or not alias.args.get("columns"):
            raise NotSupported("UNNEST without names for its columns")
        ordinal = unnest.args.get("offset")
        columns = [*alias.args["columns"], *([ordinal] if isinstance(ordinal, exp.Expr) else [])]
        query = _query(unnest, columns=len(columns) - bool(ordinal), ordinal=bool(ordinal), is_map=is_map)
        names = exp.TableAlias(this=alias.this, columns=[column.copy() for column in columns])
        unnest.replace(exp.Lateral(this=exp.Subquery(this=query), alias=names))


def _query(unnest: exp.Unnest, *, columns: int, ordinal: bool, is_map: Callable[[str], bool]) -> exp.Select:
    values = [value.copy() for value in unnest.expressions]
    if columns == len(values):
        items = [_ours("unnest", _ours("athena_elements", value)) for value in values]
    elif len(values) == 1:
        items = [_spread(values[0], is_map=is_map(_name(values[0])) or _name(values[0]) in _MAPS)]
    else:
        raise NotSupported("UNNEST of several arrays of rows")
    if ordinal:
        counted = _entries(values[0]) if is_map(_name(values[0])) else values[0].copy()
        items.append(_ours("generate_subscripts", counted, exp.Literal.number(1)))
    return exp.select(*items, copy=False)


def _spread(value: exp.Expr, *, is_map: bool) -> exp.Expr:
    listed = _entries(value) if is_map else value
    depth = exp.PropertyEQ(this=exp.to_identifier("max_depth"), expression=exp.Literal.number(2))
    return _ours("unnest", listed, depth)


def _entries(value: exp.Expr) -> exp.Expr:
    return _ours("map_entries", value.copy())


def _name(value: exp.Expr) -> str:
    return str(value.this).lower() if isinstance(value, exp.Anonymous) else value.name.lower()


def _ours(name: str, *arguments: exp.Expr) -> exp.Expr:
    made = call(name, *arguments)
    made.meta["ours"] = True
    return made
