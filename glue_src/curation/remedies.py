"""What a contract would have to say for a value to fit its column, where the value tells; in the contract's words.

Works on the text of a value that does not fit; must not decide whether it does.
"""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract.iso_times import DATE_FORM, TIMESTAMP_FORM

RECORDS_IN_ARRAY = 'recordsPath: "[]"'
_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_FRACTIONS = ("float", "double")
_TIMES = ("date", "timestamp")
_INTEGER = r"^[-+]?[0-9]+$"
_NUMBER = r"^[-+]?[0-9]+(?:[.][0-9]+)?(?:[eE][-+]?[0-9]+)?$"
_BOOLEAN = r"(?i)^(?:true|false)$"
_COMPACT_DATE = r"^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])$"
_HAS_DIGITS = r"[0-9].*[0-9]"
# What has ISO's form and is no time all the same: an hour 24, a second 60, a 30th of February, a year 10000.
_LIKE_ISO = r"^[0-9]{4,}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?(?:Z|[-+][0-9:]+)?)?$"
_IS_DATE, _IS_TIMESTAMP = rf"^{DATE_FORM}$", rf"^{TIMESTAMP_FORM}$"
# From where on a number of a unit is a time after 1973; as one of the unit before it would be in the year 5138.
_UNITS: Mapping[str, tuple[str, float]] = {
    "s": ("seconds", 1e8),
    "ms": ("milliseconds", 1e11),
    "us": ("microseconds", 1e14),
    "ns": ("nanoseconds", 1e17),
}


def remedy(column: ContractColumn, text: Column, *, is_string: Column) -> Column:
    """Say what a value looks like, and what a contract says of such a column; null where neither is known.

    ``text`` is the value, ``is_string`` whether it stood in quotes. No value is in the words.
    """
    type_ = column.type
    if column.epoch_unit is not None and type_ in _TIMES:
        return _of_number(column, text, is_string)
    if column.sent_as_string or column.time_pattern is not None:
        return F.lit(None).cast("string")  # its form is stated already
    if type_ in _INTEGERS:
        return F.when(is_string & text.rlike(_INTEGER), _as_string("an integer"))
    if type_ in _FRACTIONS:
        return F.when(is_string & text.rlike(_NUMBER), _as_string("a number"))
    if type_ == "boolean":
        return F.when(is_string & text.rlike(_BOOLEAN), _as_string("a boolean"))
    return _of_time(type_, text, is_string) if type_ in _TIMES else F.lit(None).cast("string")


def _of_number(column: ContractColumn, text: Column, is_string: Column) -> Column:
    """Say of a time that is stated to be a number what else it looks like: a string, or one of a smaller unit."""
    in_string = is_string & ~F.lit(column.sent_as_string) & text.rlike(_NUMBER)
    other = F.when(F.abs(text.cast("double")) >= _beyond(str(column.epoch_unit)), _epoch(text, F.lit(False)))
    return F.when(in_string, _as_string("a number")).when(text.rlike(_NUMBER), other)


def _beyond(unit: str) -> float:
    """Return from where on a number is one of the next smaller unit."""
    units = list(_UNITS)
    smaller = units[units.index(unit) + 1 :]
    return _UNITS[smaller[0]][1] if smaller else float("inf")


def of_the_contract(statement: str) -> str:
    """Say how to state what holds for all that a contract reads."""
    return f"set the custom property {statement} of the contract (for all files of this dataset)"


def _of_the_column(statement: str) -> str:
    return f"set the custom property {statement} of the column"


def _as_string(what: str) -> str:
    return f"a string that holds {what}; if the source writes it so, {_of_the_column('sentAs: string')}"


def _of_time(type_: str, text: Column, is_string: Column) -> Column:
    said = "if the source writes it so, state logicalTypeOptions.format"
    compact = f"a date without dashes; {said}: yyyyMMdd in the contract"
    other = f"not ISO 8601; {said} in the contract, with its pattern"
    is_iso = text.rlike(_IS_TIMESTAMP)  # a date is one as well
    remedies = F.when(text.rlike(_COMPACT_DATE), compact)
    if type_ == "date":
        remedies = remedies.when(is_iso & ~text.rlike(_IS_DATE), "a time of a day; make it a timestamp column")
    return remedies.when(text.rlike(_NUMBER), _epoch(text, is_string)).when(
        is_string & text.rlike(_HAS_DIGITS) & ~text.rlike(_LIKE_ISO), other
    )


def _epoch(text: Column, is_string: Column) -> Column:
    number, found = F.abs(text.cast("double")), F.lit(None).cast("string")
    # From the smallest unit on, so that the last that a number is large enough for is asked first.
    for unit, (name, least) in _UNITS.items():
        since, stated = f"if it counts {name} since 1970, ", f"epochUnit: {unit}"
        both = f"set the custom properties {stated} and sentAs: string of the column"
        told = F.when(is_string, f"a string that holds a number; {since}{both}").otherwise(
            f"a number; {since}{_of_the_column(stated)}"
        )
        found = F.when(number >= least, told).otherwise(found)
    return found
