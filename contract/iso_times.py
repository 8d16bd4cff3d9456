"""The forms of dates and times that rows and contracts may have, and the moments they mean; knows nothing of columns.

The patterns mean the same to Java, which reads rows, and to Python; each is for the whole of a text.
"""

import re
from datetime import UTC, date, datetime
from typing import Final

DATE_FORM: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MINUTES: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SECONDS: Final = r":[0-5][0-9](?:[.][0-9]{1,9}+)?+"
# No place is further from UTC than 14 hours; Java knows offsets of up to 18, and no further.
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-7])(?::?[0-5][0-9])?+|18(?::?00)?+))"
TIMESTAMP_FORM: Final = rf"{DATE_FORM}(?:[T ]{_MINUTES}(?:{_SECONDS})?+{_ZONE}?+)?+"
# The same set of texts; Python before 3.11.5 takes others too where a quantifier gives nothing back (gh-106052).
_TIMESTAMP: Final = re.compile(re.sub(r"(?<=[?}])\+", "", TIMESTAMP_FORM))
# The end of the minutes in a time that leaves out its seconds and has a zone.
MINUTES_BEFORE_ZONE: Final = rf"^({DATE_FORM}[T ][0-9:]{{5}})(?=[Z+-])"


def date_of(text: str) -> date | None:
    """Return the day that a text names, or None when it is of another form or there is no such day."""
    if re.fullmatch(DATE_FORM, text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def moment_of(text: str) -> datetime | None:
    """Return the moment that a text names, in UTC and cut to microseconds, or None as for `date_of`."""
    if _TIMESTAMP.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or outside of the years 1 to 9999 in UTC
        return None
