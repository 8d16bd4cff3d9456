"""One dataset as the stacks see it: its contract, the names people type, and the prefixes of the data bucket.

Must not create resources: every stack derives the same names from it, so that none has to import another's.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from config import ConfigurationError, Settings
from data_contract import DataContract, load_contract
from data_contract.paths import DatasetPaths

ROOT = Path(__file__).resolve().parent.parent
CONTRACT_FILES = ("*.odcs.yaml", "*.odcs.yml", "*.odcs.json")
DEFAULT_FRESHNESS_HOURS = 24.0

_ANY_DAY = date(2000, 1, 1)
_ANY_RUN = "run"


@dataclass(frozen=True)
class Dataset:
    """Names are `<environment>-<dataset>-<part>`: an account may hold both environments, a region each of them once."""

    contract: DataContract
    settings: Settings

    @property
    def name(self) -> str:
        return self.contract.name

    @property
    def job_name(self) -> str:
        return f"{self._prefix}-curation"

    @property
    def pipeline_name(self) -> str:
        return f"{self._prefix}-pipeline"

    @property
    def backfill_name(self) -> str:
        return f"{self._prefix}-backfill"

    @property
    def days_name(self) -> str:
        return f"{self._prefix}-days"

    @property
    def metrics_table(self) -> str:
        return f"{self.contract.table}_metrics"

    @property
    def freshness_hours(self) -> float:
        """The SLA of the contract, or a day when it promises nothing: what then counts as overdue for late data."""
        hours = self.contract.freshness_hours
        return DEFAULT_FRESHNESS_HOURS if hours is None else hours

    @property
    def freshness_variable(self) -> str:
        """The same as the functions read it: hours with up to six decimals."""
        return f"{self.freshness_hours:.6f}".rstrip("0").rstrip(".")

    @property
    def schedule_variable(self) -> str:
        """The schedule as the functions read it: its hour and how many minutes a run waits for raw data."""
        settings = self.settings
        return f"{settings.schedule_hour}+{settings.wait_for_data_minutes}" if settings.schedule_enabled else "off"

    @cached_property
    def paths(self) -> DatasetPaths:
        return DatasetPaths(self.name, self.contract.source_system)

    @property
    def raw_prefix(self) -> str:
        """All days of the source; like its siblings without any date, ending in ``/``."""
        return _all_days(self.paths.raw_prefix(_ANY_DAY))

    @property
    def curated_prefix(self) -> str:
        return _all_days(self.paths.versions_prefix(_ANY_DAY))

    @property
    def quarantine_prefix(self) -> str:
        return _all_days(self.paths.quarantine_prefix(_ANY_DAY, _ANY_RUN))

    @property
    def metrics_prefix(self) -> str:
        return _all_days(self.paths.metrics_key(_ANY_DAY, _ANY_RUN))

    @property
    def publications_prefix(self) -> str:
        return self.paths.publications_prefix()

    @property
    def leases_prefix(self) -> str:
        return _all_days(self.paths.leases_prefix(_ANY_DAY))

    @property
    def _prefix(self) -> str:
        return f"{self.settings.environment}-{self.name}"


def load_datasets(settings: Settings, folder: Path) -> tuple[Dataset, ...]:
    """Read every contract of a folder, in order of file name.

    Raises:
        ContractError: when one of them is not valid.
        ConfigurationError: when there is none, or two would share a name or a table.
    """
    files = sorted(path for pattern in CONTRACT_FILES for path in folder.glob(pattern))
    if not files:
        raise ConfigurationError(f"{folder} holds no contract; add one as <dataset>.odcs.yaml, see docs/contract.md")
    datasets = tuple(Dataset(load_contract(path), settings) for path in files)
    owned = list(zip(datasets, files, strict=True))
    _require_unique("dataset name", [(item.name, file) for item, file in owned])
    _require_unique(
        "table", [(table, file) for item, file in owned for table in (item.contract.table, item.metrics_table)]
    )
    return datasets


def _require_unique(what: str, owners: list[tuple[str, Path]]) -> None:
    seen: dict[str, Path] = {}
    for value, file in owners:
        first = seen.setdefault(value, file)
        if first != file:
            raise ConfigurationError(f"{file.name}: {what} {value!r} is already that of {first.name}; choose another")


def _all_days(prefix: str) -> str:
    return prefix.partition("ingestion_date=")[0]
