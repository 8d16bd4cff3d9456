"""What an event means to people: one primary message per incident, and every other path marked as the second.

A job run that FAILED or ran into its TIMEOUT is announced first by its own event. One that was STOPPED was stopped by
a person or with its execution, and ERROR and EXPIRED have no event: for these the execution's message is the primary.
Inside a backfill its summary is the second path, so that a hundred failed dates do not become two hundred messages.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from alert.events import ExecutionEnded, JobRunEnded, dated
from core.causes import Cause
from core.layout import as_ingestion_date, run_id_in
from core.publication import Publication
from core.rejections import MOST_WORDS, RejectedLines, without_example
from core.runs import Metrics
from core.times import iso_seconds
from core.wording import backfill_flags, has_command
from shared.messages import Message, Notice, clean
from shared.reruns import MOST_RUNS, is_last_run

_JOB_IS_PRIMARY: Final = ("FAILED", "TIMEOUT")
_ENDED: Final = {
    "FAILED": "failed",
    "TIMEOUT": "ran into its time limit",
    "STOPPED": "was stopped",
    "TIMED_OUT": "ran into its time limit",
    "ABORTED": "was aborted",
}
_RUN_AGAIN: Final = re.compile(r"\bagain\b")
# What Glue, YARN and a shell say of a process that was killed, which could say nothing itself.
_KILLED: Final = re.compile(r"[Ee]xit (?:code|status):? ?137\b|\bSIGKILL\b|\bsignal 9\b")
_OUT_OF_MEMORY: Final = re.compile(r"out.of.memory", re.IGNORECASE)
# A line of the job's own log in place of a reason.
_LOG_LINE: Final = re.compile(r'\{"time": "[^"]*", "level": ')
_IS_STEP: Final = re.compile(r"\b(again|then|pipeline|run repair)\b")
# The error with which the backfill's state machine ends after it has sent its summary.
_BACKFILL_FAILED: Final = "BackfillFailed"


def day_of(ended: JobRunEnded | ExecutionEnded) -> date | None:
    """Return the one date that a run was for, or None when the event does not tell or it was for several."""
    if isinstance(ended, JobRunEnded):
        return ended.day
    return ended.asked_day or dated(ended.cause.text)[0]


def standing(record: Publication | None, *, shown_at: str | None) -> str:
    """Say what readers have of a day, whose partition queries find at ``shown_at``."""
    if record is None:
        return "readers have no version of that day"
    if shown_at != record.current.location:
        return f"run {record.current.run_id} is published, but queries do not see it yet"
    return f"readers have run {record.current.run_id}"


def reported_run(ended: JobRunEnded | ExecutionEnded) -> str | None:
    """Return the run whose metrics object the message of either event names as its report."""
    return run_id_in(_parts(_text(ended))[1])


def is_said_by(metrics: Metrics, ended: JobRunEnded | ExecutionEnded) -> bool:
    """Tell whether an event repeats the message of this run."""
    message = metrics.get("message")
    return isinstance(message, str) and message != "" and message in _text(ended)


def _text(ended: JobRunEnded | ExecutionEnded) -> str:
    return ended.message if isinstance(ended, JobRunEnded) else ended.cause.text


def is_about_malformed_lines(ended: JobRunEnded) -> bool:
    """Tell whether the message names a reason of malformed lines, so that the others are worth reading too."""
    return MOST_WORDS in ended.message


def job_run_message(
    dataset: str,
    ended: JobRunEnded,
    *,
    day: date | None,
    readers: str,
    rejected: Sequence[RejectedLines] = (),
    options: str = "",
) -> Message:
    """Tell that a job run did not succeed; ``readers`` says what is published, ``rejected`` why lines are malformed."""
    reason, report, step = _parts(_reason(ended.message))
    return Notice(
        dataset=dataset,
        headline=f"{day or 'unknown date'} {_ENDED[ended.state]}: {without_example(reason) or 'no reason given'}",
        what=f"the job run for {dataset} {day or 'of an unknown date'} {_ENDED[ended.state]}; {readers}",
        why=reason or "Glue gave no reason",
        report=report,
        next_step=_with_command(step, day) or _after_job_run(ended, day),
        where=f"job run {ended.run_id} of job {ended.job}, state {ended.state}",
        second_of="" if ended.state in _JOB_IS_PRIMARY else "that of the execution which the job run belonged to",
        listed=("Malformed lines by reason:", *(f"- {item.sentence()}" for item in rejected)) if rejected else (),
        options=options,
    ).message()


def is_told_by_a_backfill(ended: ExecutionEnded) -> bool:
    """Tell whether a backfill's summary says all that a message about this execution would."""
    if ended.cause.error == _BACKFILL_FAILED:
        return True
    return _backfill(ended) != "" and _primary_of(ended.cause) != ""


def execution_message(
    dataset: str, ended: ExecutionEnded, *, readers: str, options: str = "", is_repeated: bool = False
) -> Message:
    """Tell that an execution did not succeed; ``readers`` says what is published.

    ``is_repeated`` when no message went before this one, as the same was told of an earlier run.
    """
    reason, report, step = _parts(_reason(ended.cause.text))
    matter, part = _matter(ended), _backfill(ended)
    of_backfill = [f"of backfill {part}"] if part else []
    return Notice(
        dataset=dataset,
        headline=" ".join(
            [*matter, f"execution {_ENDED[ended.status]}: {without_example(reason) or 'no reason given'}"]
        ),
        what=(
            f"the execution {' '.join(['for', dataset, *matter, *of_backfill])} {_ENDED[ended.status]}; {readers}"
            f"{_no_more_runs(ended)}"
        ),
        why=_why(ended, reason),
        report=report,
        next_step=_after_execution(ended, step),
        where=f"execution {ended.arn}",
        second_of="" if is_repeated else _primary_of(ended.cause),
        options=options,
    ).message()


