"""Functions on numbers: https://trino.io/docs/current/functions/math.html."""

import math
import operator
import random
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final

from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino.casts import EXACT
from local_cloud.athena.trino.functions import scalar

_WHOLES: Final = ("tinyint", "smallint", "integer", "bigint")
_FLOATS: Final = ("double", "real")
_MOST_DIGITS: Final = 38


def _each(name: str, parameters: str, kinds: tuple[str, ...], work: Callable[..., Any]) -> None:
    for kind in kinds:
        scalar(f"{name}({parameters.replace('#', kind)}) {kind}")(work)


def _no_domain(work: Callable[..., float], *, at_edge: float = math.nan) -> Callable[..., float]:
    """Answer as Java does where Python raises."""

    def run(*values: float) -> float:
        try:
            return work(*values)
        except ValueError:
            return at_edge if values[0] == 0 else math.nan
        except OverflowError:
            return math.inf

    return run


def _round_float(value: float, digits: int = 0) -> float:
    if not math.isfinite(value) or abs(digits) > 300:
        return value
    found = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WIDE)
    return float(found)


_WIDE: Final = EXACT.copy()
_WIDE.prec = 700


def _round_whole(value: int, digits: int = 0) -> int:
    if digits < -_MOST_DIGITS:
        return 0
    return value if digits >= 0 else int(Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))


def _rounded(rounding: str) -> Callable[[Decimal], Decimal]:
    return lambda value: value.quantize(Decimal(1), rounding=rounding, context=EXACT)


def _sign(value: Any) -> Any:
    return value if value != value else type(value)((value > 0) - (value < 0))  # noqa: PLR0124 # NaN


_each("abs", "#", (*_WHOLES, *_FLOATS), abs)
scalar("abs(decimal) decimal")(abs)
scalar("sign(decimal) one_digit")(_sign)
_each("sign", "#", (*_WHOLES, *_FLOATS), _sign)
_each("round", "#", _WHOLES, _round_whole)
_each("round", "#, bigint", _WHOLES, _round_whole)
_each("round", "#", _FLOATS, _round_float)
_each("round", "#, bigint", _FLOATS, _round_float)
for _name, _float, _mode in (
    ("ceil", math.ceil, ROUND_CEILING),
    ("ceiling", math.ceil, ROUND_CEILING),
    ("floor", math.floor, ROUND_FLOOR),
):
    _each(_name, "#", _WHOLES, int)
    _each(_name, "#", _FLOATS, lambda value, work=_float: float(work(value)) if math.isfinite(value) else value)
    scalar(f"{_name}(decimal) whole_decimal")(_rounded(_mode))
scalar("round(decimal) whole_decimal")(_rounded(ROUND_HALF_UP))
scalar("truncate(decimal) whole_decimal")(_rounded(ROUND_DOWN))
_each("truncate", "#", _FLOATS, lambda value: float(math.trunc(value)) if math.isfinite(value) else value)


@scalar("round(decimal, bigint) wider_decimal")
def _round_decimal(value: Decimal, digits: int) -> Decimal:
    exponent = int(value.as_tuple().exponent)
    if digits >= -exponent:
        return value
    digits = max(digits, -_MOST_DIGITS)
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=EXACT).quantize(
        Decimal(1).scaleb(exponent), context=EXACT
    )


def _cube_root(value: float) -> float:
    """Take the nearest root, as Java does where it is exact; the C library may be a digit off."""
    root = math.cbrt(value)
    if not math.isfinite(root):
        return root
    near = (root, math.nextafter(root, math.inf), math.nextafter(root, -math.inf))
    return min(near, key=lambda tried: abs(Fraction(tried) ** 3 - Fraction(value)))


for _name, _work in {
    "exp": _no_domain(math.exp), "ln": _no_domain(math.log, at_edge=-math.inf), "sqrt": _no_domain(math.sqrt),
    "log10": _no_domain(math.log10, at_edge=-math.inf), "log2": _no_domain(math.log2, at_edge=-math.inf),
    "cbrt": _cube_root, "degrees": math.degrees, "radians": math.radians, "sin": _no_domain(math.sin),
    "cos": _no_domain(math.cos), "tan": _no_domain(math.tan), "asin": _no_domain(math.asin), "acos": _no_domain(math.acos),  # noqa: E501
    "atan": math.atan,
}.items():  # fmt: skip
    scalar(f"{_name}(double) double")(_work)
scalar("atan2(double, double) double")(math.atan2)
scalar("power(double, double) double", "pow(double, double) double")(_no_domain(math.pow, at_edge=math.inf))
scalar("is_nan(double) boolean")(math.isnan)
scalar("is_infinite(double) boolean")(math.isinf)
scalar("is_finite(double) boolean")(math.isfinite)
scalar("pi() double")(lambda: math.pi)
scalar("e() double")(lambda: math.e)
scalar("nan() double")(lambda: math.nan)
scalar("infinity() double")(lambda: math.inf)
scalar("bitwise_and(bigint, bigint) bigint")(operator.and_)
scalar("bitwise_or(bigint, bigint) bigint")(operator.or_)
scalar("bitwise_xor(bigint, bigint) bigint")(operator.xor)
scalar("bitwise_not(bigint) bigint")(operator.invert)


@scalar("log(double, double) double")
def _log(base: float, value: float) -> float:
    work = _no_domain(math.log, at_edge=-math.inf)
    below = work(base)
    return work(value) / below if below else math.nan


@scalar("width_bucket(double, double, double, bigint) bigint")
def _width_bucket(value: float, low: float, high: float, count: int) -> int:
    if count <= 0 or low == high or not all(map(math.isfinite, (low, high))) or math.isnan(value):
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT: bounds cannot equal each other and bucketCount must be greater than 0"
        )
    share = (value - low) / (high - low)
    return 0 if share < 0 else count + 1 if share >= 1 else int(count * share) + 1


@scalar("random() double", "rand() double")
def _random() -> float:
    return random.random()  # noqa: S311 # not for secrets


@scalar("random(bigint) bigint", "rand(bigint) bigint")
def _random_below(bound: int) -> int:
    if bound <= 0:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: bound must be positive")
    return random.randrange(bound)  # noqa: S311 # not for secrets
