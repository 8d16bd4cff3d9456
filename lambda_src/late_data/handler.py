"""Edge of late data: reads queue messages, the environment and the clock, and starts reruns.

Whether a day is to be run again is decided in `decision`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from adapters.aws import client, error_code, translated
from core.errors import PipelineError
from late_data.decision import (
    Arrival,
    DayEvent,
    Look,
    RunEnded,
    RunHistory,
    Sla,
    batch_response,
    day_event,
    execution_input,
    judge,
    known_already,
    looks,
    read_given,
    read_message,
)
from shared.environment import DataPlace, Environment
from shared.executions import AT_WORK, described, execution_arn, raw_data_seen
from shared.inputs import Input, InvalidInput
from shared.logs import StepLog
from shared.metrics import Metric, MetricSet, emit
from shared.reruns import execution_names

# A batch may name a thousand days, when years of history are uploaded at once.
_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Settings:
    place: DataPlace
    contract_checksum: str
    sla: Sla
    state_machine_arn: str
    dimensions: Mapping[str, str]


def handler(event: object, context: object) -> dict[str, Any]:
    """Start the reruns that a batch of queue messages asks for; a message that could not be handled comes again."""
    log, settings = StepLog("late_data", context), _settings(Environment(os.environ))
    records = _records(event)
    client("s3"), client("stepfunctions")  # made before threads ask for them, as making one is not thread-safe
    unread: list[str] = []
    days = looks(_day_events(records, settings, unread, log))
    log.info("batch read", messages=len(records), days=[str(look.day) for look in days])
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        handled = list(threads.map(lambda look: _handled(look, settings, log), days))
    failed = [look for look, ended_well in zip(days, handled, strict=True) if not ended_well]
    _count_not_handled(len(unread) + len(failed), settings)
    return batch_response([*unread, *(message_id for look in failed for message_id in look.message_ids)])


def _settings(environment: Environment) -> Settings:
    sla = Sla(environment.time_zone(), environment.freshness_hours(), environment.schedule())
    return Settings(
        environment.place(with_raw_data=True),
        environment.contract_checksum(),
        sla,
        environment.state_machine_arn(),
        environment.metric_dimensions(),
    )


def _records(event: object) -> list[Mapping[str, Any]]:
    records = Input(event, allowed=("Records",)).items("Records")
    if not all(isinstance(record, Mapping) for record in records):
        raise InvalidInput("the input: Records holds something that is no queue message")
    return records


def _day_events(
    records: Iterable[Mapping[str, Any]], settings: Settings, unread: list[str], log: StepLog
) -> Iterator[DayEvent]:
    for record in records:
        try:
            message = _with_input(read_message(record))
            event = day_event(message, settings.place, zone=settings.sla.zone)
        except PipelineError as error:
            log.warning("message not understood", error=str(error))
            unread.append(str(record.get("messageId", "")))
            continue
        if event is None:
            log.info("about no day of raw data", message=message)
        else:
            yield event


def _with_input(message: Arrival | RunEnded) -> Arrival | RunEnded:
    """Ask for the input of an execution whose event came without it."""
    if isinstance(message, Arrival) or message.given is not None:
        return message
    found = described(message.arn)
    if found is None or "input" not in found:
        raise InvalidInput(f"message {message.message_id} has no input, and there is none of {message.arn} either")
    return replace(message, given=read_given(found["input"]))


def _handled(look: Look, settings: Settings, log: StepLog) -> bool:
    """Look at one day; a failure leaves the other days of the batch alone."""
    try:
        return _look_at(look, settings, log)
    except Exception as error:  # noqa: BLE001  logged and counted, and its messages come again
        log.failed("day not handled", error, ingestion_date=str(look.day))
        return False


def _look_at(look: Look, settings: Settings, log: StepLog) -> bool:
    place, day = settings.place, look.day
    raw, record = place.raw_day(day), place.publications.records.read(day).record
    history = RunHistory(record, None if record else place.runs.latest_id(day))
    decision = judge(day, raw, history, now=datetime.now(UTC), sla=settings.sla, is_past_schedule=look.is_past_schedule)
    log.info(
        "day judged", ingestion_date=str(day), start=decision.start, reason=decision.reason, objects=len(raw.objects)
    )
    if not decision.start:
        return True
    runs = place.runs.readable(day)
    stopped = [raw_data_seen(arn) for arn in look.stopped]
    known = known_already(raw, runs, stopped, contract_checksum=settings.contract_checksum)
    if known is not None:
        log.info("left alone", ingestion_date=str(day), reason=known)
        return True
    names = execution_names(place.paths.dataset, day, raw)
    return _run(day, names, execution_input(day, raw), settings, log)


def _run(day: date, names: Sequence[str], asked: str, settings: Settings, log: StepLog) -> bool:
    """Start the first execution that there was none of yet, unless one is at work; tell whether people know the rest.

    The last one tells people that it is the last, when it fails. One that ended well and published nothing of this
    tells nobody.
    """
    status = None
    for name in names:
        found = described(execution_arn(settings.state_machine_arn, name))
        if found is None:
            is_started = _start(settings.state_machine_arn, name, asked)
            log.info("rerun started" if is_started else "rerun exists already", ingestion_date=str(day), execution=name)
            return True
        status = found["status"]
        if status in AT_WORK:
            log.info("rerun at work already", ingestion_date=str(day), execution=name)
            return True
    log.warning("given up", ingestion_date=str(day), runs=len(names), last=names[-1], status=status)
    return status != "SUCCEEDED"


def _start(state_machine_arn: str, name: str, asked: str) -> bool:
    """Start an execution; tell whether there was none of that name."""
    with translated(f"start {name} of {state_machine_arn}", needs="states:StartExecution"):
        try:
            client("stepfunctions").start_execution(stateMachineArn=state_machine_arn, name=name, input=asked)
        except ClientError as error:
            if error_code(error) == "ExecutionAlreadyExists":
                return False
            raise
    return True


def _count_not_handled(number: int, settings: Settings) -> None:
    """Let the alarm know what only the log says, as the function itself ends well."""
    if number:
        emit(MetricSet(settings.dimensions, (Metric("LateDataNotHandled", number),)), at=datetime.now(UTC))
