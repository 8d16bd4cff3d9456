"""CASE, CAST and the calls that are no ordinary functions: what is not evaluated, or depends on types."""

from collections.abc import Callable
from typing import Any, Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import operators, zones
from local_cloud.athena.trino.bound import Bound, applied, coerced, constant, with_nulls
from local_cloud.athena.trino.casts import converter
from local_cloud.athena.trino.datatypes import (
    BOOLEAN,
    DATE,
    TIMESTAMP,
    VARCHAR,
    ZONED,
    Type,
    array,
    common,
    of_sql,
    row,
)
from local_cloud.athena.trino.expressions import Expressions, handles
from local_cloud.athena.trino.scope import Row
from local_cloud.athena.trino.values import Zoned

_CAUGHT: Final = (
    "DIVISION_BY_ZERO",
    "INVALID_CAST_ARGUMENT",
    "INVALID_FUNCTION_ARGUMENT",
    "NUMERIC_VALUE_OUT_OF_RANGE",
)
FORMS: Final[dict[str, Callable[[Expressions, exp.Expr, list[exp.Expr]], Bound]]] = {}


def form(
    name: str, least: int, most: int
) -> Callable[[Callable[..., Bound]], Callable[[Expressions, exp.Expr, list[exp.Expr]], Bound]]:
    """Register a call by its name and how many arguments it takes."""

    def register(work: Callable[..., Bound]) -> Callable[[Expressions, exp.Expr, list[exp.Expr]], Bound]:
        def checked(binder: Expressions, node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
            if not least <= len(arguments) <= most:
                raise QueryFailed(
                    f"INVALID_FUNCTION_ARGUMENT: {binder.position(node)}: Invalid number of arguments for '{name}' "
                    "function"
                )
            return work(binder, node, arguments)

        FORMS[name] = checked
        return checked

    return register


def attempted(value: Bound) -> Bound:
    """Make failures of the data NULL; what this engine refuses stays refused."""

    def run(row: Row) -> Any:
        try:
            return value.run(row)
        except QueryFailed as error:
            if str(error).startswith(_CAUGHT):
                return None
            raise

    return Bound(value.type, run, ("try", value.key))


def _cast(binder: Expressions, node: exp.Cast) -> Bound:
    target = of_sql(node.to)
    value = binder.bind(node.this)
    convert = converter(value.type, target)
    if convert is None:
        raise QueryFailed(f"TYPE_MISMATCH: {binder.position(node)}: Cannot cast {value.type} to {target}")
    found = applied("cast", target, convert, [value])
    return attempted(found) if isinstance(node, exp.TryCast) else found


handles(exp.Cast, "this to")(_cast)
handles(exp.TryCast, "this to")(_cast)


@handles(exp.Case, "this ifs default")
def _case(binder: Expressions, node: exp.Case) -> Bound:
    conditions = [_condition(binder, node, item) for item in node.args["ifs"]]
    results = [item.args["true"] for item in node.args["ifs"]] + (
        [node.args["default"]] if node.args.get("default") else []
    )
    kind, values = binder.together(results, what="All CASE results")
    return _choice(kind, conditions, values)


def _condition(binder: Expressions, node: exp.Case, item: exp.If) -> Bound:
    if node.this is None:
        return binder.typed(item.this, BOOLEAN, what="CASE WHEN clause")
    value, wanted = binder.bind(node.this), binder.bind(item.this)
    found = operators.compared("=", value, wanted)
    if found is None:
        raise QueryFailed(
            f"TYPE_MISMATCH: {binder.position(item.this)}: CASE operand type does not match WHEN clause operand type: "
            f"{value.type} vs {wanted.type}"
        )
    return found


def _choice(kind: Type, conditions: list[Bound], values: list[Bound]) -> Bound:
    pairs = list(zip(conditions, values, strict=False))
    default = values[-1] if len(values) > len(conditions) else constant(kind, None)

    def run(row: Row) -> Any:
        for condition, value in pairs:
            if condition.run(row) is True:
                return value.run(row)
        return default.run(row)

    return Bound(kind, run, ("case", str(kind), *(item.key for item in (*conditions, *values))))


@handles(exp.If, "this true false")
def _if_syntax(binder: Expressions, node: exp.If) -> Bound:
    parts = [node.args[part] for part in ("this", "true", "false") if node.args.get(part) is not None]
    return FORMS["if"](binder, node, parts)


@form("if", 2, 3)
def _if(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    condition = binder.typed(arguments[0], BOOLEAN, what="IF condition")
    kind, values = binder.together(arguments[1:], what="Result types for IF: all")
    return _choice(kind, [condition], values)


@form("coalesce", 2, 999)
def _coalesce(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    kind, values = binder.together(arguments, what="All COALESCE operands")

    def run(row: Row) -> Any:
        for value in values:
            found = value.run(row)
            if found is not None:
                return found
        return None

    return Bound(kind, run, ("coalesce", *(value.key for value in values)))


@form("nullif", 2, 2)
def _nullif(binder: Expressions, node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    first, second = (binder.bind(item) for item in arguments)
    same = operators.compared("=", first, second)
    if same is None:
        raise QueryFailed(
            f"TYPE_MISMATCH: {binder.position(node)}: Types are not comparable with NULLIF: "
            f"{first.type} vs {second.type}"
        )
    return _choice(first.type, [same], [constant(first.type, None), first])


@form("try", 1, 1)
def _try(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    return attempted(binder.bind(arguments[0]))


@form("typeof", 1, 1)
def _typeof(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    return constant(VARCHAR, str(binder.bind(arguments[0]).type))


@form("array_join", 2, 3)
def _array_join(binder: Expressions, node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    items, *texts = (binder.bind(item) for item in arguments)
    convert = converter(items.type, array(VARCHAR)) if items.type.name == "array" else None
    if convert is None or not all(text.type.is_text for text in texts):
        raise QueryFailed(
            f"FUNCTION_NOT_FOUND: {binder.position(node)}: Unexpected parameters ({items.type}, ...) for function "
            "array_join"
        )

    def work(found: tuple[Any, ...], between: str, missing: str | None = None) -> str:
        shown = (missing if item is None else item for item in convert(found))
        return between.join(item for item in shown if item is not None)

    return applied("array_join", VARCHAR, work, [items, *texts])


@form("row", 1, 999)
def _row(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    values = [binder.bind(item) for item in arguments]
    return with_nulls("row", row(*((None, item.type) for item in values)), lambda *items: items, values)


def _extreme(name: str, sign: str) -> None:
    @form(name, 1, 999)
    def _bound(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
        kind, values = binder.together(arguments, what=f"All {name} operands")

        def work(*items: Any) -> Any:
            if any(item != item for item in items):  # noqa: PLR0124 # NaN
                raise NotSupported(f"{name} of NaN")
            return max(items) if sign == ">" else min(items)

        return applied(name, kind, work, values)


_extreme("greatest", ">")
_extreme("least", "<")


@form("mod", 2, 2)
def _mod(binder: Expressions, node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    left, right = (binder.bind(item) for item in arguments)
    found = operators.arithmetic("%", left, right)
    if found is None:
        raise QueryFailed(
            f"FUNCTION_NOT_FOUND: {binder.position(node)}: Unexpected parameters ({left.type}, "
            f"{right.type}) for function mod"
        )
    return found


@form("now", 0, 0)
def _now(binder: Expressions, _node: exp.Expr, _arguments: list[exp.Expr]) -> Bound:
    return constant(ZONED, binder.statement.now)


@handles(exp.CurrentTimestamp, "")
def _current_timestamp(binder: Expressions, node: exp.Expr) -> Bound:
    return _now(binder, node, [])


@handles(exp.CurrentDate, "")
def _current_date(binder: Expressions, _node: exp.Expr) -> Bound:
    return constant(DATE, binder.statement.now.moment.date())


@handles(exp.Localtimestamp, "")
def _local_timestamp(binder: Expressions, _node: exp.Expr) -> Bound:
    return constant(TIMESTAMP, binder.statement.now.moment)


@form("current_timezone", 0, 0)
def _current_zone(_binder: Expressions, _node: exp.Expr, _arguments: list[exp.Expr]) -> Bound:
    return constant(VARCHAR, "UTC")


@handles(exp.AtTimeZone, "this zone")
def _at_time_zone(binder: Expressions, node: exp.AtTimeZone) -> Bound:
    value, zone = binder.bind(node.this), binder.bind(node.args["zone"])
    wanted = common(value.type, Type("timestamp with time zone", value.type.sizes or (0,)))
    if wanted is None or not value.type.name.startswith("timestamp") or not zone.type.is_text:
        raise QueryFailed(
            f"TYPE_MISMATCH: {binder.position(node)}: Type of value must be a time or timestamp "
            "with or without time zone"
            f" (actual {value.type})"
        )
    return applied("zone", wanted, lambda a, b: Zoned(a.moment, zones.named(b)), [coerced(value, wanted), zone])


@handles(exp.Extract, "this expression")
def _extract(binder: Expressions, node: exp.Extract) -> Bound:
    part = node.name.lower()
    names = (
        "year quarter month week day day_of_month day_of_week dow day_of_year doy year_of_week yow hour minute second"
    )
    if part not in (*names.split(), "timezone_hour", "timezone_minute"):
        raise QueryFailed(f"SYNTAX_ERROR: {binder.position(node)}: Invalid EXTRACT field: {part}")
    aliases = {"dow": "day_of_week", "doy": "day_of_year", "yow": "year_of_week", "day_of_month": "day"}
    return binder.bind(exp.Anonymous(this=aliases.get(part, part), expressions=[node.expression]))


@handles(exp.Trim, "this expression position")
def _trim(binder: Expressions, node: exp.Trim) -> Bound:
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or "").upper(), "trim")
    return binder.bind(exp.Anonymous(this=name, expressions=[node.this, *_given(node, "expression")]))


@handles(exp.Substring, "this start length")
def _substring(binder: Expressions, node: exp.Substring) -> Bound:
    return binder.bind(
        exp.Anonymous(this="substr", expressions=[node.this, *_given(node, "start"), *_given(node, "length")])
    )


@handles(exp.StrPosition, "this substr")
def _position(binder: Expressions, node: exp.StrPosition) -> Bound:
    return binder.bind(exp.Anonymous(this="strpos", expressions=[node.this, node.args["substr"]]))


@handles(exp.Ceil, "this decimals to")
@handles(exp.Floor, "this decimals to")
@handles(exp.Chr, "expressions charset")
def _named(binder: Expressions, node: exp.Expr) -> Bound:
    arguments = node.expressions or [node.this, *_given(node, "decimals"), *_given(node, "to")]
    return binder.bind(exp.Anonymous(this=node.key, expressions=arguments))


def _given(node: exp.Expr, name: str) -> list[exp.Expr]:
    return [node.args[name]] if node.args.get(name) is not None else []
