"""One dataset below one data root, as the commands see it: its records, its runs, its publications.

Opens what `curation` offers and reads documents; must not print.
"""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from cli.errors import CommandFailed, WrongUse
from curation.catalog import Catalog
from curation.metrics import SCHEMA_VERSION
from curation.publications import Publications
from curation.storage import Store, open_store
from data_contract import DataContract, load_contract
from data_contract.paths import DatasetPaths, date_in
from data_contract.publication import Publication

Metrics: TypeAlias = dict[str, Any]

_READERS = 8


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a dataset lies and who shows it, as a person names it; the catalog is left alone without a database."""

    data_uri: str
    contract: str
    catalog_database: str | None = None
    catalog_table: str | None = None


@dataclass(frozen=True)
class Dataset:
    """An opened dataset."""

    place: Place
    contract: DataContract
    store: Store
    paths: DatasetPaths
    publications: Publications

    def records(self) -> list[Publication]:
        """Read the publication record of every published date, oldest date first."""
        keys = [item.key for item in self.store.objects(self.paths.publications_prefix())]
        days = sorted(day for key in keys if (day := date_in(key)) is not None)
        with ThreadPoolExecutor(_READERS) as readers:
            records = list(readers.map(lambda day: self.publications.read(day).record, days))
        return [record for record in records if record is not None]

    def runs(self, day: date) -> list[Metrics]:
        """Read the metrics of every run of a date, oldest first."""
        return sorted(self._metrics(self.paths.metrics_prefix(day)), key=lambda metrics: str(metrics["started_at"]))

    def run(self, run_id: str) -> Metrics:
        """Read the metrics of one run, whatever its date.

        Raises:
            CommandFailed: when no run has that id.
        """
        folder = self.paths.metrics_key(date.min, "").rpartition("/")[0].rpartition("/")[0]
        keys = (item.key for item in self.store.objects(f"{folder}/"))
        for metrics in self._read(key for key in keys if key.endswith(f"/{run_id}.json")):
            return metrics
        raise CommandFailed(
            f"no run {run_id} found below {self.store.uri(folder)}; pipeline status DATE lists the runs of a date"
        )

    def _metrics(self, prefix: str) -> list[Metrics]:
        return self._read(item.key for item in self.store.objects(prefix) if item.key.endswith(".json"))

    def _read(self, keys: Iterable[str]) -> list[Metrics]:
        with ThreadPoolExecutor(_READERS) as readers:
            return [metrics for metrics in readers.map(self._one, keys) if metrics is not None]

    def _one(self, key: str) -> Metrics | None:
        content = self.store.read(key)
        if content is None:  # deleted since it was listed
            return None
        try:
            metrics: Metrics = json.loads(content.data)
            found = metrics["schema_version"]
        except (ValueError, KeyError, TypeError) as error:
            raise CommandFailed(
                f"{self.store.uri(key)} is not a valid metrics object: {error!r}; move it out of the way"
            ) from error
        if found != SCHEMA_VERSION:
            raise CommandFailed(
                f"{self.store.uri(key)} has schema_version {found!r}, but this release reads {SCHEMA_VERSION}"
            )
        return metrics


def open_dataset(place: Place) -> Dataset:
    """Open a dataset.

    Raises:
        ContractError: when the contract cannot be used.
        CurationError: when the data root is none.
    """
    contract = load_contract(place.contract)
    store = open_store(place.data_uri)
    paths = DatasetPaths(contract.name, contract.source_system)
    return Dataset(place, contract, store, paths, Publications(store, paths, _catalog(place, contract)))


def data_root(text: str) -> str:
    """Return the URI of a data root; a path is taken as a local directory."""
    return text if "://" in text else f"file://{Path(text).expanduser().resolve()}"


def require_catalog(place: Place, *, why: str) -> None:
    """Refuse a change that a catalog would have to follow when none is named.

    Raises:
        WrongUse: naming the option.
    """
    if place.catalog_database is None:
        raise WrongUse(f"{why}; give --catalog_database NAME (or set PIPELINE_CATALOG_DATABASE)")


def _catalog(place: Place, contract: DataContract) -> Catalog | None:
    if place.catalog_database is None:
        return None
    from curation.glue_catalog import GlueCatalog  # noqa: PLC0415  boto3 is slow to load, and no local command needs it

    return GlueCatalog(place.catalog_database, place.catalog_table or contract.table)
