"""Numbers and values of a contract as Spark literals, exactly; knows nothing of rules."""

from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F

_MAX_DIGITS = 38  # of a Spark decimal
_INEXACT = ("float", "double")


def number(value: float, *, column_type: str) -> Column:
    """Return a limit to compare a column with: exact unless the column is not, whatever its size."""
    if column_type in _INEXACT:
        return F.lit(float(value))
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return F.lit(value)
    exact = Decimal(format(Decimal(str(value)), "f"))
    _, digits, exponent = exact.as_tuple()
    scale = -int(exponent)
    return F.lit(exact) if max(len(digits), scale) <= _MAX_DIGITS else F.lit(float(value))


def listed(value: object, *, column_type: str) -> Column:
    """Return a listed value as one of the column's type."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value, column_type=column_type).cast(column_type)
    return F.lit(value).cast(column_type)
