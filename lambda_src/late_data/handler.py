"""Edge of late data: reads queue messages, the environment and the clock, and starts reruns.

Whether a day is to be run again is decided in `decision`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from adapters.aws import client, error_code, translated
from late_data.decision import (
    Arrival,
    RunEnded,
    RunHistory,
    Sla,
    batch_response,
    by_day,
    execution_input,
    execution_name,
    judge,
    read_message,
)
from shared.environment import DataPlace, Environment
from shared.inputs import Input, InvalidInput
from shared.logs import StepLog

# A batch may name a thousand days, when years of history are uploaded at once.
_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Settings:
    place: DataPlace
    sla: Sla
    state_machine_arn: str


def handler(event: object, context: object) -> dict[str, Any]:
    """Start the reruns that a batch of queue messages asks for; a message that could not be handled comes again."""
    log, settings = StepLog("late_data", context), _settings(Environment(os.environ))
    records = _records(event)
    unread: list[str] = []
    days = by_day(_messages(records, unread, log), settings.place)
    log.info("batch read", messages=len(records), days=[str(day) for day in days])
    client("s3"), client("stepfunctions")  # made before threads ask for them, as making one is not thread-safe
    with ThreadPoolExecutor(_AT_ONCE) as looks:
        handled = looks.map(lambda day: _handled(day, settings, log), days)
    failed = [
        message_id
        for ids, ended_well in zip(days.values(), handled, strict=True)
        if not ended_well
        for message_id in ids
    ]
    return batch_response([*unread, *failed])


def _settings(environment: Environment) -> Settings:
    sla = Sla(environment.time_zone(), environment.freshness_hours(), environment.schedule())
    return Settings(environment.place(with_raw_data=True), sla, environment.state_machine_arn())


def _records(event: object) -> list[Mapping[str, Any]]:
    records = Input(event, allowed=("Records",)).items("Records")
    if not all(isinstance(record, Mapping) for record in records):
        raise InvalidInput("the input: Records holds something that is no queue message")
    return records


def _messages(records: Iterable[Mapping[str, Any]], unread: list[str], log: StepLog) -> Iterator[Arrival | RunEnded]:
    for record in records:
        try:
            yield read_message(record)
        except InvalidInput as error:
            log.warning("message not understood", error=str(error))
            unread.append(str(record.get("messageId", "")))


def _handled(day: date, settings: Settings, log: StepLog) -> bool:
    """Look at one day; a failure leaves the other days of the batch alone."""
    try:
        _look_at(day, settings, log)
    except Exception as error:  # noqa: BLE001  logged, and its messages come again
        log.warning("day not handled", ingestion_date=str(day), error_type=type(error).__name__, error=str(error))
        return False
    return True


def _look_at(day: date, settings: Settings, log: StepLog) -> None:
    place = settings.place
    raw, record = place.raw_day(day), place.publications.read(day).record
    runs = RunHistory(record, None if record else place.runs.latest_id(day))
    decision = judge(day, raw, runs, now=datetime.now(UTC), sla=settings.sla)
    log.info(
        "day judged", ingestion_date=str(day), start=decision.start, reason=decision.reason, objects=len(raw.objects)
    )
    if decision.start:
        published = None if record is None else record.current.run_id
        name = execution_name(place.paths.dataset, day, raw.state, published_run_id=published)
        outcome = _start(settings.state_machine_arn, name, execution_input(day))
        log.info("rerun started" if outcome else "rerun exists already", ingestion_date=str(day), execution=name)


def _start(state_machine_arn: str, name: str, execution: str) -> bool:
    """Start an execution; tell whether there was none of that name."""
    with translated(f"start {name} of {state_machine_arn}", needs="states:StartExecution"):
        try:
            client("stepfunctions").start_execution(stateMachineArn=state_machine_arn, name=name, input=execution)
        except ClientError as error:
            if error_code(error) == "ExecutionAlreadyExists":
                return False
            raise
    return True
