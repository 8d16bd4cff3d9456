"""Formats of dates: MySQL's (date_format, date_parse) and Joda's (format_datetime, parse_datetime)."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import zones
from local_cloud.athena.trino.functions import scalar
from local_cloud.athena.trino.values import Zoned

_MONTHS: Final = "January February March April May June July August September October November December".split()
_DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
Write = Callable[[datetime], str]
_HALF: Final[Write] = lambda value: "PM" if value.hour >= 12 else "AM"  # noqa: E731 # one of a table
_MYSQL: Final[dict[str, Write]] = {
    "Y": lambda v: f"{v.year:04}", "y": lambda v: f"{v.year % 100:02}", "m": lambda v: f"{v.month:02}",
    "c": lambda v: str(v.month), "d": lambda v: f"{v.day:02}", "e": lambda v: str(v.day), "H": lambda v: f"{v.hour:02}",
    "k": lambda v: str(v.hour), "h": lambda v: f"{(v.hour + 11) % 12 + 1:02}", "I": lambda v: f"{(v.hour + 11) % 12 + 1:02}",  # noqa: E501
    "l": lambda v: str((v.hour + 11) % 12 + 1), "i": lambda v: f"{v.minute:02}", "s": lambda v: f"{v.second:02}",
    "S": lambda v: f"{v.second:02}", "f": lambda v: f"{v.microsecond // 1000:03}000", "p": _HALF,
    "M": lambda v: _MONTHS[v.month - 1], "b": lambda v: _MONTHS[v.month - 1][:3], "W": lambda v: _DAYS[v.weekday()],
    "a": lambda v: _DAYS[v.weekday()][:3], "j": lambda v: f"{v.timetuple().tm_yday:03}", "T": lambda v: f"{v:%H:%M:%S}",
    "r": lambda v: f"{(v.hour + 11) % 12 + 1:02}:{v:%M:%S} {_HALF(v)}", "v": lambda v: f"{v.isocalendar()[1]:02}",
    "x": lambda v: f"{v.isocalendar()[0]:04}", "%": lambda _v: "%",
}  # fmt: skip
# What each reads: a pattern, and the part of a time that it is.
_TEXT: Final = "[A-Za-z]+"
_READ: Final = {
    "Y": (r"[+-]?\d{1,4}", "year"), "y": (r"\d{2}", "short_year"), "m": (r"\d{1,2}", "month"), "c": (r"\d{1,2}", "month"),  # noqa: E501
    "d": (r"\d{1,2}", "day"), "e": (r"\d{1,2}", "day"), "H": (r"\d{1,2}", "hour"), "k": (r"\d{1,2}", "hour"),
    "h": (r"\d{1,2}", "half_hour"), "I": (r"\d{1,2}", "half_hour"), "l": (r"\d{1,2}", "half_hour"),
    "i": (r"\d{1,2}", "minute"), "s": (r"\d{1,2}", "second"), "S": (r"\d{1,2}", "second"), "f": (r"\d{1,9}", "fraction"),  # noqa: E501
    "p": ("[AaPp][Mm]", "half"), "M": (_TEXT, "month_name"), "b": (_TEXT, "month_name"), "W": (_TEXT, "day_name"),
    "a": (_TEXT, "day_name"), "j": (r"\d{1,3}", "day_of_year"),
}  # fmt: skip
_JODA_READ: Final = {
    "y": ("Y", r"\d+"), "Y": ("Y", r"\d+"), "u": ("Y", r"\d+"), "M": ("m", r"\d{1,2}"), "d": ("d", r"\d{1,2}"), "H": ("H", r"\d{1,2}"),  # noqa: E501
    "h": ("h", r"\d{1,2}"), "m": ("i", r"\d{1,2}"), "s": ("s", r"\d{1,2}"), "S": ("f", r"\d+"), "a": ("p", "[AaPp][Mm]"),  # noqa: E501
}  # fmt: skip
_JODA_TOKEN: Final = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def _constant(text: str) -> Write:
    return lambda _value: text


@cache
def _mysql(pattern: str) -> list[Write]:
    parts: list[Write] = []
    for letter, plain in re.findall(r"%(.)|([^%]+)", pattern, re.DOTALL):
        if letter and letter in "DUuVwX":
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: %{letter} not supported in date format string")
        text = plain or letter
        parts.append(_MYSQL[letter] if letter in _MYSQL and not plain else _constant(text))
    return parts


@scalar("date_format(timestamp, varchar) varchar", "date_format(zoned, varchar) varchar")
def _date_format(value: Any, pattern: str) -> str:
    clock = zones.local(value) if isinstance(value, Zoned) else value
    return "".join(write(clock) for write in _mysql(pattern))


def _named_parts(pieces: list[tuple[str, str]]) -> tuple[re.Pattern[str], list[str]]:
    return re.compile("".join(f"({text})" if name else text for name, text in pieces)), [
        name for name, _ in pieces if name
    ]


@cache
def _mysql_reader(pattern: str) -> tuple[re.Pattern[str], list[str]]:
    expanded = pattern.replace("%T", "%H:%i:%s").replace("%r", "%I:%i:%s %p")
    pieces: list[tuple[str, str]] = []
    for letter, plain in re.findall(r"%(.)|([^%]+)", expanded, re.DOTALL):
        if plain:
            pieces.append(("", re.escape(plain)))
        elif letter in _READ:
            pieces.append((_READ[letter][1], _READ[letter][0]))
        elif letter in "DUuVwXvx":
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: %{letter} not supported in date format string")
        else:
            pieces.append(("", re.escape(letter)))
    return _named_parts(pieces)


def _read(text: str, reader: tuple[re.Pattern[str], list[str]]) -> tuple[datetime, dict[str, str]]:
    """Read a text; Joda's fractions are parts of a second however many digits they have."""
    found = reader[0].fullmatch(text)
    if found is None:
        raise QueryFailed(f'INVALID_FUNCTION_ARGUMENT: Invalid format: "{text}"')
    parts = dict(zip(reader[1], found.groups(), strict=True))
    try:
        return _built(parts), parts
    except ValueError as error:
        raise QueryFailed(f'INVALID_FUNCTION_ARGUMENT: Cannot parse "{text}": {error}') from error


