"""Parsed values become values of their column's type, or turn out not to fit it.

The JSON parser judges most types by itself. What it would change in silence, or cannot read, comes as another type.
"""

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract.ddl_types import holds, inner_types, kind_of
from contract.iso_times import DATE_FORM, MINUTES_BEFORE_ZONE, TIMESTAMP_FORM
from contract.model import UTC
from contract.read_types import SENT_AS_STRING, TIMES
from contract.time_patterns import spark_pattern, weekday_form
from curation.composing import any_of

# Spark's casts also accept "2025", "10:15" (as today!) and zone names; the contract's forms mean one moment to all.
_IS_DATE, _IS_TIMESTAMP = rf"^{DATE_FORM}\z", rf"^{TIMESTAMP_FORM}\z"
_HAS_ZONE = r"[T ].*(?:Z|[+-][0-9:]{2,5})\z"
# A zone can shift a time out of the years that Python, DuckDB and most readers of the rows can name.
_FIRST_AND_LAST = ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
_FIRST_AND_LAST_SECOND = (-62_135_596_800, 253_402_300_800)  # the latter is out of the years again, by a moment
# The parser takes 200 for a tinyint and makes it -56, and what no float or double can hold becomes an infinite one.
_CHANGED_BY_THE_PARSER = ("tinyint", "float", "double")
# Holds what a double can of these, and more digits of the fraction.
_EXACT = "decimal(38,18)"
# How far a number may be from the double that is nearest to it, as a part of it; and the error of a multiplication.
_HALF_A_DIGIT, _OF_THE_PRODUCT = 2.0**-53, 1e-6
_IN_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_WHOLE, _BOOLEAN = r"^-?[0-9]{1,19}\z", r"^(?:true|false|True|False|TRUE|FALSE)\z"
_FRACTION = r"^-?[0-9]{1,400}(?:[.][0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?\z"
# The common form 2025-01-01T10:15:30.123Z is told by single bytes, at a fifth of the regular expression's cost. A text
# that has these, and that the cast takes, has digits everywhere else.
_SEPARATORS = {5: "-", 8: "-", 11: "T", 14: ":", 17: ":", 20: ".Z"}
_LONGEST_COMMON_FORM = len("2025-01-01T10:15:30.123456789Z")


def is_judged(column: ContractColumn) -> bool:
    """Tell whether a parsed value can be lost when it gets its type."""
    return _is_judged(column.type, column)


def _is_judged(type_: str, column: ContractColumn) -> bool:
    kinds = (*TIMES, *_CHANGED_BY_THE_PARSER, *(SENT_AS_STRING if column.sent_as_string else ()))
    return holds(type_, kinds)


def typed_value(value: Column, column: ContractColumn) -> Column:
    """Give a parsed value its contract's type, or null when it has another form or is infinite."""
    result = converted(value, column)
    return F.when(is_in_range(result, column), result)


def converted(value: Column, column: ContractColumn) -> Column:
    """Give a parsed value its contract's type, or null; whether it `is_in_range` is another step."""
    if not is_judged(column):
        return value
    if not inner_types(column.type):
        return _simple(value, column.type, column)
    fits = ~F.coalesce(_is_misfit(value, column.type, column), F.lit(False))
    return F.when(fits, _rebuilt(value, column.type, column))


def is_in_range(value: Column, column: ContractColumn) -> Column:
    """Tell whether a converted value is there, and a date or time within the years 1 to 9999."""
    return _is_named(value, column.type) if column.type in TIMES else value.isNotNull()


def _is_named(time: Column, type_: str) -> Column:
    first, last = (F.lit(end).cast(type_) for end in _FIRST_AND_LAST)
    return F.coalesce(time.between(first, last), F.lit(False))


def _simple(value: Column, type_: str, column: ContractColumn) -> Column:
    """Convert a parsed value of a simple type; null when it does not fit."""
    if type_ in TIMES:
        return _time(value, type_, column)
    if column.sent_as_string and type_ in SENT_AS_STRING:
        form = _BOOLEAN if type_ == "boolean" else _FRACTION if type_ in ("float", "double") else _WHOLE
        number = F.when(value.rlike(form), value).cast(type_)
        return F.when(F.abs(number) < float("inf"), number) if type_ in ("float", "double") else number
    if type_ == "tinyint":
        return F.when(value.between(-128, 127), value).cast(type_)
    return F.when(F.abs(value) < float("inf"), value) if type_ in ("float", "double") else value


