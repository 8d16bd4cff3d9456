"""Values that a contract lists must be values that the column can hold; knows nothing of rules."""

import struct
from decimal import Decimal

from contract.ddl_types import COMPLEX_KINDS, INTEGER_BITS, decimal_digits, kind_of
from contract.iso_times import date_of, moment_of
from contract.section import is_number


def value_problem(value: object, column_type: str) -> str | None:
    """Return why a value is not one of the column's type, or None; null is no value."""
    if value is None:
        return "null is not a value; nulls are never invalid, limit them with nullValues"
    kind = kind_of(column_type)
    if kind in COMPLEX_KINDS:
        return f"values of a column of type {column_type} cannot be listed"
    if kind == "string":
        return _string_problem(value)
    return None if _fits(value, kind, column_type) else f"{value!r} is not a value of type {column_type}"


def _string_problem(value: object) -> str | None:
    if isinstance(value, str):
        return None
    if isinstance(value, bool):
        return f"{value!r} is a boolean in a string column (YAML reads bare yes, no, on, off as such); put it in quotes"
    return f"{value!r} is not a string; put it in quotes"


def _fits(value: object, kind: str, column_type: str) -> bool:
    if kind in INTEGER_BITS:
        return _fits_integer(value, bits=INTEGER_BITS[kind])
    if kind == "decimal":
        return _fits_decimal(value, column_type)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("date", "timestamp"):
        return isinstance(value, str) and (date_of if kind == "date" else moment_of)(value) is not None
    return _fits_inexact(value, kind)


def _fits_integer(value: object, *, bits: int) -> bool:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return is_integer and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


def _fits_decimal(value: object, column_type: str) -> bool:
    if not is_number(value):
        return False
    precision, scale = decimal_digits(column_type)
    scaled = Decimal(str(value)).scaleb(scale)
    return scaled == scaled.to_integral_value() and abs(scaled) < Decimal(10) ** precision


def _fits_inexact(value: object, kind: str) -> bool:
    """Say whether a number is finite as the column's type; a row with another would be malformed."""
    if not is_number(value):
        return False
    try:
        struct.pack("<f" if kind == "float" else "<d", value)
    except OverflowError:
        return False
    return True
