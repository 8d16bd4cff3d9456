"""Which names of time zones contracts may use; knows neither columns nor expressions."""

import re
import zoneinfo
from typing import Final

_OFFSET: Final = re.compile(r"[+-](?:0[0-9]|1[0-7]):[0-5][0-9]")
_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9_+-]*(?:/[A-Z][A-Za-z0-9_+-]*)*")


def is_zone(name: object) -> bool:
    """Say whether this is an offset or the name of a zone that exists; Spark fails a whole run on another."""
    if not isinstance(name, str) or not name.isascii():
        return False
    return _OFFSET.fullmatch(name) is not None or _exists(name)


def _exists(name: str) -> bool:
    try:
        names = zoneinfo.available_timezones()
    except OSError:  # where no zones are installed, Spark decides
        names = set()
    return name in names or (not names and _NAME.fullmatch(name) is not None)
