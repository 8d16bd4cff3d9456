"""Where readers look up a day: what the pipeline needs of a catalog."""

from datetime import date
from typing import Protocol


class Catalog(Protocol):
    """The partitions of one table, which shadow the publication records."""

    def location(self, ingestion_date: date) -> str | None:
        """Return the location that readers see, or None without a partition."""

    def point(self, ingestion_date: date, location: str) -> None:
        """Let the day's partition show a location; create it when there is none."""
