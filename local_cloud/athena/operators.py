"""Operators whose meaning differs between Trino and DuckDB: arithmetic, comparison, subscripts, casts."""

from typing import Final

from sqlglot import exp

from local_cloud.athena import functions
from local_cloud.athena.errors import NotSupported
from local_cloud.athena.functions import call

_WHOLE: Final = {
    exp.DType.TINYINT: "athena_tinyint",
    exp.DType.SMALLINT: "athena_smallint",
    exp.DType.INT: "athena_integer",
    exp.DType.BIGINT: "athena_bigint",
}
_TEXT: Final = (exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.CHAR)
_TIMES: Final = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ)


def compared(node: exp.Expr, *, by: str) -> exp.Expr:
    """Compare with a check of the types; beside the comparison where that may become a hash join."""
    if joins(node):
        return exp.And(this=node.copy(), expression=call("athena_same", node.this.copy(), node.expression.copy()))
    return call(by, node.this, node.expression)


def joins(node: exp.Expr) -> bool:
    """Tell whether a comparison may become a hash join, which DuckDB does not see through a CASE."""
    parent = node.parent
    while isinstance(parent, exp.And | exp.Paren):
        parent = parent.parent
    columns = isinstance(node.this, exp.Column) and isinstance(node.expression, exp.Column)
    return columns and isinstance(parent, exp.Join)


def typed(operand: exp.Expr) -> exp.Expr:
    """Make a whole literal an integer; left alone it takes the smallest type that holds it."""
    number = operand.this if isinstance(operand, exp.Neg) else operand
    if isinstance(number, exp.Literal) and not number.is_string and number.name.isdigit():
        return exp.cast(operand, "INT" if int(number.name) < 2**31 else "BIGINT")
    return operand


def added(node: exp.Expr) -> exp.Expr:
    left, right = node.this, node.expression
    if isinstance(left, exp.Interval) and isinstance(node, exp.Add):
        left, right = right, left
    if isinstance(right, exp.Interval):
        return call("athena_plus" if isinstance(node, exp.Add) else "athena_minus", left, right)
    if isinstance(node, exp.Sub) and not isinstance(right, exp.Literal):
        return call("athena_less", left, right)
    return node


def subscript(node: exp.Bracket) -> exp.Expr:
    index = node.expressions[0]
    if len(node.expressions) != 1 or not isinstance(index, exp.Literal):
        raise NotSupported("a subscript that is no literal")
    return call("athena_value" if index.is_string else "athena_item", node.this, index)


def cast(node: exp.Cast) -> exp.Expr:
    to = node.to
    if to.this in {exp.DType.JSON, exp.DType.TIME, exp.DType.TIMETZ} or to.this == exp.DType.INTERVAL:
        raise NotSupported(f"a cast to {to.this.value.lower()}")
    if to.this in _TIMES:
        to.set("expressions", None)
    if to.this == exp.DType.DECIMAL and not to.expressions:
        if isinstance(node.this, exp.Literal) and node.this.is_string:
            return exp.Literal.number(node.this.name)
        to = exp.DataType.build("DECIMAL(38,0)")
        node.set("to", to)
    if isinstance(node.this, exp.Literal) and node.this.is_string and to.this in (*_TIMES, exp.DType.DATE):
        return node
    converted = _converted(node.this, to)
    if converted is None:
        return node
    return functions.attempted([converted]) if isinstance(node, exp.TryCast) else converted


def _converted(value: exp.Expr, to: exp.DataType) -> exp.Expr | None:
    """Convert by the rules of Trino where DuckDB's are more lenient or show values differently."""
    if to.this in _WHOLE:
        return call(_WHOLE[to.this], value)
    if to.this not in _TEXT:
        return None
    text = call("athena_varchar", value)
    return call("left", text, to.expressions[0].this) if to.expressions else text


def best(node: exp.Expr) -> exp.Expr:
    if node.args.get("count"):
        raise NotSupported("max_by and min_by of several rows")
    name = "arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null"
    return call(name, node.this, node.expression)


def in_zone(node: exp.AtTimeZone) -> exp.Expr:
    if node.args["zone"].name.upper() != "UTC":
        raise NotSupported("time zones other than UTC")
    return call("athena_utc", node.this)


def guarded(node: exp.Expr, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Refuse what compares text with numbers before DuckDB converts one to the other."""
    failure = call("error", exp.Literal.string("TYPE_MISMATCH: value and comparison are of different types"))
    guard = exp.If(this=call("athena_mismatch", left.copy(), right.copy()), true=failure)
    return exp.Case(ifs=[guard], default=node.copy())
