"""`pipeline erase`: takes a person out of everything of a dataset, date by date, and proves it by a search.

Knows the order of plan, consent, dates and receipt; what is found or changed in a date is in its own modules.
"""

import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import RenderableType

from cli import commands, deployed
from cli.acceptance import caller_of
from cli.dataset import require_catalog
from cli.erase_date import DateErasure, DateNotErased, Runner
from cli.erase_plan import Look, Place
from cli.erase_receipt import lines, other_datasets, receipt, search
from cli.erase_views import plan_lines, plan_table
from cli.errors import CommandFailed, Interrupted, WrongUse
from cli.options import Call
from cli.output import shown_progress
from cli.views import whole
from cli.words import count, plural
from core.errors import PipelineError
from core.times import iso
from erasure.record import ErasureRecord, Erasures
from erasure.subject import Subject, SubjectNotUsable, subject_of
from erasure.texts import Judge

_CONSENT: Final = "erase"


@dataclass(frozen=True)
class Asked:
    """What is to be erased, and how far the command may go by itself."""

    column: str
    value: str | None
    value_file: str | None
    anywhere: bool
    publish_withdrawn: bool
    dry_run: bool
    yes: bool


def erase(call: Call, asked: Asked, *, environment: Mapping[str, str]) -> int:
    """Plan, ask, erase, search; 0 when nothing of the person is left, or nothing was to be done yet."""
    subject = _subject(call, asked)
    if call.place is not None and call.place.data_uri.startswith("s3://"):
        require_catalog(call.place, why="queries would keep showing a version that is deleted")
    erasures = Erasures(call.dataset.store, call.dataset.paths)
    record = erasures.find_open(column=subject.column.name, digest=subject.digest)
    anywhere = asked.anywhere or (record is not None and record.anywhere)
    place = Place(call.dataset, Judge(subject, anywhere=anywhere))
    looks = _planned(call, place, _dates_left(record, asked) or place.dates())
    record = record or _new_record(place)
    record.anywhere, record.publish_withdrawn = anywhere, record.publish_withdrawn or asked.publish_withdrawn
    _note(record, looks)
    if not _is_to_be_done(call, asked, place, record):
        return 0
    erasures.keep(record)
    with _to_be_continued():
        _erase_dates(call, place, record, erasures, looks, environment)
        return _prove(call, place, record, erasures)


def _subject(call: Call, asked: Asked) -> Subject:
    if (asked.value is None) == (asked.value_file is None):
        raise WrongUse("erase needs the value once: --value VALUE, or --value-file FILE (- for stdin)")
    try:
        return subject_of(call.dataset.contract, asked.column, asked.value or _read(str(asked.value_file)))
    except SubjectNotUsable as problem:
        raise WrongUse(f"{call.dataset.contract.name}: {problem}") from None


def _read(file: str) -> str:
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    return text.removesuffix("\n").removesuffix("\r")


def _dates_left(record: ErasureRecord | None, asked: Asked) -> list[date]:
    """Return the dates that an earlier command left; none where all have to be looked into."""
    is_wider = record is not None and asked.anywhere and not record.anywhere
    return [] if record is None or is_wider else record.left()


def _planned(call: Call, place: Place, days: Iterable[date]) -> dict[date, Look]:
    with shown_progress(call.output.progress, "looking") as show_step:
        looks = {}
        for day in days:
            show_step(str(day))
            looks[day] = place.look(day)
    return looks


def _new_record(place: Place) -> ErasureRecord:
    now = datetime.now(UTC)
    return ErasureRecord(
        id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        dataset=place.dataset.contract.name,
        column=place.subject.column.name,
        value_sha256=place.subject.digest,
        started_at=iso(now),
        started_by=caller_of(place.dataset),
    )


def _note(record: ErasureRecord, looks: Mapping[date, Look]) -> None:
    """Note what was found of the dates that were looked into, beside what was found there before."""
    for day, look in looks.items():
        before = record.dates.get(str(day))
        is_left = before is not None and not before.is_done
        if is_left or look.record.is_affected or look.unreadable:
            record.dates[str(day)] = look.record if before is None else before.joined(look.record)


def _is_to_be_done(call: Call, asked: Asked, place: Place, record: ErasureRecord) -> bool:
    """Show the plan and ask whether to carry it out."""
    output, left = call.output, record.left()
    is_new = not any(found.is_done for found in record.dates.values())
    nothing = is_new and not left
    agreed = not nothing and not asked.dry_run and asked.yes
    if output.as_json:
        if not agreed:
            output.show(_plan_document(place, record))
        return agreed
    output.show(None, *_plan_views(place, record, nothing=nothing))
    if nothing or asked.dry_run or agreed:
        return agreed
    if not sys.stdin.isatty():
        output.show(None, whole("nothing was changed; to carry this out, give the same command with --yes"))
        return False
    return _consents(call)


