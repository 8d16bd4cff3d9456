"""The facts of one run as typed values: its metrics object and the job run that Glue reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from core.checks import Check, read_checks
from core.documents import refused_metrics
from core.prices import cost_usd, dpu_seconds, dpus, read_cost
from core.rejections import RejectedLines, read_rejections
from core.remarks import remarks
from shared.inputs import Input, InvalidInput

_COUNTS: Final = ("rows_read", "rows_written", "duplicates_removed", "rows_quarantined")
_MILLISECONDS_FROM: Final = 10**11  # as seconds this is the year 5138, as milliseconds 1973


@dataclass(frozen=True)
class RunMetrics:
    """What the run counted and checked."""

    run_id: str
    rows_read: int
    rows_written: int
    duplicates_removed: int
    rows_quarantined: int
    checks: tuple[Check, ...]
    unknown_fields: tuple[str, ...]
    rows_on_other_days: int
    rejected: tuple[RejectedLines, ...]
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    accepted: str | None = None
    max_cost_usd: float | None = None
    execution: str | None = None

    @property
    def warnings(self) -> tuple[Check, ...]:
        """The checks that did not hold and do not keep a day from being published."""
        return tuple(check for check in self.checks if not check.passed)


@dataclass(frozen=True)
class JobRun:
    """What Glue says of a finished run; None where it says nothing."""

    id: str
    seconds: float
    dpu_seconds: float | None
    estimated_cost_usd: float | None
    glue_version: str
    started_at: datetime | None
    execution: str | None = None


@dataclass(frozen=True)
class ReportRequest:
    """Which job run is to be reported, and what readers did not find of the day before it, if anything."""

    day: date
    job_run: JobRun
    fault: str | None


def read_request(event: object) -> ReportRequest:
    """Read the event of the state machine. Raises InvalidInput."""
    given = Input(event, allowed=("ingestion_date", "job_run", "fault"))
    fault = given.value("fault") if given.has("fault") else None
    return ReportRequest(
        given.day("ingestion_date"), read_job_run(given.value("job_run")), None if fault is None else str(fault)
    )


def read_job_run(document: object) -> JobRun:
    """Read a JobRun with the PascalCase keys of ``glue:startJobRun.sync``; keys that are not needed are passed over.

    https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("Id"), str):
        raise InvalidInput("the input: job_run has no Id, expected the JobRun that glue:startJobRun.sync returned")
    seconds = _number(document, "ExecutionTime") or 0.0
    billed = _billed_dpu_seconds(document, seconds)
    version, execution_class = str(document.get("GlueVersion") or ""), str(document.get("ExecutionClass") or "STANDARD")
    return JobRun(
        id=document["Id"],
        seconds=seconds,
        dpu_seconds=billed,
        estimated_cost_usd=None
        if billed is None
        else cost_usd(billed, glue_version=version, execution_class=execution_class),
        glue_version=version,
        started_at=_moment(_number(document, "StartedOn")),
        execution=_execution(document.get("Arguments")),
    )


def read_run_metrics(document: Mapping[str, Any], *, source: str) -> RunMetrics:
    """Read a metrics object.

    Raises:
        InvalidDocument: naming ``source`` and the key that is missing or of the wrong kind.
    """
    with refused_metrics(source):
        counts = {name: int(document[name]) for name in _COUNTS}
        return RunMetrics(
            run_id=str(document["run_id"]),
            checks=read_checks(document, source=source),
            notes=_notes(document),
            remarks=tuple(remarks(document, source=source)),
            # Both are null where there was nothing to look at: no rows, or a contract without an event time.
            unknown_fields=tuple(map(str, (document.get("schema_drift") or {}).get("unknown_fields", ()))),
            rejected=read_rejections(document, source=source),
            accepted=_accepted(document.get("accepted")),
            execution=None if document.get("execution") is None else str(document["execution"]),
            max_cost_usd=(document.get("cost") or {}).get("limit_usd"),
            rows_on_other_days=int((document.get("event_time") or {}).get("rows_on_other_days", 0)),
            **counts,
        )


def _notes(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the run warned of, but for its cost, of which Glue's own figure is told."""
    cost = read_cost(document)
    excess = None if cost is None else cost.excess
    return tuple(str(warning) for warning in document.get("warnings", ()) if warning != excess)


def _execution(arguments: object) -> str | None:
    """Return which execution started a job run, where it was told so."""
    name = arguments.get("--execution") if isinstance(arguments, Mapping) else None
    return None if name is None else str(name)


def _accepted(document: Mapping[str, Any] | None) -> str | None:
    """Say who let an odd day pass; None where nobody had to, or in metrics of a release that did not tell."""
    return None if document is None else f"Accepted by {document['accepted_by']}: {document['reason']}"


def _billed_dpu_seconds(document: Mapping[str, Any], seconds: float) -> float | None:
    """Return Glue's own DPU-seconds, which it reports for auto scaling and Flex, or those of a constant capacity.

    A run is billed for a minute at least: of one that scales the driver's worker is, which is there from start to end.
    Where Glue does not say how long that was, nothing is added.
    """
    reported = _number(document, "DPUSeconds")
    if reported is not None and _number(document, "ExecutionTime") is None:
        return reported
    if reported is not None:
        driver = dpus(str(document.get("WorkerType")), 1) or 0.0
        return reported + dpu_seconds(seconds, driver) - seconds * driver
    capacity = _number(document, "MaxCapacity")
    if capacity is None:
        capacity = dpus(str(document.get("WorkerType")), _number(document, "NumberOfWorkers") or 0)
    return None if not capacity else dpu_seconds(seconds, capacity)


def _number(document: Mapping[str, Any], key: str) -> float | None:
    value = document.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(timestamp: float | None) -> datetime | None:
    if timestamp is None:
        return None
    seconds = timestamp / 1000 if timestamp >= _MILLISECONDS_FROM else timestamp  # Step Functions gives milliseconds
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
