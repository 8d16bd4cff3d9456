"""From the profile of a field to the type of its column, and how its values are read; knows no rules.

Whatever could lose something, or was not the same in all values, stays a string, which any value fits.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from contract_init import times
from contract_init.names import is_count, is_identifier, is_money, is_version, names_a_moment
from contract_init.profile import FEW, Field, Numbers, Strings

_BIGINT: Final = (-(2**63), 2**63 - 1)
_MOST_DIGITS: Final = 38
_LARGEST_DOUBLE: Final = 10**308
_MONEY_SCALE: Final = 4
_ROOM_DIGITS: Final = 4
_MOST_DIGITS_SHOWN: Final = 400
_LONGEST_WRITTEN: Final = 10**40


@dataclass(frozen=True)
class ColumnType:
    """A type as a contract states it, how values are read, and what was measured, for people.

    ``instead`` is what to write to have strings read as what they hold; ``ddl`` is the type inside of another.
    """

    logical: str
    physical: str | None = None
    format: str | None = None
    epoch_unit: str | None = None
    is_sent_as_string: bool = False
    measured: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    minimum: str | None = None

    @property
    def ddl(self) -> str:
        return self.physical or {"integer": "bigint", "number": "double"}.get(self.logical, self.logical)

    @property
    def is_time(self) -> bool:
        return self.logical == "timestamp"

    @property
    def is_plain(self) -> bool:
        """Whether nothing has to be said beside the type, so that it can stand inside another."""
        return self.format is None and self.epoch_unit is None and not self.is_sent_as_string


def simple_type(found: Field, name: str) -> ColumnType:
    """Return the type of a field that holds no objects and no arrays; ``name`` tells what its numbers may mean."""
    kinds = {kind for kind, count in found.kinds.items() if count}
    if not kinds:
        return ColumnType("string", measured=("always null in the sample, so the type is a guess",))
    if kinds == {"boolean"}:
        return ColumnType("boolean")
    if kinds <= {"integer", "decimal", "string"}:
        return _number_or_string_type(found, name, kinds)
    if len(kinds) == 1:
        return ColumnType("string", measured=(f"kept as the JSON text of each {next(iter(kinds))}",))
    return _mixed_type(found)


def _number_or_string_type(found: Field, name: str, kinds: Collection[str]) -> ColumnType:
    if "string" not in kinds:
        return _number_type(found, name)
    if kinds == {"string"}:
        return _string_type(found.strings, name)
    return _numbers_and_strings(found, name) if _are_numbers(found.strings) else _mixed_type(found)


def _mixed_type(found: Field) -> ColumnType:
    return ColumnType("string", measured=(f"of different kinds, so each is kept as text: {_kinds(found)}",))


def map_type(found: Field, *, is_by_name: bool) -> ColumnType:
    """Return the type of objects whose fields are not known beforehand: a map, or text where there is more inside.

    ``is_by_name`` tells that it was the name of the field that said so.
    """
    measured = _open_ended(found, is_by_name=is_by_name)
    if all(inner.kinds.keys() <= {"string", "integer", "boolean", "decimal"} for inner in found.fields.values()):
        return ColumnType("object", "map<string,string>", measured=(measured,))
    return ColumnType("string", measured=(f"{measured}, kept as JSON text",))


def _open_ended(found: Field, *, is_by_name: bool) -> str:
    if not found.fields:
        return "always empty in the sample"
    count = len(found.fields)
    keys = f"{'more than ' if found.has_more_fields else ''}{count} different keys" if count > 1 else "1 key seen"
    if any(inner.count + inner.nulls < found.count for inner in found.fields.values()):
        return f"{keys}, not all in every record"
    return f"{keys}; others may follow, by the name of the field" if is_by_name else keys


def _kinds(found: Field) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.kinds.items()))


def _epoch(numbers: Numbers, name: str) -> str | None:
    """Return the unit of numbers that are moments of 2001 to 2100, by far most of them, and by their name too."""
    if not numbers.epochs or not names_a_moment(name):
        return None
    unit, count = numbers.epochs.most_common(1)[0]
    are_whole = unit in times.UNITS_WITH_FRACTIONS or numbers.fractions <= FEW * numbers.count
    return unit if count >= (1 - FEW) * numbers.count and are_whole else None


def _epoch_type(numbers: Numbers, unit: str, *, in_strings: str = "") -> ColumnType:
    odd = numbers.count - numbers.epochs[unit]
    outside = (f"{odd:,} of {numbers.count:,} are outside of the years 2001 to 2100",) if odd else ()
    said = (f"numbers since 1970{in_strings}, in {_UNITS[unit]}", *outside)
    return ColumnType("timestamp", epoch_unit=unit, is_sent_as_string=bool(in_strings), measured=said)


def _number_type(found: Field, name: str) -> ColumnType:
    integers, numbers = found.integers, Numbers.of_all((found.integers, found.decimals))
    unit = _epoch(numbers, name)
    if unit is not None:
        return _epoch_type(numbers, unit)
    if integers.days == found.count and names_a_moment(name):
        return ColumnType("date", format="yyyyMMdd", measured=("days written as numbers",))
    if any(not -_LARGEST_DOUBLE <= end <= _LARGEST_DOUBLE for end in numbers.ends):
        return ColumnType("string", measured=("numbers beyond any number type",))
    measured = (_range(numbers), *_some_epochs(numbers, name))
    return _type_of_numbers(numbers, measured, name, has_fractions=found.decimals.count > 0)


def _type_of_numbers(numbers: Numbers, measured: tuple[str, ...], name: str, *, has_fractions: bool) -> ColumnType:
    """Return the number type that holds all numbers as they are; text, or the nearest double, where there is none."""
    if not has_fractions:
        return _integer_type(numbers, measured, minimum=_minimum(numbers, name))
    if _is_exact_money(numbers, name):
        return _decimal_type(numbers, measured, name)
    if numbers.fits_double:
        return ColumnType("number", measured=measured)
    if numbers.whole_digits + numbers.scale <= _MOST_DIGITS:
        return _decimal_type(numbers, (*measured, "more digits than a double has"), name)
    return ColumnType("number", measured=(*measured, "with more digits than a number type has, so each is rounded"))


_UNITS: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


def _some_epochs(numbers: Numbers, name: str) -> tuple[str, ...]:
    """Tell of numbers most of which are moments, where too many others are none."""
    for unit, words_ in _UNITS.items():
        count, total = numbers.epochs[unit], numbers.count
        if names_a_moment(name) and total / 2 < count < total:
            return (f"{count:,} of {total:,} are {words_} since 1970, the others are not, so it is no timestamp",)
    return ()


def _integer_type(integers: Numbers, measured: tuple[str, ...], *, minimum: str | None) -> ColumnType:
    if _fit_bigint(integers):
        return ColumnType("integer", measured=measured, minimum=minimum)
    if integers.whole_digits <= _MOST_DIGITS:
        return ColumnType("integer", "decimal(38,0)", measured=(*measured, "beyond a bigint"), minimum=minimum)
    return ColumnType(
        "string", measured=(f"integers of up to {integers.whole_digits} digits, more than any number type has",)
    )


def _is_exact_money(numbers: Numbers, name: str) -> bool:
    is_written_out = not numbers.has_exponent and numbers.scale <= _MONEY_SCALE
    return is_money(name) and is_written_out and numbers.whole_digits <= 18


def _decimal_type(numbers: Numbers, measured: tuple[str, ...], name: str) -> ColumnType:
    scale = max(2, numbers.scale) if is_money(name) else numbers.scale
    precision = min(_MOST_DIGITS, max(18, numbers.whole_digits + scale + _ROOM_DIGITS))
    written = f"at most {numbers.scale} digits after the point; beyond {scale} they would be rounded"
    minimum = _minimum(numbers, name)
    return ColumnType("number", f"decimal({precision},{scale})", measured=(*measured, written), minimum=minimum)


def _minimum(numbers: Numbers, name: str) -> str | None:
    """Propose a limit where a negative number would surely be wrong, if there was none."""
    return "0" if (is_money(name) or is_count(name)) and numbers.lowest is not None and numbers.lowest >= 0 else None


def _range(numbers: Numbers) -> str:
    lowest, highest = numbers.ends
    return f"{_short(lowest)} to {_short(highest)}" if lowest != highest else f"always {_short(lowest)}"


def _short(number: Decimal) -> str:
    is_written_out = abs(number) < _LONGEST_WRITTEN and int(number.as_tuple().exponent) > -_MOST_DIGITS_SHOWN
    text = f"{number:f}" if is_written_out else str(number)
    return text if len(text) <= 24 else f"{text[:20]}… ({len(text)} digits)"


def _string_type(strings: Strings, name: str) -> ColumnType:
    if is_version(name):
        return ColumnType("string")
    time = _time_type(strings, name)
    if time is not None:
        return time
    if _are_numbers(strings) and (strings.decimals.count or not is_identifier(name)):
        return _numbers_in_strings(strings, name)
    if strings.count == strings.booleans:
        return ColumnType("string", measured=("all are booleans in strings",), instead=_instead(ColumnType("boolean")))
    return ColumnType("string", measured=_about_strings(strings))


def _are_numbers(strings: Strings) -> bool:
    return strings.count == strings.integers.count + strings.decimals.count


def _numbers_and_strings(found: Field, name: str) -> ColumnType:
    """Return the type of numbers some of which are sent as strings: text, unless by far most are none."""
    numbers = Numbers.of_all(found.numbers)
    unit = _epoch(numbers, name)
    if unit is not None:
        return _epoch_type(numbers, unit, in_strings=", some in strings")
    said = (f"numbers, {found.strings.count:,} of {found.count:,} in strings", _range(numbers))
    has_fractions = found.decimals.count + found.strings.decimals.count > 0
    typed = _type_of_numbers(numbers, said, name, has_fractions=has_fractions)
    if found.strings.count <= FEW * found.count:
        return sent_as_string(typed)
    if is_identifier(name) and not has_fractions:
        return ColumnType("string", measured=said)
    return typed if has_fractions and _is_exact_money(numbers, name) else _as_text(typed, said)


def _fit_bigint(numbers: Numbers) -> bool:
    return _BIGINT[0] <= (numbers.lowest or 0) and (numbers.highest or 0) <= _BIGINT[1]


def _as_text(typed: ColumnType, measured: tuple[str, ...]) -> ColumnType:
    """Return text, with what to write instead to have its numbers as a number type that holds them exactly."""
    return ColumnType("string", measured=measured, instead=_instead(typed) if typed.logical != "string" else ())


def sent_as_string(typed: ColumnType) -> ColumnType:
    """Return a type of numbers that reads them in strings too, which a decimal does anyway."""
    return replace(typed, is_sent_as_string=typed.logical != "string" and typed.physical is None)


def numbers_in_strings_type(found: Field, name: str) -> ColumnType:
    """Return the type of strings that hold numbers by what their source says, as the N of DynamoDB."""
    strings = found.strings
    simple = simple_type(found, name)
    if simple.logical != "string" or strings.leading_zeros:
        return simple
    if not _are_numbers(strings):
        return ColumnType("string", measured=("numbers some of which have an exponent, so each is kept as text",))
    numbers = Numbers.of_all((strings.integers, strings.decimals))
    typed = _type_of_numbers(numbers, (_range(numbers),), name, has_fractions=strings.decimals.count > 0)
    if not numbers.fits_double and typed.ddl == "double":
        return ColumnType("string", measured=("numbers with more digits than a number type has",))
    return sent_as_string(typed)


def _about_strings(strings: Strings) -> tuple[str, ...]:
    forms = strings.forms.most_common(1)
    if len(strings.all_forms) > 1:
        return (
            f"times that could be {' or '.join(strings.all_forms)}; state one of them as the format of a timestamp",
        )
    if forms and forms[0][1] < strings.count and forms[0][1] > strings.count / 2:
        empty = f", {strings.empty:,} are empty" if strings.empty else ""
        return (f"{forms[0][1]:,} of {strings.count:,} are times ({forms[0][0]}){empty}; the others are not",)
    numbers = strings.integers.count + strings.decimals.count
    for count, what in ((numbers, "numbers"), (strings.booleans, "booleans")):
        if (1 - FEW) * strings.count <= count < strings.count:
            return (f"{count:,} of {strings.count:,} are {what} in strings; the others are not",)
    if strings.leading_zeros:
        return ("digits with leading zeros, which a number would lose",)
    return ("always empty",) if strings.empty == strings.count else ()


def _time_type(strings: Strings, name: str) -> ColumnType | None:
    forms = strings.all_forms
    if times.ISO_DATE in forms:
        return ColumnType("date")
    if times.ISO_TIMESTAMP in forms:
        return ColumnType("timestamp")
    digits_only = all(times.is_digits(form) for form in forms)
    if not forms or (digits_only and not names_a_moment(name)) or times.are_of_different_days(forms):
        return None
    form = forms[0]
    zone = (
        ()
        if times.has_zone(form) or not times.has_time_of_day(form)
        else ("without a zone, which means UTC; for another state defaultTimezone",)
    )
    return ColumnType("timestamp" if times.has_time_of_day(form) else "date", format=form, measured=zone)


def _numbers_in_strings(strings: Strings, name: str) -> ColumnType:
    numbers = Numbers.of_all((strings.integers, strings.decimals))
    unit = _epoch(numbers, name)
    if unit is not None:
        return _epoch_type(numbers, unit, in_strings=" in strings")
    if not strings.decimals.count:
        beyond = "" if _fit_bigint(numbers) else ", beyond a bigint"
        typed = _integer_type(numbers, (), minimum=None)
        return _as_text(typed, (f"all are integers in strings, {_range(numbers)}{beyond}",))
    if _is_exact_money(numbers, name):
        return _decimal_type(numbers, (_range(numbers), "numbers in strings, which a decimal reads too"), name)
    typed = _type_of_numbers(numbers, (), name, has_fractions=True)
    is_kept = numbers.fits_double or typed.physical is not None
    return _as_text(typed if is_kept else ColumnType("string"), (f"all are numbers in strings, {_range(numbers)}",))


def _instead(typed: ColumnType) -> tuple[str, ...]:
    if typed.physical is not None:
        return f"logicalType: {typed.logical}", f"physicalType: {typed.physical}"
    return f"logicalType: {typed.logical}", "customProperties: [{property: sentAs, value: string}]"