def _consents(call: Call) -> bool:
    given = call.output.console.input(f"This cannot be undone. Type {_CONSENT} to carry it out: ")
    if given.strip() == _CONSENT:
        return True
    call.output.show(None, "nothing was changed")
    return False


def _plan_document(place: Place, record: ErasureRecord) -> dict[str, Any]:
    facts = {"dataset": record.dataset, "column": record.column, "value_sha256": record.value_sha256}
    dates = {day: asdict(found) for day, found in sorted(record.dates.items())}
    return {**facts, "dates": dates, "other_datasets": other_datasets(place)}


def _plan_views(place: Place, record: ErasureRecord, *, nothing: bool) -> list[RenderableType]:
    where = f"{record.dataset}: the value given of {record.column}"
    if nothing:
        return [whole(f"{where} is nowhere below {place.dataset.place.data_uri}: nothing is to be erased")]
    return [whole(where), plan_table(record), *map(whole, plan_lines(record)), *_others(place)]


def _others(place: Place) -> list[RenderableType]:
    names = ", ".join(other_datasets(place))
    return [whole(f"the same raw data is read by: {names}; erase the person there too")] if names else []


@contextmanager
def _to_be_continued() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        raise Interrupted("interrupted; give the same command again: it goes on where this one stopped") from None


def _erase_dates(
    call: Call,
    place: Place,
    record: ErasureRecord,
    erasures: Erasures,
    looks: Mapping[date, Look],
    environment: Mapping[str, str],
) -> None:
    """Erase each date that is left; one that cannot be finished keeps no other from it.

    Raises:
        CommandFailed: naming those that could not be.
    """
    progress = call.output.progress
    erasing = DateErasure(
        place,
        run=_runner(call, environment),
        keep=lambda: erasures.keep(record),
        say=lambda step: progress.print(step, soft_wrap=True),
        publish_withdrawn=record.publish_withdrawn,
    )
    for day in record.left():
        found = record.dates[str(day)]
        try:
            erasing.erase(day, looks[day], found)
        except (DateNotErased, PipelineError) as problem:
            found.problem = place.shown(str(problem))
        erasures.keep(record)
    _require_all(call, record)


def _require_all(call: Call, record: ErasureRecord) -> None:
    problems = [(day, found.problem) for day, found in sorted(record.dates.items()) if not found.is_done]
    if not problems:
        return
    if call.output.as_json:
        call.output.show({"id": record.id, "absent": False, "not_erased": dict(problems)})
    said = "; ".join(f"{day}: {problem}" for day, problem in problems)
    many = f"{count(len(problems))} of {plural(len(record.dates), 'date')} not erased, so there is no receipt"
    raise CommandFailed(call.output.told(f"{many}: {said}; then give the same command again"))


def _runner(call: Call, environment: Mapping[str, str]) -> Runner:
    def on_this_machine(day: date) -> str | None:
        if call.place is None:
            raise TypeError("a deployment runs its own pipeline")
        outcome = commands.curate(call.place, day, force=False, environment=environment, output=call.output)
        return None if outcome["status"] in commands.GOOD_OUTCOMES else str(outcome["message"])

    def deployed_run(day: date) -> str | None:
        execution = deployed.run_to_end(call.deployment, day, output=call.output)
        return None if execution.status == "SUCCEEDED" else f"{execution.reason}; execution {execution.name}"

    return deployed_run if call.place is None else on_this_machine


def _prove(call: Call, place: Place, record: ErasureRecord, erasures: Erasures) -> int:
    """Search everything, keep the receipt and show it."""
    with shown_progress(call.output.progress, "searching") as show_step:
        searched = search(place, say=show_step)
    settings = None if call.place is not None else call.deployment.names.settings
    document = receipt(place, record, searched, settings=settings)
    record.status = "done" if searched.is_absent else "open"
    where = erasures.keep_receipt(record, document)
    erasures.keep(record)
    call.output.show(document | {"receipt": where}, *map(whole, _receipt_lines(record, document, where)))
    if not searched.is_absent:
        raise CommandFailed(
            "something of the person is left, as the receipt says; remove or correct these objects, then give the same "
            "command again"
        )
    return 0


def _receipt_lines(record: ErasureRecord, document: Mapping[str, Any], where: str) -> list[str]:
    records = sum(found["raw_records"] for found in document["dates"].values())
    erased = f"{plural(records, 'record')} of raw data erased on {plural(len(record.dates), 'date')}"
    absent = "nothing of the person is left in" if document["absent"] else "searched"
    searched = f"{absent} {plural(document['objects_searched'], 'object')}"
    return [f"{record.dataset}: {erased}; {searched}", *lines(document), f"receipt: {where}"]