def _time(value: Column, type_: str, column: ContractColumn) -> Column:
    if column.epoch_unit is not None:
        return _moment(value, column.epoch_unit, is_text=column.sent_as_string).cast(type_)
    if column.time_pattern is not None:
        return _patterned(value, type_, column.time_pattern, column.time_zone)
    if type_ == "date":
        return F.when(value.rlike(_IS_DATE), value.cast("date"))
    # The cast wants seconds before a zone, where Java and JavaScript leave out zero seconds.
    in_full = F.regexp_replace(value, MINUTES_BEFORE_ZONE, "$1:00")
    moment = F.when(_has_common_form(value), value).when(value.rlike(_IS_TIMESTAMP), in_full).cast("timestamp")
    if column.time_zone == UTC:
        return moment
    return F.when(value.rlike(_HAS_ZONE), moment).otherwise(F.to_utc_timestamp(moment, column.time_zone))


def _patterned(text: Column, type_: str, pattern: str, zone: str) -> Column:
    weekday = weekday_form(pattern)
    rest = text if weekday is None else F.when(text.rlike(weekday), F.regexp_replace(text, weekday, ""))
    if type_ == "date":
        return F.to_date(rest, spark_pattern(pattern))
    moment = F.to_timestamp(rest, spark_pattern(pattern))
    return moment if zone == UTC else F.to_utc_timestamp(moment, zone)


def _moment(number: Column, unit: str, *, is_text: bool) -> Column:
    """Return the moment so many units after 1970; digits below a microsecond are cut off, towards the past.

    A double stands for all numbers that it is the nearest to; where a whole microsecond is one of these, it is meant.
    """
    in_a_second = _IN_A_SECOND[unit]
    first, last = (second * in_a_second for second in _FIRST_AND_LAST_SECOND)
    if unit in ("us", "ns"):
        whole = F.when(number.rlike(_WHOLE), number).cast("bigint") if is_text else number
        step = F.lit(in_a_second // 10**6).cast("bigint")
        # Division by `/` is one of doubles, which have too few digits; `div` cuts off towards zero.
        micros = F.call_function("div", whole, step) - (whole % step < 0).cast("bigint")
        # All that a bigint can hold of nanoseconds is near.
        return F.timestamp_micros(F.when(whole.between(first, last), micros) if unit == "us" else micros)
    per_unit = F.lit(10**6 // in_a_second)
    parsed = F.when(number.rlike(_FRACTION), number).cast(_EXACT) if is_text else number
    part = (parsed - F.floor(parsed)) * per_unit
    if not is_text:
        nearest, unsure = F.round(part), F.abs(parsed) * per_unit * F.lit(_HALF_A_DIGIT) + F.lit(_OF_THE_PRODUCT)
        part = F.when(F.abs(part - nearest) <= unsure, nearest).otherwise(part)
    micros = F.floor(parsed).cast("bigint") * per_unit + F.floor(part).cast("bigint")
    return F.timestamp_micros(F.when(parsed.between(first, last), micros))


def _is_misfit(value: Column, type_: str, column: ContractColumn) -> Column:
    """Tell whether a value here or anywhere inside does not fit; may be null, which means no."""
    if not _is_judged(type_, column):
        return F.lit(False)
    inner = inner_types(type_)
    match kind_of(type_):
        case "array":
            return F.exists(value, lambda element: _is_misfit(element, inner["element"], column))
        case "map":
            return F.exists(F.map_values(value), lambda element: _is_misfit(element, inner["value"], column))
        case "struct":
            misfits = (_is_misfit(value[name], field_type, column) for name, field_type in inner.items())
            return any_of(F.coalesce(misfit, F.lit(False)) for misfit in misfits)
    result = _simple(value, type_, column)
    fits = _is_named(result, type_) if type_ in TIMES else result.isNotNull()
    return value.isNotNull() & ~fits


def _rebuilt(value: Column, type_: str, column: ContractColumn) -> Column:
    """Convert a value that fits, here and everywhere inside."""
    if not _is_judged(type_, column):
        return value
    inner = inner_types(type_)
    rebuild: Callable[[Column, str], Column] = lambda found, name: _rebuilt(found, inner[name], column)  # noqa: E731
    match kind_of(type_):
        case "array":
            return F.transform(value, lambda element: rebuild(element, "element"))
        case "map":
            return F.transform_values(value, lambda _, element: rebuild(element, "value"))
        case "struct":
            fields = (rebuild(value[name], name).alias(name) for name in inner)
            return F.when(value.isNotNull(), F.struct(*fields))
    return _simple(value, type_, column)


def _has_common_form(text: Column) -> Column:
    content, length = text.cast("binary"), F.octet_length(text)
    form = (length <= _LONGEST_COMMON_FORM) & text.endswith("Z")
    for position, allowed in _SEPARATORS.items():
        byte = content.substr(F.lit(position), F.lit(1))
        form &= byte.isin(*(F.lit(character.encode()) for character in allowed))
    # So that no name of a zone ends with the Z, nor a space stands before it.
    return form & content.substr(length - 1, F.lit(1)).between(F.lit(b"0"), F.lit(b"9"))
