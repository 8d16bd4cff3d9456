"""Parsed values become values of their column's type, or turn out not to fit it.

The JSON parser judges most types by itself. What it would change in silence, it reads as another type, judged here.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from data_contract import Column as ContractColumn

# Spark's casts also accept "2025", "10:15" (as today!) and zone names; these forms mean one instant to everybody.
_ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\z"
_ISO_TIMESTAMP = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9}+)?+)?+(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?+)?+)?+\z"
)
# A zone can shift a time out of the years that Python, DuckDB and most readers of the rows can name.
_FIRST_AND_LAST = ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
_ISO_FORMS = {"date": _ISO_DATE, "timestamp": _ISO_TIMESTAMP}
# The parser takes 200 for a tinyint and makes it -56.
_READ_AS = {"tinyint": "smallint", **dict.fromkeys(_ISO_FORMS, "string")}
# The common form 2025-01-01T10:15:30.123Z is told by single bytes, at a fifth of the regular expression's cost. A text
# that has these, and that the cast takes, has digits everywhere else.
_SEPARATORS = {5: "-", 8: "-", 11: "T", 14: ":", 17: ":", 20: ".Z"}
_LONGEST_COMMON_FORM = len("2025-01-01T10:15:30.123456789Z")


def read_as(column: ContractColumn) -> str:
    """Return the type that the JSON parser reads for a column; dates and times come as text."""
    return _READ_AS.get(column.type, column.type)


def is_judged(column: ContractColumn) -> bool:
    """Tell whether a parsed value can be lost when it gets its type."""
    return column.type in {*_READ_AS, "float", "double"}


def typed_value(value: Column, column: ContractColumn) -> Column:
    """Give a parsed value its contract's type, or null when text is not plain ISO 8601 or a number is infinite."""
    result = converted(value, column)
    return F.when(is_in_range(result, column), result)


def converted(value: Column, column: ContractColumn) -> Column:
    """Give a parsed value its contract's type, or null; whether it `is_in_range` is another step."""
    if column.type == "date":
        return F.when(value.rlike(_ISO_DATE), value.cast("date"))
    if column.type == "timestamp":
        is_iso = F.when(_has_common_form(value), F.lit(True)).otherwise(value.rlike(_ISO_TIMESTAMP))
        return F.when(is_iso, value.cast("timestamp"))
    if column.type in {"float", "double"}:
        return F.when(F.abs(value) != float("inf"), value)
    if column.type == "tinyint":
        return F.when(value.between(-128, 127), value.cast("tinyint"))
    return value


def is_in_range(value: Column, column: ContractColumn) -> Column:
    """Tell whether a converted value is there, and a date or time within the years 1 to 9999."""
    if column.type not in _ISO_FORMS:
        return value.isNotNull()
    first, last = (F.lit(end).cast(column.type) for end in _FIRST_AND_LAST)
    return F.coalesce(value.between(first, last), F.lit(False))


def _has_common_form(text: Column) -> Column:
    content, length = text.cast("binary"), F.octet_length(text)
    form = (length <= _LONGEST_COMMON_FORM) & text.endswith("Z")
    for position, allowed in _SEPARATORS.items():
        byte = content.substr(F.lit(position), F.lit(1))
        form &= byte.isin(*(F.lit(character.encode()) for character in allowed))
    # So that no name of a zone ends with the Z, nor a space stands before it.
    return form & content.substr(length - 1, F.lit(1)).between(F.lit(b"0"), F.lit(b"9"))
