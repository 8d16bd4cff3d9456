"""The settings of one deployed environment: what an operator may choose, and within which limits.

Owns defaults and validation; must not know the CDK, AWS or any dataset. Every field is a knob, and docs/deploy.md
lists them.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from core.wording import DEFAULT_ENVIRONMENT

GLUE_VERSIONS: Final = ("6.0", "5.1")
WORKER_TYPES: Final = ("G.1X", "G.2X")
# Delays of a full set of retries, so that the execution always outlives its task.
EXECUTION_MARGIN_MINUTES: Final = 60
# How long an execution may wait for one of the job's concurrent runs, when years of history are uploaded at once.
CAPACITY_WAIT_MINUTES: Final = 12 * 60
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
LONGEST_HISTORY: Final = 25_000
# What a look for raw data adds to an execution's history, what a try for a free run of the job adds, and what
# everything else may add, retries above all.
EVENTS_PER_LOOK: Final = 9
EVENTS_PER_TRY: Final = 14
_OTHER_EVENTS: Final = 4_000
SHORTEST_TRY_SECONDS: Final = 60
_USUAL_TRY_SECONDS: Final = 600
# S3 moves nothing from STANDARD_IA to another class before:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
_INFREQUENT_DAYS: Final = 30
# How long Glue may look for capacity, which the job's own timeout does not count.
START_UP_MINUTES: Final = 15
FLEX_START_UP_MINUTES: Final = 60

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutRetentionPolicy.html
_LOG_RETENTION_DAYS: Final = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827)
_EMAIL: Final = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_KEY_ARN: Final = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")  # eusc-de-east-1 is one


# What the folder of zones of a machine holds besides them.
_NO_ZONES: Final = frozenset({"Factory", "localtime", "posixrules"})


class ConfigurationError(ValueError):
    """A setting cannot be used; the message names it, the value, what is allowed and the next step."""


def _require(holds: bool, settings: "Settings", name: str, allowed: str) -> None:  # noqa: FBT001  a condition is what it takes
    if not holds:
        value = getattr(settings, name)
        raise ConfigurationError(f"{settings.environment}: {name} {value!r}: {allowed}; set it with -c {name}=…")


def day_without(moment: time, zone: str) -> date | None:
    """Return a day on which clocks skip a time, or None: EventBridge Scheduler then skips the call."""
    local, first = ZoneInfo(zone), date(2025, 1, 1)
    for days in range(4 * 365):
        planned = datetime.combine(first + timedelta(days), moment, local)
        if planned.astimezone(UTC).astimezone(local).replace(fold=0) != planned:
            return planned.date()
    return None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One environment. Account and region are those of the deploying credentials unless given."""

    environment: str
    account: str | None = None
    region: str | None = None

    database: str
    alert_emails: tuple[str, ...] = ()
    notify_success: bool = True

    time_zone: str = "UTC"
    schedule_enabled: bool = True
    schedule_hour: int = 1
    wait_for_data_minutes: int = 120
    poll_minutes: int = 10
    late_data: bool = True
    late_data_delay_minutes: int = 5

    glue_version: str = "6.0"
    worker_type: str = "G.1X"
    max_workers: int = 10
    flex: bool = False
    job_timeout_minutes: int = 120
    max_concurrent_runs: int = 10
    keep_versions: int = 2
    keep_hours: int = 24
    backfill_timeout_hours: int = 360

    scan_cutoff_gb: int = 100
    results_days: int = 30
    quarantine_days: int = 90
    noncurrent_days: int = 30
    raw_infrequent_days: int = 30
    raw_archive_days: int = 90
    log_days: int = 90

    kms: bool = False
    old_key_arns: tuple[str, ...] = ()
    destroy_data: bool = False
    confirm_destroy_data: bool = False

    def __post_init__(self) -> None:
        """Raise ConfigurationError for the first setting outside its limits."""
        self._check_choices()
        self._check_texts()
        for name, (low, high) in _RANGES.items():
            _require(low <= getattr(self, name) <= high, self, name, f"must lie in {low} to {high}")
        self._check_agreement()

    @property
    def lease_minutes(self) -> int:
        """How long a run's lease lasts; longer than the job can run, start-up included."""
        return self.job_timeout_minutes + 60

    @property
    def task_timeout_minutes(self) -> int:
        """How long the state machine waits for a job run; the job's own timeout comes first."""
        return self.job_timeout_minutes + (FLEX_START_UP_MINUTES if self.flex else START_UP_MINUTES)

    @property
    def execution_timeout_minutes(self) -> int:
        """How long one date may take, from the first look for raw data to the notification.

        It may have to wait for another run of the date first, which takes as long as its own at the most.
        """
        waits = self.wait_for_data_minutes + CAPACITY_WAIT_MINUTES
        return waits + 2 * self.task_timeout_minutes + EXECUTION_MARGIN_MINUTES

    @property
    def shortest_poll_minutes(self) -> int:
        """How often an execution may look for raw data or the end of another run, that its history may hold it all."""
        looks = (LONGEST_HISTORY - _OTHER_EVENTS) // EVENTS_PER_LOOK
        return -(-self.execution_timeout_minutes // looks)

    @property
    def longest_try_seconds(self) -> int:
        """How long an execution waits at most before it tries again for a free run, likewise; it is at random."""
        tries = (LONGEST_HISTORY - _OTHER_EVENTS) // EVENTS_PER_TRY
        on_average = -(-self.execution_timeout_minutes * 60 // tries)
        return max(_USUAL_TRY_SECONDS, 2 * on_average - SHORTEST_TRY_SECONDS)

    @property
    def data_is_destroyed(self) -> bool:
        """Tell whether destroying the stack deletes the data as well; needs both flags."""
        return self.destroy_data and self.confirm_destroy_data

    def _check_choices(self) -> None:
        for name, allowed in (
            ("glue_version", GLUE_VERSIONS),
            ("worker_type", WORKER_TYPES),
            ("log_days", _LOG_RETENTION_DAYS),
        ):
            _require(getattr(self, name) in allowed, self, name, f"allowed: {', '.join(map(str, allowed))}")

    def _check_texts(self) -> None:
        _require(bool(_NAME.fullmatch(self.database)), self, "database", "needs a-z, 0-9 and _, a letter first")
        for address in self.alert_emails:
            _require(bool(_EMAIL.fullmatch(address)), self, "alert_emails", f"{address!r} is no e-mail address")
            _require(self.alert_emails.count(address) == 1, self, "alert_emails", f"{address!r} is there twice")
        for arn in self.old_key_arns:
            _require(bool(_KEY_ARN.fullmatch(arn)), self, "old_key_arns", f"{arn!r} is not the ARN of a KMS key")
        _require(not self.account or bool(_ACCOUNT.fullmatch(self.account)), self, "account", "must be 12 digits")
        _require(not self.region or bool(_REGION.fullmatch(self.region)), self, "region", "for example eu-central-1")
        # A file of the machine that synthesizes, such as localtime or right/UTC, is no zone of EventBridge Scheduler.
        known = self.time_zone in available_timezones() - _NO_ZONES
        _require(known, self, "time_zone", "must be an IANA name such as Europe/Berlin")

    def _check_agreement(self) -> None:
        missing = day_without(time(self.schedule_hour), self.time_zone)
        _require(
            missing is None or not self.schedule_enabled,
            self,
            "schedule_hour",
            f"is skipped on {missing} in {self.time_zone}, when clocks are put forward, and so would be that day's run",
        )
        _require(
            self.raw_infrequent_days + _INFREQUENT_DAYS <= self.raw_archive_days,
            self,
            "raw_archive_days",
            f"must exceed raw_infrequent_days ({self.raw_infrequent_days}) by {_INFREQUENT_DAYS} days, as S3 keeps "
            "everything in STANDARD_IA for as long",
        )
        _require(
            self.shortest_poll_minutes <= self.poll_minutes,
            self,
            "poll_minutes",
            f"an execution may wait for {self.execution_timeout_minutes} minutes, and Step Functions ends one after "
            f"{LONGEST_HISTORY:,} events; must be at least {self.shortest_poll_minutes}, or wait_for_data_minutes and "
            "job_timeout_minutes less",
        )
        _require(
            self.backfill_timeout_hours * 60 > self.execution_timeout_minutes + 120,
            self,
            "backfill_timeout_hours",
            f"must exceed one execution ({self.execution_timeout_minutes} minutes) by more than 2 hours",
        )


# Lowest and highest value of every number, both allowed.
_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "schedule_hour": (0, 23),
    "wait_for_data_minutes": (0, 24 * 60),
    "poll_minutes": (1, 120),
    "late_data_delay_minutes": (
        0,
        15,
    ),  # SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
    "max_workers": (2, 299),
    "job_timeout_minutes": (5, 7 * 24 * 60 - 60),  # Glue allows 7 days, and so does the lease
    "max_concurrent_runs": (1, 200),
    "keep_versions": (0, 100),
    "keep_hours": (0, 24 * 365),
    "backfill_timeout_hours": (16, 24 * 365),  # Step Functions allows a year
    "scan_cutoff_gb": (1, 100_000),
    "results_days": (1, 3650),
    "quarantine_days": (1, 3650),
    "noncurrent_days": (1, 3650),
    "raw_infrequent_days": (30, 3650),  # S3 refuses an earlier move to STANDARD_IA
    "raw_archive_days": (60, 3650),
}

ENVIRONMENTS: Final[Mapping[str, Settings]] = {
    "dev": Settings(
        environment="dev",
        database="dev_data_pipeline",
        schedule_enabled=False,
        max_workers=2,
        flex=True,
        job_timeout_minutes=60,
        scan_cutoff_gb=10,
        log_days=14,
        quarantine_days=30,
    ),
    "prod": Settings(environment="prod", database="prod_data_pipeline"),
}


def settings_from(context: Mapping[str, Any]) -> Settings:
    """Build the settings of the environment that the context chooses, with the context's own values put over them.

    Keys that belong to the CDK or to a library (they hold ``:``, ``@`` or ``/``) are passed over; any other unknown key
    is an error, so that a misspelt knob never deploys with its default.
    """
    name = str(context.get("environment", DEFAULT_ENVIRONMENT))
    if name not in ENVIRONMENTS:
        raise ConfigurationError(f"environment {name!r} is not known; allowed: {', '.join(ENVIRONMENTS)}")
    kinds = {item.name: item.type for item in fields(Settings) if item.name != "environment"}
    values: dict[str, Any] = {}
    for key, value in context.items():
        if key in kinds:
            values[key] = _typed(key, str(kinds[key]), value)
        elif key != "environment" and not re.search(r"[:@/]", key):
            near = difflib.get_close_matches(key.lower(), ["environment", *kinds], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigurationError(f"setting {key!r} is not known{hint}; docs/deploy.md lists them all")
    return replace(ENVIRONMENTS[name], **values)


def _typed(name: str, kind: str, value: Any) -> Any:
    """Read a context value, which the command line always hands over as text."""
    text = "" if value is None else str(value).strip()
    if "tuple" in kind:
        parts = [str(part).strip() for part in value] if isinstance(value, list | tuple) else text.split(",")
        return tuple(part.strip() for part in parts if part.strip())
    if "bool" in kind:
        if text.lower() not in ("true", "false"):
            raise ConfigurationError(f"{name} {value!r} must be true or false")
        return text.lower() == "true"
    if "int" in kind:
        return _whole_number(name, text)
    if not text and "None" not in kind:
        raise ConfigurationError(f"{name} is empty; leave it out for its default")
    return text or None


def _whole_number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigurationError(f"{name} {text!r} must be a whole number") from None
