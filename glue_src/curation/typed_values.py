"""Parsed values become values of their column's type, or turn out not to fit it.

The JSON parser judges most types by itself. What it would change in silence, it reads as another type, judged here.
"""

import re
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract.ddl_types import holds_inside, inner_types, kind_of
from contract.iso_times import DATE_FORM, MINUTES_BEFORE_ZONE, TIMESTAMP_FORM

# Spark's casts also accept "2025", "10:15" (as today!) and zone names; the contract's forms mean one moment to all.
_IS_DATE, _IS_TIMESTAMP = rf"^{DATE_FORM}\z", rf"^{TIMESTAMP_FORM}\z"
# A zone can shift a time out of the years that Python, DuckDB and most readers of the rows can name.
_FIRST_AND_LAST = ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
_TIMES = ("date", "timestamp")
_READ_AS = {"tinyint": "smallint", **dict.fromkeys(_TIMES, "string")}
# The parser takes 200 for a tinyint and makes it -56, and what no float or double can hold becomes an infinite one.
_CHANGED_BY_THE_PARSER = ("tinyint", "float", "double")
# The common form 2025-01-01T10:15:30.123Z is told by single bytes, at a fifth of the regular expression's cost. A text
# that has these, and that the cast takes, has digits everywhere else.
_SEPARATORS = {5: "-", 8: "-", 11: "T", 14: ":", 17: ":", 20: ".Z"}
_LONGEST_COMMON_FORM = len("2025-01-01T10:15:30.123456789Z")


def read_as(column: ContractColumn) -> str:
    """Return the type that the JSON parser reads for a column; dates and times come as text."""
    return _READ_AS.get(column.type) or re.sub(r"(?<=[<,:])tinyint(?=[>,])", _READ_AS["tinyint"], column.type)


def is_judged(column: ContractColumn) -> bool:
    """Tell whether a parsed value can be lost when it gets its type."""
    return column.type in _TIMES or _is_judged(column.type)


def _is_judged(type_: str) -> bool:
    return type_ in _CHANGED_BY_THE_PARSER or holds_inside(type_, _CHANGED_BY_THE_PARSER)


def typed_value(value: Column, column: ContractColumn) -> Column:
    """Give a parsed value its contract's type, or null when text is not plain ISO 8601 or a number is infinite."""
    result = converted(value, column)
    return F.when(is_in_range(result, column), result)


def converted(value: Column, column: ContractColumn) -> Column:
    """Give a parsed value its contract's type, or null; whether it `is_in_range` is another step."""
    if column.type == "date":
        return F.when(value.rlike(_IS_DATE), value.cast("date"))
    if column.type == "timestamp":
        # The cast wants seconds before a zone, where Java and JavaScript leave out zero seconds.
        in_full = F.regexp_replace(value, MINUTES_BEFORE_ZONE, "$1:00")
        return F.when(_has_common_form(value), value).when(value.rlike(_IS_TIMESTAMP), in_full).cast("timestamp")
    if is_judged(column):
        return F.when(~F.coalesce(_is_misfit(value, column.type), F.lit(False)), value.cast(column.type))
    return value


def is_in_range(value: Column, column: ContractColumn) -> Column:
    """Tell whether a converted value is there, and a date or time within the years 1 to 9999."""
    if column.type not in _TIMES:
        return value.isNotNull()
    first, last = (F.lit(end).cast(column.type) for end in _FIRST_AND_LAST)
    return F.coalesce(value.between(first, last), F.lit(False))


def _is_misfit(value: Column, type_: str) -> Column:
    """Tell whether a number is infinite or no tinyint, here or anywhere inside; may be null, which means no."""
    if type_ in {"float", "double"}:
        return F.abs(value) == float("inf")
    if type_ == "tinyint":
        return ~value.between(-128, 127)
    inner = inner_types(type_)
    match kind_of(type_):
        case "array" if _is_judged(inner["element"]):
            return F.exists(value, lambda element: _is_misfit(element, inner["element"]))
        case "map" if _is_judged(inner["value"]):
            return F.exists(F.map_values(value), lambda element: _is_misfit(element, inner["value"]))
        case "struct":
            misfits = (_is_misfit(value[name], field_type) for name, field_type in inner.items())
            return reduce(Column.__or__, (F.coalesce(misfit, F.lit(False)) for misfit in misfits))
    return F.lit(False)


def _has_common_form(text: Column) -> Column:
    content, length = text.cast("binary"), F.octet_length(text)
    form = (length <= _LONGEST_COMMON_FORM) & text.endswith("Z")
    for position, allowed in _SEPARATORS.items():
        byte = content.substr(F.lit(position), F.lit(1))
        form &= byte.isin(*(F.lit(character.encode()) for character in allowed))
    # So that no name of a zone ends with the Z, nor a space stands before it.
    return form & content.substr(length - 1, F.lit(1)).between(F.lit(b"0"), F.lit(b"9"))
