"""Numbers and values of a contract as Spark literals, exactly; knows nothing of rules."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract.iso_times import moment_of

_MAX_DIGITS = 38  # of a Spark decimal
_INEXACT = ("float", "double")
# Up to here a literal, or an aggregate, for each value is the cheaper way.
_SHORT_LIST = 20


def number(value: float, *, column_type: str) -> Column:
    """Return a limit to compare a column with: exact unless the column is not, whatever its size."""
    if column_type in _INEXACT:
        # As the column's own type: 0.1 as float is more than 0.1 as double.
        return F.lit(float(value)).cast(column_type)
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
    return F.lit(_in_full(value, column_type)).cast(column_type)


def is_long(values: Sequence[object]) -> bool:
    """Tell whether a list is better handed to Spark, and counted, as a whole than value by value."""
    return len(values) > _SHORT_LIST


def listed_together(values: Sequence[object], *, column_type: str) -> Column:
    """Return listed values, or lists of them, as one array of the column's type.

    They go to Spark as one JSON text: a literal for each would take it a second per thousand.
    """
    nesting = "array<array<{}>>" if any(isinstance(value, list) for value in values) else "array<{}>"
    array = F.from_json(F.lit(json.dumps(_texts(values, column_type))), nesting.format("string"))
    if column_type in _INEXACT:
        array = array.cast(nesting.format("double"))
    return array.cast(nesting.format(column_type))


def is_any_of(column: str, values: Sequence[object], *, column_type: str) -> Column:
    """Tell whether a column's value is among the listed ones; null is, and makes, null."""
    if not is_long(values):
        return F.col(column).isin(*(listed(value, column_type=column_type) for value in values))
    return F.expr(f"`{column}` IN ({', '.join(_sql(text, column_type) for text in _texts(values, column_type))})")


def _sql(text: str | None, column_type: str) -> str:
    """Write a value as SQL that no character of it can break."""
    if text is None:
        return "NULL"
    sql = f"CAST(X'{text.encode().hex()}' AS STRING)"
    if column_type in _INEXACT:
        sql = f"CAST({sql} AS DOUBLE)"
    return f"CAST({sql} AS {column_type})"


def _texts(values: Sequence[object], column_type: str) -> list[Any]:
    return [_texts(value, column_type) if isinstance(value, list) else _text(value, column_type) for value in values]


def _text(value: object, column_type: str) -> str | None:
    """Write a value so that a cast from text gives what `listed` gives."""
    if value is None or isinstance(value, str):
        return None if value is None else str(_in_full(value, column_type))
    if isinstance(value, bool):
        return json.dumps(value)
    return format(Decimal(str(value)), "f")


def _in_full(value: object, column_type: str) -> object:
    """Write a time as the cast takes it: with seconds, which a contract may leave out."""
    moment = moment_of(str(value)) if column_type == "timestamp" else None
    return value if moment is None else moment.isoformat()
