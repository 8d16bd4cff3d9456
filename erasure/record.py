"""How far an erasure has come, as it is kept: per date what was found, what was done and what is left to do.

Holds a digest of the value and never the value; must not know how anything is found or done.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Final

from core.documents import content_of, refused
from core.errors import PipelineError
from core.layout import DatasetPaths, parse_ingestion_date
from core.ports import Store, WriteConflict

_SCHEMA_VERSION: Final = 1
_RECEIPT: Final = ".receipt.json"


@dataclass
class DateRecord:
    """One date: records by raw object, rows by run, lines by quarantine file, and the documents that quote the person.

    ``left_behind`` are runs that died before they had finished what they wrote, of which nobody can tell what it holds.
    ``left_words`` and ``left_parts`` are texts of others that stay, with the value as a word or inside of a longer one.
    ``needs_run`` is said of a date whose published version has to be replaced, ``drops_previous`` of one whose older
    versions go. ``fingerprint`` is that of the raw data before it was changed, ``untouched`` that of its objects in
    which nothing is to be erased; ``problem`` says why it is not done.
    """

    raw: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    quarantine: dict[str, int] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    left_words: int = 0
    left_parts: int = 0
    is_rolled_back: bool = False
    needs_run: bool = False
    drops_previous: bool = False
    fingerprint: str = ""
    untouched: str = ""
    run_id: str | None = None
    versions_deleted: list[str] = field(default_factory=list)
    is_done: bool = False
    problem: str | None = None

    def joined(self, now: "DateRecord") -> "DateRecord":
        """Return what was found at first and what is found now, after a part of it was done."""
        return replace(
            now,
            raw={**now.raw, **self.raw},
            versions={**now.versions, **self.versions},
            quarantine={**now.quarantine, **self.quarantine},
            documents=sorted({*now.documents, *self.documents}),
            needs_run=self.needs_run or now.needs_run,
            drops_previous=self.drops_previous or now.drops_previous,
            fingerprint=self.fingerprint or now.fingerprint,  # none where the first look at the date failed
            untouched=self.untouched or now.untouched,
            run_id=self.run_id,
            versions_deleted=self.versions_deleted,
        )

    @property
    def is_affected(self) -> bool:
        """Whether anything is to be erased, or may be for all that is known."""
        found = self.raw or self.versions or self.quarantine or self.documents or self.left_behind
        return bool(found or self.needs_run or self.drops_previous or self.problem)


@dataclass
class ErasureRecord:
    """An erasure: ``open`` until all of its dates are done and nothing of the person was found any more."""

    id: str
    dataset: str
    column: str
    salt: str
    value_sha256: str
    started_at: str
    started_by: str
    anywhere: bool = False
    publish_withdrawn: bool = False
    status: str = "open"
    dates: dict[str, DateRecord] = field(default_factory=dict)

    def is_open_for(self, column: str, digest: Callable[[str], str]) -> bool:
        """Tell whether it is of this column and value, and not finished; ``digest`` takes the salt of the value."""
        return self.status == "open" and self.column == column and self.value_sha256 == digest(self.salt)

    def note(self, found: Mapping[date, DateRecord]) -> None:
        """Note what was found of dates beside what was found there before."""
        for day, now in found.items():
            before = self.dates.get(str(day))
            is_left = before is not None and not before.is_done
            if is_left or now.is_affected:
                self.dates[str(day)] = now if before is None else before.joined(now)

    def left(self) -> list[date]:
        """Return the dates that are not done, oldest first."""
        return [parse_ingestion_date(day) for day, found in sorted(self.dates.items()) if not found.is_done]


class Erasures:
    """The stored erasures of one dataset."""

    def __init__(self, store: Store, paths: DatasetPaths) -> None:
        self._store = store
        self._paths = paths
        self._version: str | None = None

    def find_open(self, *, column: str, digest: Callable[[str], str]) -> ErasureRecord | None:
        """Return the erasure of a value that was not finished, or None.

        Raises:
            InvalidDocument: when a stored one cannot be read.
        """
        keys = (item.key for item in self._store.objects(self._paths.erasures))
        for key in (key for key in keys if not key.endswith(_RECEIPT)):
            content = self._store.read(key)
            found = None if content is None else _read(content.data, source=self._store.uri(key))
            if content is not None and found is not None and found.is_open_for(column, digest):
                self._version = content.version
                return found
        return None

    def keep(self, record: ErasureRecord) -> None:
        """Store how far an erasure has come.

        Raises:
            PipelineError: when another command carries it on at the same time.
        """
        document = {"schema_version": _SCHEMA_VERSION, **asdict(record)}
        key = f"{self._paths.erasures}{record.id}.json"
        try:
            self._version = self._store.replace(key, _json(document), expected=self._version)
        except WriteConflict as error:
            found = self._store.read(key)
            if found is None or found.data != _json(document):  # else it was ours, whose answer got lost
                raise PipelineError(
                    f"{self._store.uri(key)} was changed meanwhile: another command erases the same value; wait for "
                    "its end, then give this one again"
                ) from error
            self._version = found.version

    def keep_receipt(self, record: ErasureRecord, receipt: Mapping[str, Any]) -> str:
        """Store the receipt of an erasure and return where it lies."""
        key = f"{self._paths.erasures}{record.id}{_RECEIPT}"
        self._store.write(key, _json(receipt))
        return self._store.uri(key)


def _read(data: bytes, *, source: str) -> ErasureRecord:
    with refused(f"{source} is no record of an erasure", next_step="move it out of the way"):
        document = content_of(data, schema_version=_SCHEMA_VERSION)
        dates = {day: DateRecord(**found) for day, found in document.pop("dates").items()}
        return ErasureRecord(**document, dates=dates)


def _json(document: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(document, indent=2)}\n".encode()
