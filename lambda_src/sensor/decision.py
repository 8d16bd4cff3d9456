"""What a day's raw data means for its run: ready, already published or refused, still to be waited for, or missing."""

from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any, Final

from core.publication import Publication, RunInput
from core.raw_day import RawDay
from core.times import iso_seconds
from shared.inputs import Input
from shared.messages import Message, Notice, clean
from shared.requests import requested_day, without_envelope

_KEYS: Final = ("ingestion_date", "scheduled_time", "force", "wait_until", "unless_refused", "only_state")


@dataclass(frozen=True)
class SensorRequest:
    """Which day to look at, until when missing data is no reason to give up, and which raw data is left alone.

    ``only_state`` tells the raw data that the run was started for, `RawDay.state`; None when any will do.
    """

    day: date
    force: bool
    wait_until: datetime | None
    unless_refused: bool
    only_state: str | None = None


@dataclass(frozen=True)
class Finding:
    """What the sensor answers; ``fingerprint`` and ``latest_arrival`` are None without raw data.

    ``held_back_by`` is the job run that is waited for, or the run that refused this raw data, which ``is_rolled_back``
    when people withdrew the version made of it. ``fault`` is what readers do not find of a published version.
    """

    ingestion_date: str
    status: str
    objects: int
    bytes: int
    fingerprint: str | None
    latest_arrival: str | None
    published_run_id: str | None
    force: bool
    held_back_by: str | None = None
    is_rolled_back: bool = False
    fault: str | None = None

    def waiting_for(self, job_run_id: str) -> "Finding":
        """Let the run wait for another one of its day, as only one of them could publish."""
        return replace(self, status="waiting", held_back_by=job_run_id)

    def to_be_healed(self, fault: str) -> "Finding":
        """Let the job run although its input is published, as readers do not find what was published."""
        return replace(self, status="ready", fault=fault)

    def refused_by(self, run_id: str) -> "Finding":
        """Let the run be, as its raw data would be refused again."""
        return replace(self, status="refused", held_back_by=run_id)


def parse_request(event: object, zone: tzinfo) -> SensorRequest:
    """Read the event: a date, or the time of a schedule, which means the day before it in the given zone."""
    given = Input(without_envelope(event), allowed=_KEYS)
    day = requested_day(given, zone)
    wait_until = given.moment("wait_until") if given.has("wait_until") else None
    return SensorRequest(
        day,
        force=given.flag("force", default=False),
        wait_until=wait_until,
        unless_refused=given.flag("unless_refused", default=False),
        only_state=given.text("only_state") if given.has("only_state") else None,
    )


def find(
    request: SensorRequest, raw: RawDay, record: Publication | None, *, contract_checksum: str, now: datetime
) -> Finding:
    """Decide what to do; the status ``missing`` never leaves the sensor."""
    return Finding(
        ingestion_date=str(request.day),
        status=_status(request, raw, record, contract_checksum=contract_checksum, now=now),
        objects=len(raw.objects),
        bytes=raw.size_bytes,
        fingerprint=raw.fingerprint if raw.objects else None,
        latest_arrival=None if raw.latest_arrival is None else iso_seconds(raw.latest_arrival),
        published_run_id=None if record is None else record.current.run_id,
        force=request.force,
        is_rolled_back=record is not None and record.blocks(RunInput(raw.fingerprint, contract_checksum)),
    )


def missing_message(
    dataset: str, day: date, raw: RawDay, *, location: str, record: Publication | None, options: str
) -> Message:
    """Tell people that a day has no raw data."""
    kept = f"run {record.current.run_id} stays published" if record else "nothing was run and nothing was published"
    others = f"; not read: {clean(raw.others_named())}" if raw.others_named() else ""
    return Notice(
        dataset=dataset,
        headline=f"no raw data for {day}",
        what=f"the raw data of {dataset} for {day} is missing; {kept}",
        why=f"no object that counts as input lies under {location}{others}",
        next_step=f"deliver the files, then: pipeline run {day}",
        options=options,
    ).message()


def summary(finding: Finding) -> dict[str, Any]:
    """Return the finding as the state machine gets it."""
    return dict(vars(finding))


def _status(
    request: SensorRequest, raw: RawDay, record: Publication | None, *, contract_checksum: str, now: datetime
) -> str:
    if not raw.objects:
        is_waiting = request.wait_until is not None and now < request.wait_until
        return "waiting" if is_waiting else "missing"
    run_input = RunInput(raw.fingerprint, contract_checksum)
    # What is left unread is told by the job, whose run then fails.
    if request.only_state not in {None, raw.state}:
        return "changed_since"
    is_up_to_date = record is not None and record.is_up_to_date(run_input) and not raw.leaves_too_much_unread
    return "unchanged" if is_up_to_date and not request.force else "ready"
