"""Texts of times and dates in every form that is accepted and in thousands that are not, and what each means.

The meaning is worked out by arithmetic over a finite list of shapes, not by a parser or a pattern.
"""

import itertools
import random
import re
from datetime import UTC, datetime, timedelta

_SIGNS, _DATE = "+-", "9999-99-99"
_ZONES = ["", "Z", *(f"{sign}{shape}" for sign in _SIGNS for shape in ("99", "9999", "99:99"))]
_CLOCKS = ["99:99", "99:99:99", *(f"99:99:99.{'9' * digits}" for digits in range(1, 10))]
_SHAPES = {_DATE, *(f"{_DATE}{mark}{clock}{zone}" for mark in "T " for clock in _CLOCKS for zone in _ZONES)}
_DATES = ["2025-01-01", "2024-02-29", "0001-01-01", "9999-12-31", "1582-10-10", "1899-12-31", "2025-03-30"]
_NO_DATES = ["2025-02-29", "0000-01-01", "2025-13-01", "2025-00-10", "2025-04-31"]
_TIMES = ["00:00", "10:15", "23:59", "24:00", "10:60", "19:59"]
_SECONDS = ["", ":00", ":30", ":59", ":60", ":30.1", ":59.999999", ":07.123456789", ":00.0000009"]
_OFFSETS = [
    "",
    "Z",
    "+01:00",
    "-0500",
    "+05:30",
    "-00:00",
    "+14",
    "-12:00",
    "+18:00",
    "-1800",
    "+18:01",
    "+17:60",
    "-18",
]
_OTHERS = [
    "", "now", "today", "epoch", "10:15", "T10:15Z", "2025", "2025-01", "2025-1-1", "20250101", "20250101T101500Z",
    "2025-W01-1", "2025-001", "2025-01-01T10", "2025-01-01T10Z", "2025-01-01T", "2025-01-01Z", "2025-01-01+01:00",
    "2025-01-01T10:15.5Z", "2025-01-01T10:15:30,5Z", "2025-01-01t10:15:30z", "2025-01-01T10:15:30z",
    "2025-01-01T10:15:30 Z", "2025-01-01T10:15:30 +01:00", "2025-01-01 10:15:30 UTC", "2025-01-01T10:15:30[UTC]",
    "2025-01-01T10:15:30Z[UTC]", "2025-01-01T10:15:30+1", "2025-01-01T10:15:30+01:0", "2025-01-01T10:15:30+01:00:00",
    "2025-01-01T10:15:30.Z", "2025-01-01T10:15:30.1234567890Z", "2025-01-01T10:15:30\u221201:00", "+2025-01-01T10:15Z",
    "-2025-01-01T10:15Z", "12025-01-01T10:15:30Z", " 2025-01-01T10:15Z", "2025-01-01T10:15Z ", "2025-01-01T10:15Z\n",
    "2025-01-01\n", "2025-01-01  10:15", "2025-01-01_10:15", "2025-01-01T1:15Z", "2025/01/01T10:15Z",
    "2025-01-01T10:15:3Z",
    "\u0662\u0660\u0662\u0665-01-01", "2025-01-01T\u0661\u0660:15Z", "\uff12025-01-01T10:15:30.12Z", "1735689600",
    "2025-01-01T10:15:30.1NZ", "2025-01-01T10:15:30 Europe/Berlin", "2025-01-01T10:15:30GMT",
    "2025-01-01T10:15:30UTC+1Z",
    "2025-01-01T10:15:30Z0Z", "2025-01-01T10:15:30.1 5Z", "2025-01-01T10:15:30.+5Z", "-025-01-01T10:15:30Z",
]  # fmt: skip


def texts() -> list[str]:
    """Return all texts, each once: whole products of parts, forms apart, and changes of one or two characters."""
    products = itertools.product([*_DATES, *_NO_DATES], "T ", _TIMES, _SECONDS, _OFFSETS)
    joined = [f"{day}{mark}{time}{seconds}{offset}" for day, mark, time, seconds, offset in products]
    choice = random.Random(17)
    changed = [_changed(choice.choice(joined), choice) for _ in range(6000)]
    return list(dict.fromkeys([*_DATES, *_NO_DATES, *joined, *_OTHERS, *changed]))


def meaning(text: str) -> datetime | None:
    """Return the moment of an accepted text, cut to microseconds; None for any other."""
    digits = "".join("9" if character in "0123456789" else character for character in text)
    if digits not in _SHAPES:
        return None
    try:
        day = datetime(int(text[:4]), int(text[5:7]), int(text[8:10]), tzinfo=UTC)
        return day if len(text) == len(_DATE) else _at(day, text[11:])
    except (ValueError, OverflowError):
        return None


def _at(day: datetime, text: str) -> datetime:
    place = next((place for place, character in enumerate(text) if character in "Z+-"), len(text))
    clock, zone = text[:place], text[place:].replace(":", "")
    seconds, _, fraction = clock[6:].partition(".")
    moment = day.replace(hour=int(clock[:2]), minute=int(clock[3:5]), second=int(seconds or 0))
    moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    if zone in {"", "Z"}:
        return moment
    hours, minutes = int(zone[1:3]), int(zone[3:] or 0)
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > timedelta(hours=18):
        raise ValueError(zone)
    return moment - offset if zone[0] == "+" else moment + offset


def _changed(text: str, choice: random.Random) -> str:
    for _ in range(choice.randint(1, 2)):
        place = choice.randrange(len(text) + 1)
        new = choice.choice(["", "", *"0123456789:-+.TZ tz", "\u0663"])
        text = text[:place] + new + text[place + choice.randint(0, 1) :]
    return text


def joined_patterns(random_: random.Random, count: int) -> list[str]:
    """Return different patterns by chance, most parts of which have nothing between them."""
    dates = ("yyyy MM dd", "dd MM yyyy", "yy MM dd", "yyyy DDD", "yyyy M d", "d M yyyy", "d MMM yyyy", "yyyy MM d")
    times = ("HH mm ss", "H mm ss", "HH mm ss SSS", "HH mm ss SS", "HH mm ss S", "H m s", "HH mm s", "HH mm s SSSSSS")
    found: dict[str, None] = {}
    while len(found) < count:
        halves = random_.sample([random_.choice(dates), random_.choice(times)], 2)
        between = random_.choices(["", "-", "."], (8, 1, 1), k=10)
        parts = zip(" ".join(halves).split(), between, strict=False)
        found["".join(part + other for part, other in parts).rstrip("-.")] = None
    return list(found)


def text_of(moment: datetime, pattern: str) -> str:
    """Write a moment of whole seconds in a pattern of numbers and English months."""
    numbers = {"M": moment.month, "d": moment.day, "H": moment.hour, "m": moment.minute, "s": moment.second, "S": 0}
    words = {"yyyy": f"{moment:%Y}", "yy": f"{moment:%y}", "MMM": f"{moment:%b}", "DDD": f"{moment:%j}"}

    def written(run: re.Match[str]) -> str:
        return words.get(run[0]) or f"{numbers[run[1]]:0{len(run[0])}}"

    return re.sub(r"([a-zA-Z])\1*", written, pattern)
