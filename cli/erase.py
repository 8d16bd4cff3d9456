"""`pipeline erase`: takes a person out of everything of a dataset, date by date, and proves it by a search.

Knows the order of plan, consent, dates and receipt; what is found or changed in a date is in modules of its own.
"""

import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from cli import commands, deployed
from cli.acceptance import caller_of
from cli.dataset import require_catalog
from cli.erase_date import DateErasure, DateNotErased, Runner
from cli.erase_plan import Look, Place
from cli.erase_receipt import other_datasets, receipt, search
from cli.erase_views import plan_document, plan_views, receipt_lines
from cli.errors import CommandFailed, Interrupted, WrongUse
from cli.in_threads import each
from cli.options import Call
from cli.output import shown_progress
from cli.views import whole
from cli.words import count
from core.errors import AccessDenied, PipelineError
from core.layout import new_run_id
from core.runs import ENDED_WELL
from core.times import iso
from core.wording import plural
from erasure.record import DateRecord, ErasureRecord, Erasures
from erasure.subject import Subject, SubjectNotUsable, subject_of
from erasure.texts import Judge

_CONSENT: Final = "erase"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be erased, and how far the command may go by itself."""

    column: str
    value: str | None
    value_file: str | None
    anywhere: bool
    publish_withdrawn: bool
    unpublish: bool
    dry_run: bool
    yes: bool


def erase(call: Call, asked: Asked, *, environment: Mapping[str, str]) -> int:
    """Plan, ask, erase, search; 0 when nothing of the person is left, or nothing was to be done yet."""
    subject = _subject(call, asked)
    if call.place is not None and call.place.data_uri.startswith("s3://"):
        require_catalog(call.place, why="queries would keep showing a version that is deleted")
    call.require_deployed_contract()
    erasures = Erasures(call.dataset.store, call.dataset.paths)
    before = erasures.find_open(column=subject.column.name, digest=subject.digest)
    anywhere = asked.anywhere or (before is not None and before.anywhere)
    place = Place(call.dataset, Judge(subject, anywhere=anywhere))
    looks = _looks(call, place, _dates_left(before, asked) or place.dates())
    record = before or _new_record(place)
    record.anywhere, record.publish_withdrawn = anywhere, record.publish_withdrawn or asked.publish_withdrawn
    record.note({day: look.record for day, look in looks.items()})
    if not _is_to_be_done(call, asked, place, record):
        return 0
    erasures.keep(record)
    erasure = _Erasure(call, place, record, erasures)
    with _to_be_continued():
        erasure.erase_dates(looks, unpublish=asked.unpublish, environment=environment)
        return erasure.prove()


def _subject(call: Call, asked: Asked) -> Subject:
    if (asked.value is None) == (asked.value_file is None):
        raise WrongUse("erase needs the value once: --value VALUE, or --value-file FILE (- for stdin)")
    value = _read(str(asked.value_file)) if asked.value is None else asked.value
    try:
        return subject_of(call.dataset.contract, asked.column, value)
    except SubjectNotUsable as problem:
        raise WrongUse(f"{call.dataset.contract.name}: {problem}") from None


def _read(file: str) -> str:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"--value-file {file!r} cannot be read: {error}") from None
    return text.removesuffix("\n").removesuffix("\r")


def _dates_left(record: ErasureRecord | None, asked: Asked) -> list[date]:
    """Return the dates that an earlier command left; none where all have to be looked into."""
    is_wider = record is not None and asked.anywhere and not record.anywhere
    return [] if record is None or is_wider else record.left()


def _looks(call: Call, place: Place, days: list[date]) -> dict[date, Look]:
    with shown_progress(call.output.progress, "looking") as show_step:
        looks = {}
        for day, look in each(partial(_look, place), days):
            show_step(str(day))
            looks[day] = look
    return looks


def _look(place: Place, day: date) -> Look:
    """Look into a date; what keeps one from being looked into is a problem of that date, but denied access is of all.

    Raises:
        AccessDenied: to whatever lies there.
    """
    try:
        return place.look(day)
    except AccessDenied:
        raise
    except PipelineError as problem:
        return Look(DateRecord(problem=place.shown(str(problem))))


def _new_record(place: Place) -> ErasureRecord:
    now, salt = datetime.now(UTC), secrets.token_hex(16)
    return ErasureRecord(
        id=new_run_id(now),
        dataset=place.dataset.contract.name,
        column=place.subject.column.name,
        salt=salt,
        value_sha256=place.subject.digest(salt),
        started_at=iso(now),
        started_by=caller_of(place.dataset),
    )


def _is_to_be_done(call: Call, asked: Asked, place: Place, record: ErasureRecord) -> bool:
    """Show the plan and ask whether to carry it out."""
    agreed = bool(record.dates) and asked.yes and not asked.dry_run
    others = other_datasets(place)
    if not (call.output.as_json and agreed):
        call.output.show(plan_document(record, others), *plan_views(record, others, call.dataset.place.data_uri))
    if agreed or not record.dates or asked.dry_run or call.output.as_json:
        return agreed
    if not sys.stdin.isatty():
        call.output.show(None, whole("nothing was changed; to carry this out, give the same command with --yes"))
        return False
    return _consents(call)


def _consents(call: Call) -> bool:
    given = call.output.console.input(f"This cannot be undone. Type {_CONSENT} to carry it out: ")
    if given.strip() == _CONSENT:
        return True
    call.output.show(None, "nothing was changed")
    return False


@contextmanager
def _to_be_continued() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        raise Interrupted("interrupted; give the same command again: it goes on where this one stopped") from None


@dataclass(frozen=True)
class _Erasure:
    """An erasure that people have agreed to."""

    call: Call
    place: Place
    record: ErasureRecord
    erasures: Erasures

    def erase_dates(self, looks: Mapping[date, Look], *, unpublish: bool, environment: Mapping[str, str]) -> None:
        """Erase each date that is left; one that cannot be finished keeps no other from it.

        Raises:
            CommandFailed: naming those that could not be.
        """
        erasing = DateErasure(
            self.place,
            run=self._on_this_machine(environment) if self.call.place else self._deployed,
            keep=lambda: self.erasures.keep(self.record),
            say=lambda step: self.call.output.progress.print(step, soft_wrap=True),
            publish_withdrawn=self.record.publish_withdrawn,
            unpublish=unpublish,
        )
        for day in self.record.left():
            found = self.record.dates[str(day)]
            try:
                erasing.erase(day, looks[day], found)
            except (DateNotErased, PipelineError) as problem:
                found.problem = self.place.shown(str(problem))
            self.erasures.keep(self.record)
        self._require_all_done()

    def prove(self) -> int:
        """Search everything, keep the receipt and show it."""
        with shown_progress(self.call.output.progress, "searching") as show_step:
            searched = search(self.place, say=show_step)
        settings = None if self.call.place else self.call.deployment.names.settings
        document = receipt(self.place, self.record, searched, settings=settings)
        where = self.erasures.keep_receipt(self.record, document)
        self.record.status = "done" if searched.is_absent else "open"
        self.erasures.keep(self.record)
        self.call.output.show(document | {"receipt": where}, *map(whole, receipt_lines(document, where)))
        if searched.is_absent:
            return 0
        raise CommandFailed(
            "something of the person is left, as the receipt says; remove or correct these objects, then give the same "
            "command again"
        )

    def _require_all_done(self) -> None:
        dates = self.record.dates
        problems = {day: found.problem for day, found in sorted(dates.items()) if not found.is_done}
        if not problems:
            return
        if self.call.output.as_json:
            self.call.output.show({"id": self.record.id, "absent": False, "not_erased": problems})
        said = "; ".join(f"{day}: {problem}" for day, problem in problems.items())
        many = f"{count(len(problems))} of {plural(len(dates), 'date')} not erased, so there is no receipt"
        raise CommandFailed(self.call.output.told(f"{many}: {said}; then give the same command again"))

    def _on_this_machine(self, environment: Mapping[str, str]) -> Runner:
        def run(day: date, *, force: bool) -> str | None:
            place: Any = self.call.place
            outcome = commands.curate(place, day, force=force, environment=environment, output=self.call.output)
            return None if outcome["status"] in ENDED_WELL else str(outcome["message"])

        return run

    def _deployed(self, day: date, *, force: bool) -> str | None:
        execution = deployed.run_to_end(self.call.deployment, day, force=force, output=self.call.output)
        return None if execution.has_succeeded else f"{execution.reason}; execution {execution.name}"
