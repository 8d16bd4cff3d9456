"""Literals, names, arithmetic and logic."""

from decimal import Decimal
from typing import Any, Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import functions, intervals, operators
from local_cloud.athena.trino.bound import NOT_CONSTANT, Bound, applied, coerced, constant, with_nulls
from local_cloud.athena.trino.datatypes import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    Type,
    array,
    common,
    decimal,
    row,
)
from local_cloud.athena.trino.expressions import Expressions, field_of, handles

_SIGNS: Final = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}


def _double(binder: Expressions, node: exp.Literal) -> float:
    try:
        return float(node.name)
    except ValueError:  # the parser takes 1e0+2 for one number
        raise NotSupported(f"{binder.position(node)}: {node.name} without spaces around its sign") from None


@handles(exp.Literal)
def _literal(binder: Expressions, node: exp.Literal) -> Bound:
    text = node.name
    if node.is_string:
        return constant(Type("varchar", (len(text),)), text)
    if "e" in text.lower():
        return constant(DOUBLE, _double(binder, node))
    if "." in text:
        return _decimal(text)
    if int(text) >= 1 << 63:
        raise QueryFailed(f"INVALID_LITERAL: {binder.position(node)}: Invalid numeric literal: {text}")
    return constant(INTEGER if int(text) < 1 << 31 else BIGINT, int(text))


def _decimal(text: str) -> Bound:
    whole, _, fraction = text.partition(".")
    precision = max(1, len(whole.lstrip("0")) + len(fraction))
    if precision > 38:
        raise QueryFailed(f"INVALID_LITERAL: Invalid decimal literal '{text}'")
    return constant(decimal(precision, len(fraction)), Decimal(text))


@handles(exp.Null)
def _null(_binder: Expressions, _node: exp.Null) -> Bound:
    return constant(UNKNOWN, None)


@handles(exp.Boolean)
def _boolean(_binder: Expressions, node: exp.Boolean) -> Bound:
    return constant(BOOLEAN, bool(node.this))


@handles(exp.HexString)
def _binary(_binder: Expressions, node: exp.HexString) -> Bound:
    return constant(VARBINARY, bytes.fromhex(node.name))


@handles(exp.Paren)
def _paren(binder: Expressions, node: exp.Paren) -> Bound:
    return binder.bind(node.this)


@handles(exp.Placeholder)
def _parameter(binder: Expressions, node: exp.Placeholder) -> Bound:
    number = node.meta.get("number", 0)
    if number >= len(binder.statement.parameters):
        raise QueryFailed("INVALID_PARAMETER_USAGE: Incorrect number of parameters: more are used than given")
    return binder.bind(binder.statement.parameters[number])


@handles(exp.Column, "this table db catalog")
def _column(binder: Expressions, node: exp.Column) -> Bound:
    if isinstance(node.this, exp.Star):
        raise NotSupported(f"{binder.position(node)}: a star inside of an expression")
    return binder.column(node, [part.name.lower() for part in node.parts])


@handles(exp.Identifier)
def _variable(binder: Expressions, node: exp.Identifier) -> Bound:
    return binder.column(node, [node.name.lower()])


@handles(exp.Dot, "this expression")
def _dot(binder: Expressions, node: exp.Dot) -> Bound:
    value, name = binder.bind(node.this), node.expression.name.lower()
    if value.type.name != "row":
        position = binder.position(node)
        raise QueryFailed(f"TYPE_MISMATCH: {position}: Expression {node.this.sql()} is not of type ROW")
    if name not in value.type.fields:
        raise QueryFailed(f"COLUMN_NOT_FOUND: {binder.position(node)}: Column '{node.sql()}' cannot be resolved")
    return field_of(value, value.type.fields.index(name))


@handles(exp.Neg)
def _negative(binder: Expressions, node: exp.Neg) -> Bound:
    if isinstance(node.this, exp.Literal) and node.this.name == str(1 << 63):
        return constant(BIGINT, -(1 << 63))
    value = binder.bind(node.this)
    if not value.type.is_number and not value.type.name.startswith("interval") and value.type != UNKNOWN:
        raise QueryFailed(f"TYPE_MISMATCH: {binder.position(node)}: Cannot negate {value.type}")
    if value.constant is not NOT_CONSTANT and value.type.is_number:
        return constant(value.type, -value.constant)
    return applied("negative", value.type, intervals.negated(value.type), [value])


def _arithmetic(binder: Expressions, node: exp.Binary) -> Bound:
    sign = _SIGNS[type(node)]
    left, right = binder.bind(node.left), binder.bind(node.right)
    found = operators.arithmetic(sign, left, right)
    if found is None:
        position = binder.statement.source.operator(node, sign)
        raise QueryFailed(f"TYPE_MISMATCH: {position}: Cannot apply operator: {left.type} {sign} {right.type}")
    return found


