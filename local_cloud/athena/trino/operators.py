"""Trino's operators: arithmetic with its types and limits, comparison with its NULL and NaN."""

import math
import operator
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import dates, values
from local_cloud.athena.trino.bound import Bound, applied, coerced
from local_cloud.athena.trino.casts import EXACT, to_decimal
from local_cloud.athena.trino.datatypes import BOOLEAN, DAYS, Type, as_decimal, common, decimal
from local_cloud.athena.trino.values import Months, Zoned, limited, to_real

_BITS: Final = {"tinyint": 7, "smallint": 15, "integer": 31, "bigint": 63}
_NAMES: Final = {"+": "addition", "-": "subtraction", "*": "multiplication", "/": "division", "%": "modulus"}
_PLAIN: Final[dict[str, Callable[[Any, Any], Any]]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_BY_ZERO: Final = "DIVISION_BY_ZERO: Division by zero"


def arithmetic(sign: str, left: Bound, right: Bound) -> Bound | None:
    """Bind `left sign right`; None when there is no such operator."""
    if left.type.is_number and right.type.is_number:
        return _numbers(sign, left, right)
    null = "unknown" in {left.type.name, right.type.name}
    if null and (left.type.is_number or right.type.is_number or left.type == right.type):
        kind = common(left.type, right.type)
        return None if kind is None else applied(sign, kind, operator.add, [left, right])
    return _times(sign, left, right)


def _numbers(sign: str, left: Bound, right: Bound) -> Bound:
    kind = common(left.type, right.type)
    assert kind is not None  # noqa: S101 # two numbers always meet
    if kind.name == "decimal":
        return _decimals(sign, left, right)
    if kind.is_whole:
        return applied(sign, kind, _whole(sign, kind), [left, right])
    work = _float(sign)
    if kind.name == "real":
        return applied(sign, kind, lambda a, b: to_real(work(a, b)), [coerced(left, kind), coerced(right, kind)])
    return applied(sign, kind, work, [coerced(left, kind), coerced(right, kind)])


def _whole(sign: str, kind: Type) -> Callable[[int, int], int]:
    bound, plain = 1 << _BITS[kind.name], _PLAIN.get(sign)

    def work(left: int, right: int) -> int:
        if plain is not None:
            found: int = plain(left, right)
        elif right == 0:
            raise QueryFailed(_BY_ZERO)
        else:
            found = abs(left) // abs(right) if sign == "/" else abs(left) % abs(right)
            found = -found if (left < 0) != (right < 0 and sign == "/") else found
        if -bound <= found < bound:
            return found
        raise QueryFailed(f"NUMERIC_VALUE_OUT_OF_RANGE: {kind} {_NAMES[sign]} overflow: {left} {sign} {right}")

    return work


def _float(sign: str) -> Callable[[float, float], float]:
    def divided(left: float, right: float) -> float:
        if right != 0:
            return left / right
        if left == 0 or math.isnan(left):
            return math.nan
        return math.copysign(math.inf, left) * math.copysign(1, right)

    def rest(left: float, right: float) -> float:
        return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)

    return {"/": divided, "%": rest}.get(sign) or _PLAIN[sign]


def _decimals(sign: str, left: Bound, right: Bound) -> Bound:
    a, b = as_decimal(left.type), as_decimal(right.type)
    kind = decimal_result(sign, a, b)
    scale = kind.sizes[1]

    def work(x: Decimal, y: Decimal) -> Decimal:
        if sign in "/%" and y == 0:
            raise QueryFailed(_BY_ZERO)
        if sign == "%":
            found = EXACT.subtract(x, EXACT.multiply(y, EXACT.divide(x, y).to_integral_value(ROUND_DOWN)))
        else:
            found = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply, "/": EXACT.divide}[sign](x, y)
        try:
            return to_decimal(found, kind)
        except QueryFailed:
            raise QueryFailed("NUMERIC_VALUE_OUT_OF_RANGE: Decimal overflow") from None

    if scale > 38:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: DECIMAL scale must be in range [0, precision (38)]: {scale}")
    return applied(sign, kind, work, [coerced(left, a), coerced(right, b)])


def decimal_result(sign: str, left: Type, right: Type) -> Type:
    """https://trino.io/docs/current/functions/decimal.html#binary-arithmetic-decimal-operators."""
    (p, s), (q, t) = left.sizes, right.sizes
    if sign in "+-":
        return decimal(max(p - s, q - t) + max(s, t) + 1, max(s, t))
    if sign == "*":
        return decimal(p + q, s + t)
    if sign == "/":
        return decimal(p + t + max(t - s, 0), max(s, t))
    return decimal(min(p - s, q - t) + max(s, t), max(s, t))


