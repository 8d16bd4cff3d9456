"""The metrics objects of a dataset's runs: found, read and checked for their schema.

What a run counted is written by the job; here it becomes a document again.
"""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeAlias

from core.documents import refused
from core.errors import InvalidDocument
from core.layout import DatasetPaths, date_in, run_id_in, started_at
from core.ports import Store
from core.publication import Publication

SCHEMA_VERSION: Final = 1
# Statuses of runs after which their date is published as it is now.
ENDED_WELL: Final = ("published", "unchanged")
# The status of a run whose numbers are those of no version: see `is_overtaken`.
SUPERSEDED: Final = "superseded"
_READERS: Final = 8

Metrics: TypeAlias = dict[str, Any]


class ListedRun(NamedTuple):
    """A run as its metrics object is named."""

    day: date
    run_id: str


class Runs:
    """The runs of one dataset, as far as they left metrics."""

    def __init__(self, store: Store, paths: DatasetPaths) -> None:
        self._store = store
        self._paths = paths

    def metrics_uri(self, day: date, run_id: str) -> str:
        """Return where a run's metrics object lies."""
        return self._store.uri(self._paths.metrics_key(day, run_id))

    def latest_id(self, day: date) -> str | None:
        """Return a day's latest run, or None when it never ran."""
        return max((run_id for key in self._keys(day) if (run_id := run_id_in(key))), default=None)

    def metrics(self, day: date, run_id: str) -> Metrics:
        """Read the metrics of one run.

        Raises:
            InvalidDocument: when there is no such object, or it cannot be used.
        """
        found = self._read(self._paths.metrics_key(day, run_id))
        if found is None:
            where = self.metrics_uri(day, run_id)
            raise InvalidDocument(f"{day}: run {run_id} has no metrics object {where}; see the log of its job run")
        return found

    def latest(self, day: date) -> Metrics | None:
        """Read the metrics of a day's latest run, or None when it never ran."""
        run_id = self.latest_id(day)
        return None if run_id is None else self.metrics(day, run_id)

    def of_day(self, day: date) -> list[Metrics]:
        """Read the metrics of every run of a day, oldest first."""
        return sorted(self._read_all(self._keys(day)), key=lambda metrics: str(metrics["started_at"]))

    def readable(self, day: date) -> list[Metrics]:
        """Read the metrics of every run of a day, the latest first; objects that cannot be used are left out."""
        keys = sorted(self._keys(day), reverse=True)
        with ThreadPoolExecutor(_READERS) as readers:
            return [metrics for metrics in readers.map(self._read_if_usable, keys) if metrics is not None]

    def listed(self) -> list[ListedRun]:
        """List the runs of all days, those of a day in the order in which they started, without reading them."""
        keys = (item.key for item in self._store.objects(self._paths.metrics) if item.key.endswith(".json"))
        found = ((date_in(key), run_id_in(key)) for key in keys)
        return sorted(ListedRun(day, run_id) for day, run_id in found if day is not None and run_id is not None)

    def read(self, listed: Iterable[ListedRun]) -> dict[ListedRun, Metrics]:
        """Read the metrics of listed runs; objects that cannot be used or are gone are left out."""
        wanted = list(listed)
        with ThreadPoolExecutor(_READERS) as readers:
            keys = (self._paths.metrics_key(run.day, run.run_id) for run in wanted)
            found = list(readers.map(self._read_if_usable, keys))
        return {run: metrics for run, metrics in zip(wanted, found, strict=True) if metrics is not None}

    def find(self, run_id: str) -> Metrics | None:
        """Read the metrics of a run whose day is not known, or None when no run has that id."""
        keys = (item.key for item in self._store.objects(self._paths.metrics))
        return next(iter(self._read_all(key for key in keys if run_id_in(key) == run_id)), None)

    def _keys(self, day: date) -> list[str]:
        return [item.key for item in self._store.objects(self._paths.metrics_prefix(day)) if item.key.endswith(".json")]

    def _read_all(self, keys: Iterable[str]) -> list[Metrics]:
        with ThreadPoolExecutor(_READERS) as readers:
            return [metrics for metrics in readers.map(self._read, keys) if metrics is not None]

    def _read_if_usable(self, key: str) -> Metrics | None:
        try:
            found = self._read(key)
        except InvalidDocument:
            return None
        return found if found is not None and "run_id" in found else None

    def _read(self, key: str) -> Metrics | None:
        content = self._store.read(key)
        if content is None:  # never written, or deleted since it was listed
            return None
        source = self._store.uri(key)
        with refused(f"{source} is not a valid metrics object", next_step="move it out of the way"):
            document = json.loads(content.data)
            found = document["schema_version"]
        if found != SCHEMA_VERSION:
            raise InvalidDocument(f"{source} has schema_version {found!r}, this release reads {SCHEMA_VERSION}")
        metrics: Metrics = document
        return metrics


def is_overtaken(run: Metrics, record: Publication | None) -> bool:
    """Tell whether a run was superseded by one that published meanwhile, so that nothing is wrong.

    A run may also have lost its lease to one that never published.
    """
    versions = () if record is None or run.get("status") != SUPERSEDED else record.versions
    return any(datetime.fromisoformat(one.published_at) >= started_at(str(run["run_id"])) for one in versions)
