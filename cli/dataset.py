"""One dataset below one data root, as the commands see it: its records, its runs, its publications.

Opens what `curation` offers and reads documents; must not print.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from adapters.stores import open_catalog, open_store
from cli.errors import CommandFailed, WrongUse
from contract import DataContract, load_contract
from core.layout import DatasetPaths
from core.ports import Store
from core.publication import Publication, RunInput
from core.publishing import Publications
from core.raw_day import RawDay, list_raw_day
from core.runs import Metrics, Runs


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
        return self.publications.records.read_all(self.publications.records.days())

    def raw_day(self, day: date) -> RawDay:
        """List the raw objects of a date, as the contract says what counts."""
        return list_raw_day(self.store, self.paths, day, self.contract.raw_objects)

    def input_of(self, raw: RawDay) -> RunInput:
        """Return what a run of now would make a version of."""
        return RunInput(raw.fingerprint, self.contract.checksum)

    @property
    def runs(self) -> Runs:
        """The runs that left metrics."""
        return Runs(self.store, self.paths)

    def run(self, run_id: str) -> Metrics:
        """Read the metrics of one run, whatever its date.

        Raises:
            CommandFailed: when no run has that id.
        """
        found = self.runs.find(run_id)
        if found is None:
            where = self.store.uri(self.paths.metrics)
            raise CommandFailed(f"no run {run_id} below {where}; pipeline status DATE lists the runs of a date")
        return found


def open_dataset(place: Place) -> Dataset:
    """Open a dataset.

    Raises:
        ContractError: when the contract cannot be used.
        PipelineError: when the data root is none.
    """
    contract = load_contract(place.contract)
    store = open_store(place.data_uri)
    paths = DatasetPaths(contract.name, contract.source_system)
    catalog = open_catalog(place.catalog_database, place.catalog_table or contract.table)
    return Dataset(place, contract, store, paths, Publications(store, paths, catalog))


def data_root(text: str) -> str:
    """Return the URI of a data root; a path is taken as a local directory.

    Raises:
        WrongUse: when there is no such directory.
    """
    if "://" in text and not text.startswith("file://"):
        return text
    folder = Path(text.removeprefix("file://")).expanduser().resolve()
    if not folder.is_dir():
        raise WrongUse(f"--data_uri {text!r}: there is no such directory; correct it, or create it first")
    return f"file://{folder}"


def require_catalog(place: Place, *, why: str) -> None:
    """Refuse a change that a catalog would have to follow when none is named.

    Raises:
        WrongUse: naming the option.
    """
    if place.catalog_database is None:
        raise WrongUse(f"{why}; give --catalog_database NAME (or set PIPELINE_CATALOG_DATABASE)")