def _built(parts: dict[str, str]) -> datetime:
    year = int(parts.get("year", 1970))
    if "short_year" in parts:
        short = int(parts["short_year"])
        year = short + (2000 if short < 70 else 1900)
    month = _month(parts["month_name"]) if "month_name" in parts else int(parts.get("month", 1))
    hour = int(parts.get("hour", 0))
    if "half_hour" in parts:
        if not 1 <= int(parts["half_hour"]) <= 12:
            raise ValueError(f"Value {parts['half_hour']} for clockhourOfHalfday must be in the range [1,12]")
        hour = int(parts["half_hour"]) % 12 + (12 if parts.get("half", "AM").upper() == "PM" else 0)
    fraction = int(parts.get("fraction", "0").ljust(9, "0")[:3]) * 1000
    clock = (hour, int(parts.get("minute", 0)), int(parts.get("second", 0)), fraction)
    value = datetime(year, month, int(parts.get("day", 1)), *clock)  # noqa: DTZ001 # Trino's timestamps have no zone
    if "day_of_year" in parts:
        value = value.replace(month=1, day=1) + timedelta(days=int(parts["day_of_year"]) - 1)
    if "day_name" in parts and not _DAYS[value.weekday()].lower().startswith(parts["day_name"].lower()):
        raise ValueError("the day of the week is another")
    return value


def _month(name: str) -> int:
    for number, full in enumerate(_MONTHS, 1):
        if name.lower() in {full.lower(), full[:3].lower()}:
            return number
    raise ValueError(f"no month: {name}")


@scalar("date_parse(varchar, varchar) timestamp")
def _date_parse(text: str, pattern: str) -> datetime:
    return _read(text, _mysql_reader(pattern))[0]


def _joda_tokens(pattern: str) -> list[tuple[str, str]]:
    """Split into pairs of field and text: one of both is empty."""
    found = []
    for match in _JODA_TOKEN.finditer(pattern):
        if match[2]:
            found.append((match[0], ""))
        else:
            found.append(("", match[1].replace("''", "'") or "'" if match[1] is not None else match[0]))
    return found


def _joda(value: datetime, field: str, zone: Zoned | None) -> str:  # noqa: PLR0911 # one line per field
    letter, size = field[0], len(field)
    numbers = {
        "d": value.day, "H": value.hour, "k": value.hour or 24, "K": value.hour % 12, "h": (value.hour + 11) % 12 + 1,
        "m": value.minute, "s": value.second, "D": value.timetuple().tm_yday, "e": value.isoweekday(),
        "w": value.isocalendar()[1],
    }  # fmt: skip
    if letter in "yYux":
        year = value.isocalendar()[0] if letter == "x" else value.year
        return f"{year % 100:02}" if size == 2 else f"{year:0{size}}"
    if letter == "M" and size >= 3:
        return _MONTHS[value.month - 1][: 3 if size == 3 else None]
    if letter == "M":
        return f"{value.month:0{size}}"
    if letter == "E":
        return _DAYS[value.weekday()][: 3 if size <= 3 else None]
    if letter == "a":
        return _HALF(value)
    if letter == "S":
        return f"{value.microsecond // 1000:03}".ljust(size, "0")[:size]
    if letter in numbers:
        return f"{numbers[letter]:0{size}}"
    if letter == "Z" and size <= 2:
        minutes = zones.offset_minutes(zone) if zone is not None else 0
        shown = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        return shown if size == 2 else shown.replace(":", "")
    raise NotSupported(f"the field {field} in a date format")


@scalar("format_datetime(timestamp, varchar) varchar", "format_datetime(zoned, varchar) varchar")
def _format_datetime(value: Any, pattern: str) -> str:
    zone = value if isinstance(value, Zoned) else None
    clock = zones.local(zone) if zone is not None else value
    return "".join(text or _joda(clock, field, zone) for field, text in _joda_tokens(pattern))


@cache
def _joda_reader(pattern: str) -> tuple[re.Pattern[str], list[str]]:
    pieces: list[tuple[str, str]] = []
    tokens = _joda_tokens(pattern)
    for index, (field, text) in enumerate(tokens):
        if text:
            pieces.append(("", re.escape(text)))
        elif field in {"Z", "ZZ", "ZZZ"}:
            pieces.append(("zone", r"Z|[+-]\d{2}:?\d{2}" if field != "ZZZ" else r"[\w/+:-]+"))
        elif field.startswith(("MMM", "E")):
            pieces.append(("month_name" if field[0] == "M" else "day_name", _TEXT))
        elif field[0] in _JODA_READ:
            letter, shape = _JODA_READ[field[0]]
            exact = bool(index + 1 < len(tokens) and tokens[index + 1][0]) and letter != "p"
            name = "short_year" if field in {"yy", "YY"} else _READ[letter][1]
            pieces.append((name, rf"\d{{{len(field)}}}" if exact else shape))
        else:
            raise NotSupported(f"the field {field} in a date format")
    return _named_parts(pieces)


@scalar("parse_datetime(varchar, varchar) zoned")
def _parse_datetime(text: str, pattern: str) -> Zoned:
    value, parts = _read(text, _joda_reader(pattern))
    zone = parts.get("zone", "UTC")
    return zones.moment(value, "UTC" if zone == "Z" else zone)
