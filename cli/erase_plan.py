"""What an erasure would change, date by date: every raw object, version, quarantine file and document is looked into.

Reads only. It must not know how anything is changed.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import IO, Any, Final

from cli.dataset import Dataset
from core.acceptances import read_acceptance
from core.documents import json_object
from core.layout import UNFINISHED_FOLDER, date_in, run_id_in
from core.leases import at_work
from core.publication import Publication, Version
from core.raw_day import RawDay, fingerprint
from core.raw_objects import JSON_SUFFIXES, compression_of
from core.replays import line_digest, read_replays
from erasure.documents import example_digest, shown, without_value
from erasure.objects import NotReadable, RawText
from erasure.parquet import Quarantine, count_rows
from erasure.record import DateRecord
from erasure.subject import Subject
from erasure.texts import Judge

_IN_MEMORY_BYTES: Final = 16 << 20


@dataclass
class Look:
    """What a look at a date found, and what changing it needs to know of raw data that will be gone by then.

    ``examples`` name the person's lines as metrics quote them, ``lines`` as notes on replays name them; lines of
    ``packed_otherwise`` objects tell nothing; ``inputs`` are the raw objects with lines of the person that a run reads.
    """

    record: DateRecord = field(default_factory=DateRecord)
    examples: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)
    packed_otherwise: set[str] = field(default_factory=set)
    inputs: set[str] = field(default_factory=set)

    def hear(self, line: bytes) -> None:
        """Keep how a line of the person is named elsewhere."""
        self.examples.add(example_digest(line))
        self.lines.add(line_digest(line))


@dataclass(frozen=True)
class Place:
    """The dataset of an erasure, and who is erased."""

    dataset: Dataset
    judge: Judge

    @property
    def subject(self) -> Subject:
        return self.judge.subject

    def dates(self) -> list[date]:
        """List all dates of which anything lies here, oldest first."""
        paths, store = self.dataset.paths, self.dataset.store
        prefixes = (paths.raw, paths.versions, paths.quarantine, paths.metrics)
        found = {date_in(folder.rstrip("/")) for prefix in prefixes for folder in store.folders(prefix)}
        records = {
            date_in(item.key) for prefix in (paths.publications, paths.acceptances) for item in store.objects(prefix)
        }
        return sorted(day for day in found | records if day is not None)

    def look(self, day: date) -> Look:
        """Look for the person in everything of a date."""
        look = Look()
        look.record.left_behind = sorted({str(run_id_in(key)) for key in self.unfinished_keys(day)})
        self._look_into_raw(day, look)
        self._look_into_versions(day, look)
        self._look_into_quarantine(day, look)
        look.record.documents += map(self.shown, self._documents(day, look))
        self._decide(day, look)
        return look

    def raw_keys(self, day: date) -> list[str]:
        """List the raw objects of a date that hold JSON texts, by their names, whether a run reads them or not."""
        listed = self.dataset.store.objects(self.dataset.paths.raw_prefix(day))
        keys = (item.key for item in listed if item.size_bytes)
        return [key for key in keys if self._is_input(day, key) or _without_compression(key).endswith(JSON_SUFFIXES)]

    def quarantine_keys(self, day: date) -> list[str]:
        listed = self.dataset.store.objects(self.dataset.paths.quarantines_prefix(day))
        return [item.key for item in listed if _is_finished_parquet(item.key)]

    def metrics_keys(self, day: date) -> list[str]:
        listed = self.dataset.store.objects(self.dataset.paths.metrics_prefix(day))
        return [item.key for item in listed if item.key.endswith(".json")]

    @contextmanager
    def copied(self, key: str) -> Iterator[tuple[IO[bytes], str | None]]:
        """Copy an object into a file that nobody else sees, with the version it was read at, None without one."""
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
            version = self.dataset.store.download(key, file)
            file.seek(0)
            yield file, version

    def shown(self, text: str) -> str:
        """Return a name or message without the value."""
        return shown(text, self.subject.words)

    def _look_into_raw(self, day: date, look: Look) -> None:
        for key in self.raw_keys(day):
            text = RawText(self.judge, on_erased=look.hear)
            with self.copied(key) as (content, _):
                try:
                    found = text.look(content)
                except NotReadable as problem:
                    self._note_unreadable(key, problem, look.record)
                    continue
            look.record.left_words += found.left_words
            look.record.left_parts += found.left_parts
            if found.erased:
                look.record.raw[self.shown(key)] = look.record.raw.get(self.shown(key), 0) + found.erased
                look.packed_otherwise |= {key} if found.is_packed_otherwise(key) else set()
                look.inputs |= {key} if self._is_input(day, key) else set()

    def _look_into_versions(self, day: date, look: Look) -> None:
        if not self.subject.column.is_stored:
            return
        for item in self.dataset.store.objects(self.dataset.paths.versions_prefix(day)):
            run_id = run_id_in(item.key)
            if run_id is None or not _is_finished_parquet(item.key):
                continue
            with self.copied(item.key) as (content, version):
                try:
                    rows = 0 if version is None else count_rows(content, self.subject)
                except NotReadable as problem:
                    self._note_damaged(day, item.key, problem, look.record)
                    continue
            if rows:
                look.record.versions[run_id] = look.record.versions.get(run_id, 0) + rows

    def _look_into_quarantine(self, day: date, look: Look) -> None:
        quarantine = Quarantine(self.judge, look.packed_otherwise, on_erased=look.hear)
        for key in self.quarantine_keys(day):
            with self.copied(key) as (content, version):
                try:
                    rows = 0 if version is None else quarantine.look(content).erased
                except NotReadable as problem:
                    self._note_unreadable(key, problem, look.record)
                    continue
            if rows:
                look.record.quarantine[self.shown(key)] = rows

    def _note_damaged(self, day: date, key: str, why: NotReadable, record: DateRecord) -> None:
        """Note a file of a version that is damaged: it goes with the version, unless readers get that."""
        run_id, published = str(run_id_in(key)), self.dataset.publications.records.read(day).record
        recorded = set() if published is None else {version.run_id for version in published.versions}
        if published is not None and run_id == published.current.run_id:
            again = f"write the date again: pipeline run {day} --force"
            record.problem = record.problem or f"{self.shown(key)} {why}, and readers get it; {again}"
        elif run_id in recorded:
            record.versions.setdefault(run_id, 0)
        elif run_id not in self._at_work(day):
            record.left_behind = sorted({*record.left_behind, run_id})

    def unfinished_keys(self, day: date) -> list[str]:
        """List the unfinished files of a date whose runs are not at work any more."""
        prefixes = (self.dataset.paths.versions_prefix(day), self.dataset.paths.quarantines_prefix(day))
        listed = (item.key for prefix in prefixes for item in self.dataset.store.objects(prefix))
        keys = [key for key in listed if UNFINISHED_FOLDER in key.split("/") and run_id_in(key) is not None]
        busy = self._at_work(day) if keys else {}
        return [key for key in keys if run_id_in(key) not in busy]

    def _at_work(self, day: date) -> Mapping[str, str]:
        return at_work(self.dataset.store, self.dataset.paths, day, now=datetime.now(UTC))

    def _note_unreadable(self, key: str, why: NotReadable, record: DateRecord) -> None:
        record.problem = record.problem or self.unreadable(key, why)

    def unreadable(self, key: str, why: NotReadable) -> str:
        """Say what to do with an object that is damaged."""
        return f"{self.shown(key)} {why}, so nobody can tell what it holds; replace or delete it"

    def _documents(self, day: date, look: Look) -> Iterator[str]:
        for key in self.metrics_keys(day):
            found = self.cleaned_metrics(key, look.examples)
            if found is not None:
                yield key
        acceptance = read_acceptance(self.dataset.store, self.dataset.paths, day)
        if acceptance is not None and self.shown(acceptance.reason) != acceptance.reason:
            yield self.dataset.paths.acceptance_key(day)
        record = self.dataset.publications.records.read(day).record
        if record is not None and self.cleaned_record(record) != record:
            yield self.dataset.paths.publication_key(day)
        replays = read_replays(self.dataset.store, self.dataset.paths, day).replays
        if any(look.lines.intersection(replay.replaced) for replay in replays):
            yield self.dataset.paths.replays_key(day)

    def cleaned_metrics(self, key: str, examples: set[str]) -> dict[str, Any] | None:
        """Return the metrics of a run without the value, None where they do not hold it or cannot be read."""
        content = self.dataset.store.read(key)
        metrics = None if content is None else json_object(content.data)
        if metrics is None:  # left to the search, which looks into whatever lies there
            return None
        cleaned = without_value(metrics, self.subject.words, examples=examples)
        return None if cleaned == metrics else cleaned

    def cleaned_record(self, record: Publication) -> Publication:
        """Return a publication record in which no reason of an acceptance holds the value."""
        return _with_reasons(record, self.shown)

    def _decide(self, day: date, look: Look) -> None:
        """Say which versions have to go, and whether the raw data of a new one was withdrawn from readers."""
        published, record = self.dataset.publications.records.read(day).record, look.record
        raw = self.dataset.raw_day(day)
        record.fingerprint = raw.fingerprint
        record.untouched = self.untouched(raw, record)
        if published is None:
            return
        # Where the column is not stored, whose rows a version has is seen by the raw data that it was made of alone.
        is_stored = self.subject.column.is_stored
        unknown = {
            version.run_id
            for version in published.versions
            if not is_stored and version.input.fingerprint != raw.fingerprint
        }
        has_rows = unknown | record.versions.keys()
        record.needs_run = bool(look.inputs) or published.current.run_id in has_rows
        record.drops_previous = record.needs_run or any(version.run_id in has_rows for version in published.previous)
        is_blocked = published.blocks(self.dataset.input_of(raw)) or published.withdraws(raw.fingerprint)
        record.is_rolled_back = record.needs_run and is_blocked

    def untouched(self, raw: RawDay, record: DateRecord) -> str:
        """Digest the raw objects of a day in which nothing is to be erased."""
        return fingerprint(item for item in raw.objects if self.shown(item.key) not in record.raw)

    def _is_input(self, day: date, key: str) -> bool:
        prefix = self.dataset.paths.raw_prefix(day)
        return self.dataset.contract.raw_objects.classify(key, 1, day_prefix=prefix).kind == "input"


def _is_finished_parquet(key: str) -> bool:
    """Tell whether a file is one that a run has finished; Spark writes into a folder that it empties at the end."""
    return key.endswith(".parquet") and UNFINISHED_FOLDER not in key.split("/")


def _with_reasons(record: Publication, change: Callable[[str], str]) -> Publication:
    def changed(version: Version) -> Version:
        accepted = version.accepted
        if accepted is None:
            return version
        return replace(version, accepted={**accepted, "reason": change(str(accepted["reason"]))})

    return replace(record, current=changed(record.current), previous=tuple(map(changed, record.previous)))


def _without_compression(key: str) -> str:
    return key.lower().removesuffix(compression_of(key))
