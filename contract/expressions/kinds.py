"""Types of values: which fit together, and what Spark makes of numbers of different types; knows no nodes.

What Spark would cast, cut or round without a word has no common type here; the exact types of decimals are Spark's.
"""

from collections.abc import Sequence
from typing import Final

from contract.ddl_types import COMPLEX_KINDS, INTEGER_BITS, MAX_PRECISION, canonical_type, decimal_digits, kind_of

NULL: Final = "null"
INTEGERS: Final = tuple(INTEGER_BITS)
APPROXIMATE: Final = ("float", "double")
ORDERED: Final = ("string", "boolean", "date", "timestamp")
_INTEGER_DIGITS: Final = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 20}
_LEAST_FRACTION: Final = 6  # the digits after the point that Spark keeps when a decimal would need more than 38
_ASSIGNABLE: Final = {
    "integer": (*INTEGERS, "decimal", *APPROXIMATE),
    "decimal": ("decimal", *APPROXIMATE),
    "double": APPROXIMATE,
}


def kind_of_type(column_type: str) -> str:
    """Return the kind of a canonical type: ``integer`` for all integers, ``double`` for float too, arrays in full."""
    kind = kind_of(column_type)
    if kind in INTEGERS:
        return "integer"
    return {"float": "double"}.get(kind, column_type if kind in COMPLEX_KINDS else kind)


def assignable(kind: str, column_type: str) -> bool:
    """Say whether values of a kind, as `Expression.kind_in` names it, may be stored in a column of a canonical type.

    A value that is too large for the column is another question: it must become null there, as `try_cast` makes it.
    """
    allowed = _ASSIGNABLE.get(kind)
    if allowed is not None:
        return kind_of(column_type) in allowed
    return kind == (canonical_type(column_type) if kind_of(kind) in COMPLEX_KINDS else kind_of(column_type))


def is_exact(type_: str) -> bool:
    return type_ in INTEGERS or type_.startswith("decimal")


def is_number(type_: str) -> bool:
    return is_exact(type_) or type_ in APPROXIMATE


def as_decimal(type_: str) -> tuple[int, int]:
    """Return precision and scale that hold every value of an exact type."""
    return (_INTEGER_DIGITS[type_], 0) if type_ in INTEGERS else decimal_digits(type_)


def widest(types: Sequence[str]) -> str | None:
    """Return the type in which Spark brings values of these types together, or None when it would change any.

    Nothing but NULL among them is ``null``.
    """
    known = list(dict.fromkeys(type_ for type_ in types if type_ != NULL))
    if not known:
        return NULL
    if len(known) == 1:
        return known[0]
    if all(type_ in INTEGERS for type_ in known):
        return max(known, key=INTEGERS.index)
    if all(is_exact(type_) for type_ in known):
        return _widest_decimal(known)
    return "double" if set(known) == set(APPROXIMATE) else None


def _widest_decimal(types: Sequence[str]) -> str | None:
    digits = [as_decimal(type_) for type_ in types]
    scale = max(scale for _, scale in digits)
    precision = max(precision - scale for precision, scale in digits) + scale
    return f"decimal({precision},{scale})" if precision <= MAX_PRECISION else None


def decimal_result(operator: str, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    """Return precision and scale of an exact result, which may be more than a decimal holds.

    Rules: https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html and Spark's DecimalPrecision.
    """
    (p1, s1), (p2, s2) = left, right
    if operator == "*":
        return p1 + p2 + 1, s1 + s2
    if operator == "/":
        scale = max(_LEAST_FRACTION, s1 + p2 + 1)
        return p1 - s1 + s2 + scale, scale
    scale = max(s1, s2)
    if operator == "%":
        return min(p1 - s1, p2 - s2) + scale, scale
    return max(p1 - s1, p2 - s2) + scale + 1, scale


def fitted(precision: int, scale: int) -> tuple[int, int]:
    """Return what Spark makes of digits beyond 38: those after the point go first, down to 6."""
    if precision <= MAX_PRECISION:
        return precision, scale
    kept = max(MAX_PRECISION - (precision - scale), min(scale, _LEAST_FRACTION))
    return MAX_PRECISION, kept