for _kind in _SIGNS:
    handles(_kind, "this expression")(_arithmetic)


@handles(exp.DPipe, "this expression")
def _joined(binder: Expressions, node: exp.DPipe) -> Bound:
    arguments = [binder.bind(node.left), binder.bind(node.right)]
    found = functions.chosen("concat", arguments)
    if found is None:
        shown = ", ".join(str(item.type) for item in arguments)
        position = binder.statement.source.operator(node, "||")
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {position}: Unexpected parameters ({shown}) for function concat")
    return found


def _connective(kind: type[exp.Binary], word: str, *, decisive: bool) -> None:
    """Register AND or OR: one side that is ``decisive`` decides, otherwise NULL on a side makes it NULL."""

    @handles(kind, "this expression")
    def _bound(binder: Expressions, node: exp.Binary) -> Bound:
        left, right = _truths(binder, node, word)

        def run(row: tuple[Any, ...]) -> Any:
            first = left.run(row)
            if first is decisive:
                return decisive
            second = right.run(row)
            return decisive if second is decisive else None if first is None else second

        return Bound(BOOLEAN, run, (word.lower(), left.key, right.key))


_connective(exp.And, "AND", decisive=False)
_connective(exp.Or, "OR", decisive=True)


def _truths(binder: Expressions, node: exp.Binary, word: str) -> list[Bound]:
    return [binder.typed(side, BOOLEAN, what=f"Logical expression term of {word}") for side in (node.left, node.right)]


@handles(exp.Not)
def _not(binder: Expressions, node: exp.Not) -> Bound:
    value = binder.typed(node.this, BOOLEAN, what="Value of logical NOT expression")
    return applied("not", BOOLEAN, lambda truth: not truth, [value])


@handles(exp.Interval, "this unit")
def _interval(binder: Expressions, node: exp.Interval) -> Bound:
    if not isinstance(node.this, exp.Literal | exp.Neg):
        raise NotSupported(f"{binder.position(node)}: an interval that is no literal")
    text = f"-{node.this.name}" if isinstance(node.this, exp.Neg) else node.this.name
    unit = node.args.get("unit")
    return constant(*intervals.literal(text, unit.sql().upper() if unit else ""))


@handles(exp.Array, "expressions")
def _array(binder: Expressions, node: exp.Array) -> Bound:
    if not node.expressions:
        return with_nulls("array", array(UNKNOWN), lambda: (), [])
    kind, values = binder.together(node.expressions, what="All ARRAY elements")
    return with_nulls("array", array(kind), lambda *items: items, values)


@handles(exp.Tuple, "expressions")
def _row(binder: Expressions, node: exp.Tuple) -> Bound:
    values = [binder.bind(item) for item in node.expressions]
    return with_nulls("row", row(*((None, item.type) for item in values)), lambda *items: items, values)


@handles(exp.Bracket, "this expressions")
def _subscript(binder: Expressions, node: exp.Bracket) -> Bound:
    base = binder.bind(node.this)
    if len(node.expressions) != 1:
        raise NotSupported(f"{binder.position(node)}: a subscript of several values")
    index = binder.bind(node.expressions[0])
    if base.type.name == "array" and index.type.is_whole:
        return applied("subscript", base.type.items[0], _item, [base, index])
    if base.type.name == "map" and common(base.type.items[0], index.type) == base.type.items[0]:
        key = coerced(index, base.type.items[0])
        return applied("subscript", base.type.items[1], _value, [base, key])
    if base.type.name == "row" and isinstance(index.constant, int) and 0 < index.constant <= len(base.type.items):
        return field_of(base, index.constant - 1)
    raise QueryFailed(f"TYPE_MISMATCH: {binder.position(node)}: Cannot use {index.type} for subscript of {base.type}")


def _item(items: tuple[Any, ...], index: int) -> Any:
    if 0 < index <= len(items):
        return items[index - 1]
    reason = {True: "SQL array indices start at 1", False: f"Array subscript is negative: {index}"}[index == 0]
    if index > len(items):
        reason = f"Array subscript must be less than or equal to array length: {index} > {len(items)}"
    raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: {reason}")


def _value(items: dict[Any, Any], key: Any) -> Any:
    if key not in items:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Key not present in map: {key}")
    return items[key]


def as_text(value: Bound) -> Bound:
    """Convert to a varchar without a limit, where one is certain to come."""
    return coerced(value, VARCHAR)