def overdue_message(dataset: str, day: date, *, due: datetime, options: str = "") -> Message:
    """Tell that the last day that is due is not published."""
    return Notice(
        dataset=dataset,
        headline=f"{day} is overdue: not published by {iso_seconds(due)}",
        what=f"{dataset} {day} is not published; readers do not have that day",
        why=f"it was due by {iso_seconds(due)} and has no publication record",
        next_step=f"see what became of its runs with: pipeline status {day}; then: pipeline run {day}",
        options=options,
    ).message()


def _parts(message: str) -> tuple[str, str, str]:
    """Split a message of the job into its reason, the place of its report and the next step it names."""
    day, text = dated(message)
    parts = [part.strip() for part in clean(text).split("; ")]
    # The last one, as a line of raw data may stand before it.
    at = max((place for place, part in enumerate(parts) if part.startswith("report ")), default=None)
    if at is not None:
        report = parts[at]
        return "; ".join(parts[:at]), report.removeprefix("report "), "; ".join(parts[at + 1 :])
    if day is not None and len(parts) > 1 and _IS_STEP.search(parts[-1]):
        return "; ".join(parts[:-1]), "", parts[-1]
    return "; ".join(parts), "", ""


def _why(ended: ExecutionEnded, reason: str) -> str:
    if not reason:
        return f"it ended as {ended.status} without a reason"
    is_named = ended.cause.error and not ended.cause.job_run_id
    return f"{ended.cause.error}: {reason}" if is_named else reason


def _primary_of(cause: Cause) -> str:
    if cause.job_run_id and cause.job_state in _JOB_IS_PRIMARY:
        return f"that of job run {cause.job_run_id}"
    if cause.error == "RawDataMissing":
        return "the sensor's about missing raw data"
    return f"about execution {cause.execution}" if cause.execution else ""


def _matter(ended: ExecutionEnded) -> list[str]:
    """Say which date or dates an execution was for; empty when its input does not tell."""
    given = ended.given
    start, end = (as_ingestion_date(given.get(key)) for key in ("start", "end"))
    if ended.asked_day:
        return [str(ended.asked_day)]
    if start and end:
        return [f"backfill {start} to {end}"]
    return ["backfill of listed dates"] if isinstance(given.get("dates"), list) else []


def _backfill(ended: ExecutionEnded) -> str:
    """Name the backfill that the execution's date is part of; empty when it is part of none."""
    name = ended.given.get("backfill")
    return name if isinstance(name, str) else ""


def _after_job_run(ended: JobRunEnded, day: date | None) -> str:
    if ended.state == "STOPPED":
        return f"if it was not meant to stop: {_run_command(day)}"
    # The group as the stacks name it; the streams of driver and executors begin with the run's id.
    log = f"aws logs tail /aws-glue/jobs/{ended.job}/error --log-stream-name-prefix {ended.run_id} --since 1d"
    return f"read its log: {log}; then: {_run_command(day)}"


def _after_execution(ended: ExecutionEnded, step: str) -> str:
    given = ended.given
    start, end = as_ingestion_date(given.get("start")), as_ingestion_date(given.get("end"))
    if start and end:
        return f"fix the cause (published dates are skipped), then: pipeline backfill {start} {end}{_flags(given)}"
    if isinstance(given.get("dates"), list):
        return f"fix the cause (published dates are skipped), then start it again: {_again(ended)}"
    if ended.cause.error == "InvalidInput":
        return "correct the input, then start it again"
    is_stopped = ended.status == "ABORTED" or ended.cause.job_state == "STOPPED"
    first = "if it was not meant to stop:" if is_stopped else "fix the cause, then:"
    day = day_of(ended)
    return _with_command(step, day) or f"{first} {_run_command(day)}"


def _flags(given: Mapping[str, Any]) -> str:
    """Return the options of the command line that a backfill's input has."""
    concurrency = given.get("max_concurrency")
    return backfill_flags(
        concurrency=concurrency if isinstance(concurrency, int) else 1,
        goes_on=given.get("on_failure") == "continue",
        is_forced=given.get("force") is True,
    )


def _again(ended: ExecutionEnded) -> str:
    """Return the command that starts an execution again, whose input may be too long to be written out."""
    machine = ended.arn.replace(":execution:", ":stateMachine:", 1).removesuffix(f":{ended.name}")
    asked = f"aws stepfunctions describe-execution --execution-arn {ended.arn} --query input --output text"
    return f'aws stepfunctions start-execution --state-machine-arn {machine} --input "$({asked})"'


def _with_command(step: str, day: date | None) -> str:
    """Put the command behind a step that only says that the date is to be run again."""
    if not step or has_command(step) or day is None:
        return step
    return f"{step}: {_run_command(day)}" if _RUN_AGAIN.search(step) else step


def _run_command(day: date | None) -> str:
    return f"pipeline run {day}" if day else "pipeline run DATE, with the date of that run"


def _no_more_runs(ended: ExecutionEnded) -> str:
    if not is_last_run(ended.name) or is_refused(ended):
        return ""
    return f"; it was the last of {MOST_RUNS} runs that late data starts for this raw data, so it is left to people"


def is_refused(ended: ExecutionEnded) -> bool:
    """Tell whether the data is why an execution failed: the job's message then names its report."""
    return bool(_parts(ended.cause.text)[1])


def _reason(message: str) -> str:
    """Say what a message means that is no reason: a process that was killed could not give one."""
    if _KILLED.search(message) and not _OUT_OF_MEMORY.search(message):
        return f"the job run was killed, most likely as it was out of memory: {message}"
    if _LOG_LINE.match(message):
        return "the job run ended without a reason, as a run does that is killed or out of memory"
    return message
