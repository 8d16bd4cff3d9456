"""json_value, json_query and json_exists with plain paths; their other clauses are refused."""

from typing import Any

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import jsons
from local_cloud.athena.trino.bound import Bound, applied
from local_cloud.athena.trino.casts import converter
from local_cloud.athena.trino.datatypes import BOOLEAN, VARCHAR, of_sql
from local_cloud.athena.trino.expressions import Expressions, handles
from local_cloud.athena.trino.forms import attempted, form


def _found(text: str, path: str) -> Any:
    steps = path.removeprefix("lax ").removeprefix("strict ").strip()
    names = jsons.steps(steps)
    for length, name in enumerate(names):
        above = jsons.at(text, _path(names[:length]))
        if above is not jsons.MISSING and isinstance(above, list) != name.isdigit():
            raise NotSupported(f"the JSON path '{path}', which goes through an array without an index")
    return jsons.at(text, steps)


def _path(names: tuple[str, ...]) -> str:
    return "$" + "".join(f'["{name}"]' for name in names)


def _arguments(binder: Expressions, text: exp.Expr, path: exp.Expr) -> list[Bound]:
    return [binder.typed(item, VARCHAR, what="The input of a JSON function") for item in (text, path)]


@handles(exp.JSONValue, "this path returning")
def _value(binder: Expressions, node: exp.JSONValue) -> Bound:
    arguments = _arguments(binder, node.this, node.args["path"])
    found = applied("json_value", VARCHAR, lambda text, path: jsons.scalar(_found(text, path)), arguments)
    if not node.args.get("returning"):
        return found
    kind = of_sql(node.args["returning"])
    convert = converter(VARCHAR, kind)
    if convert is None:
        raise QueryFailed(f"TYPE_MISMATCH: {binder.position(node)}: json_value cannot return {kind}")
    return attempted(applied("json_value", kind, convert, [found]))


@handles(exp.JSONExtract, "this expression json_query")
def _query(binder: Expressions, node: exp.JSONExtract) -> Bound:
    if not node.args.get("json_query"):
        raise NotSupported(f"{binder.position(node)}: this use of ->")

    def work(text: str, path: str) -> str | None:
        found = _found(text, path)
        return None if found is jsons.MISSING else jsons.dumps(found)

    return applied("json_query", VARCHAR, work, _arguments(binder, node.this, node.expression))


@form("json_exists", 2, 2)
def _exists(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    found = _arguments(binder, arguments[0], arguments[1])
    return applied("json_exists", BOOLEAN, lambda text, path: _found(text, path) is not jsons.MISSING, found)
