"""Where everything of one dataset lies below the data root, as S3 keys or relative paths with forward slashes.

Every key of the pipeline is made here; it must not know which store holds the keys or who reads them.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime

DATASET_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
DATASET_NAME_RULE = "1 to 64 lower-case letters, digits, '_' or '-', the first a letter or digit"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
UNFINISHED_FOLDER = "_temporary"  # in which Spark writes, below the folder where what it wrote comes to lie
_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")


def parse_ingestion_date(text: str) -> date:
    """Read a strict ``YYYY-MM-DD`` calendar date; future dates are allowed.

    Raises:
        ValueError: naming the value when it has another form or is no day of the calendar.
    """
    if not _DATE.fullmatch(text):
        message = f"ingestion_date {text!r} is not of the form YYYY-MM-DD, for example 2025-01-31"
        raise ValueError(message)
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"ingestion_date {text!r} is not a day of the calendar; give one as YYYY-MM-DD"
        raise ValueError(message) from None


def as_ingestion_date(value: object) -> date | None:
    """Read a date that somebody else may have written; None for whatever is none."""
    try:
        return parse_ingestion_date(value) if isinstance(value, str) else None
    except ValueError:
        return None


@dataclass(frozen=True)
class DatasetPaths:
    """The keys of one dataset; prefixes end with ``/``, and those of all days hold one folder or object per day."""

    dataset: str
    source_system: str

    @property
    def raw(self) -> str:
        """Raw objects of all days."""
        return f"raw/source_system={self.source_system}/"

    @property
    def versions(self) -> str:
        """Written versions of all days."""
        return f"curated/{self.dataset}/"

    @property
    def quarantine(self) -> str:
        """Rejected lines of all days."""
        return f"quarantine/{self.dataset}/"

    @property
    def metrics(self) -> str:
        """Metrics of the runs of all days."""
        return f"metrics/{self.dataset}/"

    @property
    def publications(self) -> str:
        """Publication records, one object per day."""
        return f"publications/{self.dataset}/"

    @property
    def leases(self) -> str:
        """Leases of the runs that are at work on any day."""
        return f"leases/{self.dataset}/"

    @property
    def acceptances(self) -> str:
        """Odd days that people accept, one object per day."""
        return f"acceptances/{self.dataset}/"

    @property
    def replays(self) -> str:
        """Corrected lines that were brought back, one object per day that says what they stand for."""
        return f"replays/{self.dataset}/"

    @property
    def contracts(self) -> str:
        """Contracts that published versions were written under, one object each."""
        return f"contracts/{self.dataset}/"

    @property
    def erasures(self) -> str:
        """What people had erased: how far each erasure has come, and its receipt."""
        return f"erasures/{self.dataset}/"

    def raw_prefix(self, ingestion_date: date) -> str:
        """Folder of a day's raw objects."""
        return f"{self.raw}ingestion_date={ingestion_date}/"

    def versions_prefix(self, ingestion_date: date) -> str:
        """Folder that holds one sub-folder per written version of a day."""
        return f"{self.versions}ingestion_date={ingestion_date}/"

    def version_prefix(self, ingestion_date: date, run_id: str) -> str:
        """Folder that one run writes, and no other."""
        return f"{self.versions_prefix(ingestion_date)}run_id={run_id}/"

    def quarantines_prefix(self, ingestion_date: date) -> str:
        """Folder that holds one sub-folder per run of a day that rejected lines."""
        return f"{self.quarantine}ingestion_date={ingestion_date}/"

    def quarantine_prefix(self, ingestion_date: date, run_id: str) -> str:
        """Folder of the lines that one run rejected."""
        return f"{self.quarantines_prefix(ingestion_date)}run_id={run_id}/"

    def unfinished_quarantine_prefix(self, ingestion_date: date, run_id: str) -> str:
        """Folder in which a run writes these lines; it is left behind by a run that was killed meanwhile."""
        return f"{self.quarantine_prefix(ingestion_date, run_id)}{UNFINISHED_FOLDER}/"

    def metrics_prefix(self, ingestion_date: date) -> str:
        """Folder of the metrics of a day's runs."""
        return f"{self.metrics}ingestion_date={ingestion_date}/"

    def metrics_key(self, ingestion_date: date, run_id: str) -> str:
        """Object with the metrics of one run."""
        return f"{self.metrics_prefix(ingestion_date)}{run_id}.json"

    def publication_key(self, ingestion_date: date) -> str:
        """Object that says which version of a day is published."""
        return f"{self.publications}ingestion_date={ingestion_date}.json"

    def acceptance_key(self, ingestion_date: date) -> str:
        """Object that says which rejected input of a day people accept."""
        return f"{self.acceptances}ingestion_date={ingestion_date}.json"

    def replays_key(self, ingestion_date: date) -> str:
        """Object that says which rejected lines of a day were replaced by corrected ones."""
        return f"{self.replays}ingestion_date={ingestion_date}.json"

    def contract_key(self, checksum: str) -> str:
        """Object with the contract of that checksum, as the first run that published under it had it."""
        return f"{self.contracts}{checksum}.json"

    def leases_prefix(self, ingestion_date: date) -> str:
        """Folder of the leases of the runs that are at work on a day."""
        return f"{self.leases}ingestion_date={ingestion_date}/"

    def lease_key(self, ingestion_date: date, run_id: str) -> str:
        """Object that says a run is at work."""
        return f"{self.leases_prefix(ingestion_date)}{run_id}.json"


def new_run_id(now: datetime) -> str:
    """Name what starts now, in UTC: names are in the order of their seconds, and no two are the same."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def started_at(run_id: str) -> datetime:
    """Return when a run started, in UTC to the second, as its id says."""
    return datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%S%z")


def run_id_in(key: str) -> str | None:
    """Find the run that a key below a version, lease or metrics prefix belongs to, or None when it is not ours."""
    for part in key.split("/"):
        name = part.removeprefix("run_id=").removesuffix(".json")
        if _RUN_ID.fullmatch(name):
            return name
    return None


def date_in(key: str) -> date | None:
    """Find the ``ingestion_date=`` of a key, or None when it has none that is a day of the calendar."""
    for part in key.split("/"):
        name, _, value = part.removesuffix(".json").partition("=")
        if name == "ingestion_date":
            return as_ingestion_date(value)
    return None
