"""One date of an erasure, step by step, so that the same command goes on wherever it was interrupted.

What quotes the person's lines is cleaned before these are gone, as only they tell what is theirs; then raw data, the
run that publishes a version without them, and the versions before it.
"""

import json
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import IO, Final, Protocol

from cli.erase_plan import Look, Place
from cli.errors import CommandFailed
from core.acceptances import read_acceptance, write_acceptance
from core.errors import Superseded
from core.leases import at_work, sweep
from core.ports import WriteConflict
from core.publication import Publication, RunInput
from core.refusals import refusing_run
from core.replays import read_replays, write_replays
from core.times import iso
from erasure.objects import NotReadable, RawText
from erasure.parquet import Quarantine
from erasure.record import DateRecord

_ATTEMPTS: Final = 5


class Runner(Protocol):
    """Runs a date through the gate and returns why it is not published afterwards, or None when it is.

    With ``force`` also over raw data that was withdrawn.
    """

    def __call__(self, day: date, *, force: bool) -> str | None: ...


class DateNotErased(CommandFailed):
    """A date that cannot be finished; the message says why and what to do. The other dates go on."""


@dataclass(frozen=True)
class DateErasure:
    """Erases one date after the other; ``keep`` stores how far they have come."""

    place: Place
    run: Runner
    keep: Callable[[], None]
    say: Callable[[str], None]
    publish_withdrawn: bool = False
    unpublish: bool = False

    def erase(self, day: date, look: Look, record: DateRecord) -> None:
        """Erase a date.

        Raises:
            DateNotErased: when the person's rows stay published, or a part of the date cannot be read.
        """
        self._require_possible(day, look)
        self.say(f"{day}: cleaning quarantine and metrics")
        self._clean(day, look)
        self.say(f"{day}: rewriting raw data")
        self._rewrite_raw(day, look)
        self._carry_acceptance(day, record)
        if record.needs_run:
            self._replace_version(day, record)
        if record.drops_previous:
            self._drop_previous(day, record)
        self._sweep(day)
        self._clean(day, Look())  # what the run has left
        record.is_done, record.problem = True, None

    def _require_possible(self, day: date, look: Look) -> None:
        if look.record.problem is not None:
            raise DateNotErased(look.record.problem)
        self._require_idle(day)
        if look.record.is_rolled_back and not self.publish_withdrawn:
            raise DateNotErased(
                "it was rolled back, and a run would publish the raw data that was withdrawn; correct the raw data, "
                "or let it be published with --publish-withdrawn"
            )

    def _require_idle(self, day: date) -> None:
        busy = at_work(self.place.dataset.store, self.place.dataset.paths, day, now=datetime.now(UTC))
        if busy:
            run_id, until = next(iter(busy.items()))
            raise DateNotErased(f"run {run_id} is at work on it, until {until} at the latest; wait for its end")

    def _clean(self, day: date, look: Look) -> None:
        self._forget_replaced(day, look.lines)
        for key in self.place.quarantine_keys(day):
            self._rewrite_quarantine(key, look)
        for key in self.place.metrics_keys(day):
            cleaned = self.place.cleaned_metrics(key, look.examples)
            if cleaned is not None:
                self.place.dataset.store.write(key, f"{json.dumps(cleaned)}\n".encode())
        self._clean_reasons(day)

    def _forget_replaced(self, day: date, lines: Collection[str]) -> None:
        """Let no corrected line stand for lines that go: the note on a replay names these by their digests."""
        store, paths = self.place.dataset.store, self.place.dataset.paths
        for _ in range(_ATTEMPTS):
            stored = read_replays(store, paths, day)
            others = [
                replace(item, replaced=tuple(digest for digest in item.replaced if digest not in lines))
                for item in stored.replays
            ]
            if others == list(stored.replays):
                return
            try:
                write_replays(store, paths, day, others, over=stored)
            except WriteConflict:
                continue
            return
        raise DateNotErased(f"its note on replays changed {_ATTEMPTS} times; wait for whoever replays lines of it")

    def _clean_reasons(self, day: date) -> None:
        dataset = self.place.dataset
        acceptance = read_acceptance(dataset.store, dataset.paths, day)
        if acceptance is not None and (shown := self.place.shown(acceptance.reason)) != acceptance.reason:
            write_acceptance(dataset.store, dataset.paths, day, replace(acceptance, reason=shown))
        self._change_record(day, self.place.cleaned_record)

    def _rewrite_quarantine(self, key: str, look: Look) -> None:
        quarantine = Quarantine(self.place.judge, look.packed_otherwise)

        def rewrite(content: IO[bytes], into: IO[bytes]) -> int:
            found, rows = quarantine.rewrite(content, into)
            if found.erased and rows == 0:
                self.place.dataset.store.delete([key])
                return 0
            return found.erased

        self._rewrite(key, rewrite)

    def _rewrite_raw(self, day: date, look: Look) -> None:
        text = RawText(self.place.judge)
        for key in self.place.raw_keys(day):
            if self.place.shown(key) in look.record.raw:
                self._rewrite(key, lambda content, into: text.rewrite(content, into).erased)

    def _rewrite(self, key: str, rewrite: Callable[[IO[bytes], IO[bytes]], int]) -> int:
        """Replace an object where something of it goes, at the version that was read; else read it again."""
        for _ in range(_ATTEMPTS):
            with self.place.copied(key) as (content, version), tempfile.TemporaryFile() as into:
                try:
                    erased = 0 if version is None else rewrite(content, into)
                except NotReadable as problem:  # somebody has replaced it since the look
                    raise DateNotErased(self.place.unreadable(key, problem)) from None
                except OSError as error:  # of this machine, as a store says what it could not do
                    raise DateNotErased(
                        f"no copy could be made below {tempfile.gettempdir()}: {error.strerror or error}; make room "
                        "there, or name another folder by TMPDIR"
                    ) from error
                if version is None or not erased:
                    return 0
                try:
                    self.place.dataset.store.upload(key, into, expected=version)
                except WriteConflict:
                    continue
                return erased
        raise DateNotErased(
            f"{self.place.shown(key)} changed {_ATTEMPTS} times while it was rewritten; wait for its writer"
        )

    def _carry_acceptance(self, day: date, record: DateRecord) -> None:
        """Let what people accepted of the raw data hold for what is left of it: the same checks, by the same person.

        Not where other raw data lies there by now: nobody has accepted that.
        """
        dataset, raw = self.place.dataset, self.place.dataset.raw_day(day)
        acceptance = read_acceptance(dataset.store, dataset.paths, day)
        fingerprint = raw.fingerprint
        if self.place.untouched(raw, record) != record.untouched:
            return
        if (
            acceptance is None
            or acceptance.input.fingerprint != record.fingerprint
            or fingerprint == record.fingerprint
        ):
            return
        carried = RunInput(fingerprint, acceptance.input.contract_checksum)
        again = replace(acceptance, input=carried, accepted_at=iso(datetime.now(UTC)))
        write_acceptance(dataset.store, dataset.paths, day, again)

    def _replace_version(self, day: date, record: DateRecord) -> None:
        """Have a version published that was made of the raw data as it is now; without any, none is left.

        Raises:
            DateNotErased: when the date cannot be published, and may not be taken from readers.
        """
        dataset, published = self.place.dataset, self._published(day)
        raw = dataset.raw_day(day)
        run_input = dataset.input_of(raw)
        if published is not None and published.current.input != run_input:
            withdrawn = self.publish_withdrawn and published.blocks(run_input)
            gone = "its raw data is gone; deliver it again, without these lines"
            problem = self._run(day, force=withdrawn) if raw.objects else gone
            published = self._published(day)
            # A run may fail although it has published, or because another one has, which had the same to read.
            if problem is not None and (published is None or published.current.input != run_input):
                self._unpublish(day, record, problem)
                published = self._published(day)
        if published is not None and published.current.input.fingerprint != dataset.raw_day(day).fingerprint:
            raise DateNotErased("its raw data changed, or it was rolled back, while it was run")
        record.run_id = None if published is None else published.current.run_id
        self.keep()

    def _run(self, day: date, *, force: bool) -> str | None:
        self.say(f"{day}: publishing a version without these lines")
        return self.run(day, force=force)

    def _unpublish(self, day: date, record: DateRecord, problem: str) -> None:
        """Take a date from readers, where people want that and the date cannot be published as it is now."""
        if not self._cannot_be_published(day):
            raise DateNotErased(f"its rows are still published, as the run broke: {problem}")
        if not self.unpublish:
            raise DateNotErased(
                f"its rows are still published, as no other version could be: {problem}; or take the date from "
                "readers with --unpublish"
            )
        self._require_idle(day)
        self.say(f"{day}: taken from readers")
        record.versions_deleted = sorted({*record.versions_deleted, *self._run_ids(day)})
        self.keep()
        try:
            self.place.dataset.publications.unpublish(day)
        except Superseded as error:
            raise DateNotErased(f"a run published while it was taken from readers: {error}; erase again") from None

    def _cannot_be_published(self, day: date) -> bool:
        """Tell whether there is no raw data, or the gate refused what is there: a run that broke may succeed later."""
        dataset = self.place.dataset
        raw, runs = dataset.raw_day(day), dataset.runs.readable(day)
        return not raw.objects or refusing_run(runs, raw, contract_checksum=dataset.contract.checksum) is not None

    def _run_ids(self, day: date) -> list[str]:
        published = self._published(day)
        return [] if published is None else [version.run_id for version in published.versions]

    def _published(self, day: date) -> Publication | None:
        return self.place.dataset.publications.records.read(day).record

    def _drop_previous(self, day: date, record: DateRecord) -> None:
        """Delete the versions before the published one: first no record names them, then their files go.

        Raises:
            DateNotErased: when a version with the person's rows is the published one again.
        """
        publications = self.place.dataset.publications

        def without_previous(found: Publication) -> Publication:
            run_id = found.current.run_id
            is_another = run_id != record.run_id if record.needs_run else run_id in record.versions
            if is_another:
                raise DateNotErased(f"it was rolled back, or run, meanwhile: run {run_id} is published")
            dropped = (version.run_id for version in found.previous)
            record.versions_deleted = sorted({*record.versions_deleted, *dropped})
            self.keep()
            return replace(found, previous=())

        self._change_record(day, without_previous)
        publications.catalog.show(day)  # which may still show one of them, also that of a rollback a moment ago
        # Those of an attempt before may have been published again since.
        for run_id in set(record.versions_deleted).difference(self._run_ids(day)):
            publications.discard(day, run_id)

    def _sweep(self, day: date) -> None:
        dataset = self.place.dataset
        sweep(dataset.store, dataset.paths, day, dataset.publications, now=datetime.now(UTC))
        dataset.store.delete(self.place.unfinished_keys(day))  # of runs whose versions are kept, or were swept before

    def _change_record(self, day: date, change: Callable[[Publication], Publication]) -> None:
        for _ in range(_ATTEMPTS):
            try:
                self.place.dataset.publications.rewrite(day, change)
            except Superseded:
                continue
            return
        raise DateNotErased(f"its publication record changed {_ATTEMPTS} times; wait for the runs that are at work")
