"""The environment variables of the functions: their names and forms, each read once into a typed value.

Only handlers hand the environment in; nothing else reads it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import Final

from adapters.glue_catalog import GlueCatalog
from adapters.s3 import S3Store
from core.days import Schedule, time_zone
from core.errors import PipelineError
from core.layout import DATASET_NAME, DATASET_NAME_RULE, DatasetPaths
from core.ports import Store
from core.publishing import Publications
from core.raw_day import RawDay, list_raw_day
from core.raw_objects import RawObjects
from core.runs import Runs
from core.wording import DEFAULT_ENVIRONMENT

_ENVIRONMENT: Final = re.compile(r"[a-z0-9_-]{1,32}")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_CHECKSUM: Final = re.compile(r"[0-9a-f]{64}")
_TOPIC: Final = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_STATE_MACHINE: Final = re.compile(r"arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[A-Za-z0-9_-]{1,80}")
_JOB: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_NAME_IN_CATALOG: Final = re.compile(r"[a-z0-9_]{1,255}")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,5}")
_SCHEDULE: Final = re.compile(r"off|(1?[0-9]|2[0-3])\+[0-9]{1,4}")
_HOURS: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,6})?")


class InvalidEnvironment(PipelineError):
    """An environment variable is missing or malformed."""


@dataclass(frozen=True)
class DataPlace:
    """Where one dataset lies, and what there is to read; the catalog is left out where a function needs none."""

    bucket: str
    store: Store
    paths: DatasetPaths
    catalog: GlueCatalog | None = None
    raw_objects: RawObjects = field(default_factory=RawObjects)

    def raw_day(self, day: date) -> RawDay:
        return list_raw_day(self.store, self.paths, day, self.raw_objects)

    @property
    def publications(self) -> Publications:
        return Publications(self.store, self.paths, self.catalog)

    @property
    def runs(self) -> Runs:
        return Runs(self.store, self.paths)


class Environment:
    """Environment variables by name. Every method raises InvalidEnvironment that names the variable."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def dataset(self) -> str:
        return self._matching("DATASET", DATASET_NAME, DATASET_NAME_RULE)

    def name(self) -> str:
        """Return which environment this is; an account may hold several."""
        known = self._values.get("ENVIRONMENT")
        return self._matching("ENVIRONMENT", _ENVIRONMENT, "a name such as prod") if known else DEFAULT_ENVIRONMENT

    def metric_dimensions(self) -> dict[str, str]:
        """Return by what CloudWatch tells the metrics of this dataset of this environment from all others."""
        return {"Environment": self.name(), "Dataset": self.dataset()}

    def command_options(self) -> str:
        """Return what a command of `pipeline` needs to mean this dataset of this environment, to be put behind it."""
        environment = self.name()
        elsewhere = "" if environment == DEFAULT_ENVIRONMENT else f" --environment {environment}"
        return f" --contract {self.dataset()}{elsewhere}"

    def place(self, *, with_catalog: bool = False, with_raw_data: bool = False) -> DataPlace:
        """Where the dataset lies; ``with_raw_data`` where raw objects are looked at, as the contract says."""
        bucket = self._matching("DATA_BUCKET", _BUCKET, "the name of a bucket")
        source_system = self._matching("SOURCE_SYSTEM", DATASET_NAME, DATASET_NAME_RULE)
        return DataPlace(
            bucket,
            S3Store(bucket),
            DatasetPaths(self.dataset(), source_system),
            catalog=self.catalog() if with_catalog else None,
            raw_objects=self.raw_objects() if with_raw_data else RawObjects(),
        )

    def catalog(self) -> GlueCatalog:
        expected = "lower case letters, digits and '_'"
        database, table = (
            self._matching(name, _NAME_IN_CATALOG, expected) for name in ("CATALOG_DATABASE", "CATALOG_TABLE")
        )
        return GlueCatalog(database, table)

    def raw_objects(self) -> RawObjects:
        text = self._text("RAW_OBJECTS")
        try:
            return RawObjects.from_json(text)
        except ValueError as error:
            raise InvalidEnvironment(_malformed("RAW_OBJECTS", text, f"what a contract makes ({error})")) from None

    def contract_checksum(self) -> str:
        return self._matching("CONTRACT_CHECKSUM", _CHECKSUM, "64 hexadecimal digits, the contract's checksum")

    def alert_topic_arn(self) -> str:
        return self._matching("ALERT_TOPIC_ARN", _TOPIC, "the ARN of an SNS topic")

    def state_machine_arn(self) -> str:
        return self._matching("STATE_MACHINE_ARN", _STATE_MACHINE, "the ARN of a state machine")

    def job_name(self) -> str:
        return self._matching("JOB_NAME", _JOB, "the name of a Glue job")

    def max_concurrent_runs(self) -> int:
        """How many runs of the job Glue allows at once."""
        return int(self._matching("MAX_CONCURRENT_RUNS", _COUNT, "a whole number above 0"))

    def freshness_hours(self) -> float:
        """Hours after the end of a day within which it is to be published."""
        hours = float(self._matching("FRESHNESS_HOURS", _HOURS, "a number of hours, such as 6 or 1.5"))
        if hours <= 0:
            raise InvalidEnvironment(_malformed("FRESHNESS_HOURS", str(hours), "a number of hours above 0"))
        return hours

    def schedule(self) -> Schedule | None:
        """Read the daily schedule; None where it is switched off."""
        text = self._matching("SCHEDULE", _SCHEDULE, "off, or an hour and minutes of waiting, such as 1+120")
        if text == "off":
            return None
        hour, minutes = text.split("+")
        return Schedule(int(hour), int(minutes))

    def time_zone(self) -> tzinfo:
        name = self._text("TIME_ZONE")
        try:
            return time_zone(name)
        except ValueError:
            expected = "a name of the IANA time zone database, such as Europe/Berlin or UTC"
            raise InvalidEnvironment(_malformed("TIME_ZONE", name, expected)) from None

    def _text(self, name: str) -> str:
        value = self._values.get(name, "")
        if not value:
            raise InvalidEnvironment(f"the environment variable {name} is not set; deploy the stack again")
        return value

    def _matching(self, name: str, form: re.Pattern[str], expected: str) -> str:
        value = self._text(name)
        if form.fullmatch(value) is None:
            raise InvalidEnvironment(_malformed(name, value, expected))
        return value


def _malformed(name: str, value: str, expected: str) -> str:
    return f"the environment variable {name} is {value!r}, expected {expected}; correct the configuration and deploy"
