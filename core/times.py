"""Times as text, written and read in one way everywhere; all of them are aware and in UTC."""

from datetime import UTC, datetime


def iso(moment: datetime) -> str:
    """Write a moment to the millisecond, as records and metrics hold it: ``2025-01-02T06:00:00.000+00:00``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def iso_seconds(moment: datetime) -> str:
    """Write a moment to the second, as people read it: ``2025-01-02T06:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 date and time that names its offset, such as ``2025-01-02T06:00:00Z``; the result is in UTC.

    Raises:
        ValueError: for any other text.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
