"""One dataset as it is deployed: its contract, the names that people type, and where it lies in the data bucket.

Must not create resources: stacks and command line derive the same names from it, so that none has to import another's.
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from config import ConfigurationError, Settings
from contract import DataContract, load_contract
from core.layout import DatasetPaths
from core.prices import Capacity

ROOT = Path(__file__).resolve().parent
_CONTRACT_FILES = ("*.odcs.yaml", "*.odcs.yml", "*.odcs.json")
# How what is meant as one may end; the JSON of a contract for the job is no dataset of its own.
_LIKE_CONTRACTS = (".yaml", ".yml", ".odcs.json")
DEFAULT_FRESHNESS_HOURS = 24.0
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
_FUNCTION_NAME = 64
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
_QUEUE_NAME = 80
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
_ALARM_NAME = 255
LATE_DATA = "late-data"
_LATE_DATA_ALARMS = ("errors", "not-handled", "waiting")


@dataclass(frozen=True)
class Dataset:
    """Names are `<environment>-<dataset>-<part>`: an account may hold both environments, a region each of them once."""

    contract: DataContract
    settings: Settings

    @property
    def name(self) -> str:
        return self.contract.name

    @property
    def prefix(self) -> str:
        """What the names of all its resources begin with."""
        return f"{self.settings.environment}-{self.name}"

    def function_name(self, part: str) -> str:
        return self._part_name(part, length=_FUNCTION_NAME)

    def queue_name(self, part: str) -> str:
        return self._part_name(part, length=_QUEUE_NAME)

    def alarm_name(self, part: str) -> str:
        return self._part_name(part, length=_ALARM_NAME)

    @property
    def metric_dimensions(self) -> dict[str, str]:
        """By what CloudWatch tells its metrics from those of the other datasets and of another environment."""
        return {"Environment": self.settings.environment, "Dataset": self.name}

    def dead_letter_queues(self, *, has_late_data: bool) -> list[str]:
        """Name the queues of what could not be started, told or handled."""
        parts = ["start", "alert", *([LATE_DATA] if has_late_data else [])]
        return [self.queue_name(f"{part}-dead-letters") for part in parts]

    def alarms(self, *, has_late_data: bool) -> list[str]:
        """Name all its alarms: one on each queue of dead letters, with the queue's name, and those on late data."""
        late = [self.alarm_name(f"{LATE_DATA}-{part}") for part in _LATE_DATA_ALARMS if has_late_data]
        return [*self.dead_letter_queues(has_late_data=has_late_data), *late]

    def _part_name(self, part: str, *, length: int) -> str:
        """Name a part within the length that its service allows; a name that is cut stays one of its own."""
        name = f"{self.prefix}-{part}"
        if len(name) <= length:
            return name
        end = f"-{sha256(self.prefix.encode()).hexdigest()[:6]}-{part}"
        return self.prefix[: length - len(end)] + end

    @property
    def job_name(self) -> str:
        return f"{self.prefix}-curation"

    @property
    def pipeline_name(self) -> str:
        return f"{self.prefix}-pipeline"

    @property
    def backfill_name(self) -> str:
        return f"{self.prefix}-backfill"

    @property
    def days_name(self) -> str:
        return f"{self.prefix}-days"

    @property
    def metrics_table(self) -> str:
        return f"{self.contract.table}_metrics"

    @property
    def tables(self) -> tuple[str, ...]:
        """All tables of the dataset in the catalog."""
        return (self.contract.table, self.metrics_table, self.quarantine_table)

    @property
    def quarantine_table(self) -> str:
        return f"{self.contract.table}_quarantine"

    @property
    def capacity(self) -> Capacity:
        """What the job runs on, by which the cost of its runs is estimated."""
        settings = self.settings
        return Capacity(
            glue_version=settings.glue_version,
            worker_type=settings.worker_type,
            execution_class="FLEX" if settings.flex else "STANDARD",
        )

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


def no_contract_in(folder: Path) -> str:
    return f"{folder} holds no contract; add one as <dataset>.odcs.yaml, see docs/contract.md"


def contract_files(folder: Path) -> list[Path]:
    """List the files of a folder that are contracts by their names."""
    return [path for pattern in _CONTRACT_FILES for path in folder.glob(pattern)]


def load_datasets(settings: Settings, folder: Path) -> tuple[Dataset, ...]:
    """Read every contract of a folder, in order of file name.

    Raises:
        ContractError: when one of them is not valid.
        ConfigurationError: when there is none, one that its name leaves out, or two would share a name or a table.
    """
    files = sorted(contract_files(folder))
    if not files:
        raise ConfigurationError(no_contract_in(folder))
    for path in sorted(folder.iterdir()):
        if path not in files and path.name.lower().endswith(_LIKE_CONTRACTS) and not path.name.startswith("."):
            raise ConfigurationError(
                f"{path.name} would not be deployed: a contract is called <dataset>.odcs.yaml, .odcs.yml or .odcs.json "
                f"in lower case; rename it, or move it out of {folder}"
            )
    datasets = tuple(Dataset(load_contract(path), settings) for path in files)
    owned = list(zip(datasets, files, strict=True))
    _require_unique("dataset name", [(item.name, file) for item, file in owned])
    _require_unique("table", [(table, file) for item, file in owned for table in item.tables])
    return datasets


def _require_unique(what: str, owners: list[tuple[str, Path]]) -> None:
    seen: dict[str, Path] = {}
    for value, file in owners:
        first = seen.setdefault(value, file)
        if first != file:
            raise ConfigurationError(f"{file.name}: {what} {value!r} is already that of {first.name}; choose another")