def _times(sign: str, left: Bound, right: Bound) -> Bound | None:  # noqa: PLR0911 # one line per pair of types
    a, b = left.type, right.type
    if a.name.startswith("interval") and (b.is_time or b.name == "time") and sign == "+":
        return _times(sign, right, left)
    if a.is_time and b.name.startswith("interval") and sign in "+-":
        if a.name == "date" and b == DAYS:
            return applied((sign, "date"), a, _shifted_date(sign), [left, right])
        return applied(sign, a, lambda x, y: shifted(x, y if sign == "+" else _negative(y)), [left, right])
    if a.name == b.name and a.is_time and sign == "-":
        return applied((sign, a.name), DAYS, _difference, [left, right])
    if a.is_time and b.is_time and sign == "-" and (kind := common(a, b)) is not None:
        return applied((sign, kind.name), DAYS, _difference, [coerced(left, kind), coerced(right, kind)])
    if a == b and a.name.startswith("interval") and sign in "+-":
        return applied(sign, a, _interval_sum(sign), [left, right])
    if sign == "*" and a.is_whole and b.name.startswith("interval"):
        return _times(sign, right, left)
    if sign in "*/" and a.name.startswith("interval") and b.is_number:
        return _scaled(sign, left, right)
    return None


def _scaled(sign: str, left: Bound, right: Bound) -> Bound:
    if not right.type.is_whole or sign == "/":
        raise NotSupported("an interval times a fraction, or divided")
    if left.type == DAYS:
        return applied(sign, DAYS, limited(operator.mul), [left, right])
    return applied(sign, left.type, lambda x, y: Months(x.count * y), [left, right])


def _interval_sum(sign: str) -> Callable[[Any, Any], Any]:
    @limited
    def work(left: Any, right: Any) -> Any:
        if isinstance(left, Months):
            return Months(left.count + (right.count if sign == "+" else -right.count))
        return left + right if sign == "+" else left - right

    return work


def _negative(value: Any) -> Any:
    return Months(-value.count) if isinstance(value, Months) else -value


def _shifted_date(sign: str) -> Callable[[date, timedelta], date]:
    @limited
    def work(day: date, span: timedelta) -> date:
        if span % timedelta(days=1):
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date")
        return day + span if sign == "+" else day - span

    return work


@limited
def shifted(value: Any, span: Any) -> Any:
    """Move a date or a time by an interval; a zone's clocks are moved by months, its moments by days."""
    if isinstance(span, Months):
        return dates.moved(value, "month", span.count)
    if isinstance(value, Zoned):
        return Zoned(value.moment + span, value.zone)
    moved: date | datetime = value + span
    return moved


def _difference(left: Any, right: Any) -> timedelta:
    if isinstance(left, Zoned):
        left, right = left.moment, right.moment
    found: timedelta = left - right
    return found


_TESTS: Final[dict[str, Callable[[Any, Any], bool | None]]] = {
    "=": values.equal,
    "<>": lambda a, b: None if (found := values.equal(a, b)) is None else not found,
    "<": values.less,
    ">": lambda a, b: values.less(b, a),
    "<=": lambda a, b: not values.less(b, a),
    ">=": lambda a, b: not values.less(a, b),
}
_FAST: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_NO_ORDER: Final = {"map", "json"}


def compared(sign: str, left: Bound, right: Bound) -> Bound | None:
    """Bind a comparison; None when the types do not meet."""
    kind = common(left.type, right.type)
    if kind is None or (kind.name in _NO_ORDER and sign not in {"=", "<>"}):
        return None
    nested = bool(kind.items) or kind.name == "timestamp with time zone"
    work: Callable[..., Any] = (_TESTS if nested else _FAST)[sign]
    if kind.items and sign not in {"=", "<>"}:
        work = _without_nulls(work)
    return applied(sign, BOOLEAN, work, [coerced(left, kind), coerced(right, kind)])


def _without_nulls(work: Callable[..., Any]) -> Callable[..., Any]:
    def run(left: Any, right: Any) -> Any:
        try:
            return work(left, right)
        except ValueError:
            raise NotSupported("an order of rows or arrays that hold NULL") from None

    return run
