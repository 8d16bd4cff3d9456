"""From the profile of a field to the type of its column, and how its values are read; knows no rules.

Whatever could lose something, or was not the same in all values, stays a string, which any value fits.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from contract_init import times
from contract_init.meanings import is_count, is_identifier, is_money, is_version, names_a_moment
from contract_init.profile import Field, Numbers, Strings

_BIGINT: Final = (-(2**63), 2**63 - 1)
_MOST_DIGITS: Final = 38
_LARGEST_DOUBLE: Final = 10**308
_MONEY_SCALE: Final = 4
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


def map_type(found: Field) -> ColumnType:
    """Return the type of objects whose fields are not known beforehand: a map, or text where there is more inside."""
    if all(inner.kinds.keys() <= {"string", "integer", "boolean", "decimal"} for inner in found.fields.values()):
        return ColumnType("object", "map<string,string>", measured=(_open_ended(found),))
    return ColumnType("string", measured=(f"{_open_ended(found)}, kept as JSON text",))


def _open_ended(found: Field) -> str:
    if not found.fields:
        return "always empty in the sample"
    more = "more than " if found.has_more_fields else ""
    return (
        f"{more}{len(found.fields)} different keys, not all in every record" if len(found.fields) > 1 else "1 key seen"
    )


def _kinds(found: Field) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.kinds.items()))


def _epoch(numbers: Iterable[Numbers], name: str) -> str | None:
    """Return the unit of numbers that are all moments of 2001 to 2100, by their name too; None for others."""
    used = [one for one in numbers if one.count]
    units = {unit for one in used for unit in one.epochs}
    if len(units) != 1 or not names_a_moment(name):
        return None
    unit = units.pop()
    has_fractions = any(one.scale for one in used)
    are_all = all(one.epochs[unit] == one.count for one in used)
    return unit if are_all and not (has_fractions and unit in ("us", "ns")) else None


def _number_type(found: Field, name: str) -> ColumnType:
    integers, decimals = found.integers, found.decimals
    unit = _epoch((integers, decimals), name)
    if unit is not None:
        return ColumnType("timestamp", epoch_unit=unit, measured=(f"numbers since 1970, in {_UNITS[unit]}",))
    if integers.days == found.count and names_a_moment(name):
        return ColumnType("date", format="yyyyMMdd", measured=("days written as numbers",))
    numbers = [one for one in (integers, decimals) if one.count]
    if any(abs(end) > _LARGEST_DOUBLE for one in numbers for end in one.ends):
        return ColumnType("string", measured=("numbers beyond any number type",))
    measured = (*_range(numbers), *_some_epochs(numbers, name))
    if not decimals.count:
        return _integer_type(integers, measured, minimum=_minimum(integers, name))
    if _is_exact_money(decimals, integers, name):
        return _money_type(decimals, integers, measured, name)
    return ColumnType("number", measured=measured)


_UNITS: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


def _some_epochs(numbers: Sequence[Numbers], name: str) -> tuple[str, ...]:
    """Tell of numbers most of which are moments; as a timestamp the others would make their records malformed."""
    total = sum(one.count for one in numbers)
    for unit, words_ in _UNITS.items():
        count = sum(one.epochs[unit] for one in numbers)
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


def _is_exact_money(decimals: Numbers, integers: Numbers, name: str) -> bool:
    digits = max(decimals.whole_digits, integers.whole_digits)
    is_written_out = not decimals.has_exponent and decimals.scale <= _MONEY_SCALE
    return is_money(name) and is_written_out and digits <= 18


def _money_type(decimals: Numbers, integers: Numbers, measured: tuple[str, ...], name: str) -> ColumnType:
    scale = max(2, decimals.scale)
    digits = max(decimals.whole_digits, integers.whole_digits)
    written = f"at most {decimals.scale} digits after the point; beyond {scale} they would be rounded"
    lowest = min((one for one in (decimals, integers) if one.count), key=lambda one: one.lowest or 0)
    minimum = _minimum(lowest, name)
    return ColumnType(
        "number", f"decimal({max(18, digits + scale + 4)},{scale})", measured=(*measured, written), minimum=minimum
    )


def _minimum(numbers: Numbers, name: str) -> str | None:
    """Propose a limit where a negative number would surely be wrong, if there was none."""
    return "0" if (is_money(name) or is_count(name)) and numbers.lowest is not None and numbers.lowest >= 0 else None


def _range(numbers: Iterable[Numbers]) -> tuple[str, ...]:
    ends = sorted(end for one in numbers for end in one.ends)
    return (f"{_short(ends[0])} to {_short(ends[-1])}",) if ends[0] != ends[-1] else (f"always {_short(ends[0])}",)


def _short(number: Decimal) -> str:
    text = f"{number:f}" if abs(number) < _LONGEST_WRITTEN else str(number)
    return text if len(text) <= 24 else f"{text[:20]}… ({len(text)} digits)"


def _string_type(strings: Strings, name: str) -> ColumnType:
    if is_version(name):
        return ColumnType("string")
    time = _time_type(strings, name)
    if time is not None:
        return time
    numbers = strings.integers
    if strings.count == numbers.count and not is_identifier(name):
        return _integers_in_strings(strings, name)
    if strings.count == strings.booleans:
        return ColumnType("string", measured=("all are booleans in strings",), instead=_instead("boolean"))
    if _are_numbers(strings) and strings.decimals.count:
        return _decimals_in_strings(strings, name)
    return ColumnType("string", measured=_about_strings(strings))


def _are_numbers(strings: Strings) -> bool:
    return strings.count == strings.integers.count + strings.decimals.count


def _numbers_and_strings(found: Field, name: str) -> ColumnType:
    """Return the type of numbers some of which are sent as strings: text, unless a number type reads both anyway."""
    integers = [one for one in (found.integers, found.strings.integers) if one.count]
    decimals = [one for one in (found.decimals, found.strings.decimals) if one.count]
    unit = _epoch((*integers, *decimals), name)
    if unit is not None:
        text = f"numbers since 1970, some in strings, in {_UNITS[unit]}"
        return ColumnType("timestamp", epoch_unit=unit, is_sent_as_string=True, measured=(text,))
    said: tuple[str, ...] = (f"numbers, {found.strings.count:,} of {found.count:,} in strings",)
    said += _range([*integers, *decimals])
    if not decimals:
        is_number = all(map(_fit_bigint, integers)) and not is_identifier(name)
        return _as_text(said, "integer") if is_number else ColumnType("string", measured=said)
    widest = max(decimals, key=lambda one: one.scale)
    other = max(integers, key=lambda one: one.whole_digits, default=Numbers())
    return _money_type(widest, other, said, name) if _is_exact_money(widest, other, name) else _as_text(said, "number")


def _fit_bigint(numbers: Numbers) -> bool:
    return _BIGINT[0] <= (numbers.lowest or 0) and (numbers.highest or 0) <= _BIGINT[1]


def _as_text(measured: tuple[str, ...], logical: str) -> ColumnType:
    return ColumnType("string", measured=measured, instead=_instead(logical))


def _about_strings(strings: Strings) -> tuple[str, ...]:
    forms = strings.forms.most_common(1)
    if len(strings.all_forms) > 1:
        return (
            f"times that could be {' or '.join(strings.all_forms)}; state one of them as the format of a timestamp",
        )
    if forms and forms[0][1] < strings.count and forms[0][1] > strings.count / 2:
        empty = f", {strings.empty:,} are empty" if strings.empty else ""
        return (f"{forms[0][1]:,} of {strings.count:,} are times ({forms[0][0]}){empty}; the others are not",)
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
    if not forms or (digits_only and not names_a_moment(name)) or _are_of_different_days(forms):
        return None
    form = forms[0]
    zone = (
        ()
        if times.has_zone(form) or not times.has_time_of_day(form)
        else ("without a zone, which means UTC; for another state defaultTimezone",)
    )
    return ColumnType("timestamp" if times.has_time_of_day(form) else "date", format=form, measured=zone)


def _are_of_different_days(forms: Iterable[str]) -> bool:
    """Say whether forms read a text as different days: 01/02 may be in January or in February."""
    return len({form.index("M") < form.index("d") for form in forms if "d" in form and "M" in form}) > 1


def _integers_in_strings(strings: Strings, name: str) -> ColumnType:
    unit = _epoch((strings.integers,), name)
    if unit is not None:
        return ColumnType(
            "timestamp",
            epoch_unit=unit,
            is_sent_as_string=True,
            measured=(f"numbers since 1970 in strings, in {_UNITS[unit]}",),
        )
    if not _fit_bigint(strings.integers):
        return ColumnType("string", measured=("all are integers in strings, beyond a bigint",))
    return ColumnType(
        "string",
        measured=(f"all are integers in strings, {_range([strings.integers])[0]}",),
        instead=_instead("integer"),
    )


def _decimals_in_strings(strings: Strings, name: str) -> ColumnType:
    measured = _range([one for one in (strings.integers, strings.decimals) if one.count])
    if _is_exact_money(strings.decimals, strings.integers, name):
        said = (*measured, "numbers in strings, which a decimal reads too")
        return _money_type(strings.decimals, strings.integers, said, name)
    return ColumnType("string", measured=(f"all are numbers in strings, {measured[0]}",), instead=_instead("number"))


def _instead(logical: str) -> tuple[str, ...]:
    return (f"logicalType: {logical}", "customProperties: [{property: sentAs, value: string}]")
