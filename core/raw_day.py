"""The raw data of a day: what counts as an input object, what does not and why, and the fingerprint of what does.

The sensor, the late-data rerun and the job decide with the same functions; the store is whoever's they are given.
"""

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

from core.errors import PipelineError
from core.layout import DatasetPaths
from core.ports import Store, StoredObject
from core.raw_objects import Classified, Kind, RawObjects
from core.wording import first_named

_HASHING_THREADS = 4
_NAMES_SHOWN = 5


@dataclass(frozen=True)
class RawObject:
    """One raw object as it was listed.

    ``etag`` changes when the content does, ``size_bytes`` is as stored, ``version`` tells cheaply whether it changed.
    """

    key: str
    size_bytes: int
    etag: str
    version: str = field(default="", compare=False)
    modified_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class OtherObject:
    """An object below the raw prefix that is no input, and why."""

    key: str
    reason: str


@dataclass(frozen=True)
class RawDay:
    """The raw data of one day as it was listed once, in order of key.

    ``unread`` objects hold something that nobody reads, ``ignored`` ones are meant not to be read.
    """

    prefix: str
    objects: tuple[RawObject, ...]
    ignored: tuple[OtherObject, ...] = ()
    unread: tuple[OtherObject, ...] = ()
    max_unread: int = 0

    @property
    def size_bytes(self) -> int:
        """Size of all input objects as stored."""
        return sum(item.size_bytes for item in self.objects)

    @property
    def fingerprint(self) -> str:
        """What tells this input from another: the digest of its keys, sizes and ETags."""
        return fingerprint(self.objects)

    @property
    def latest_arrival(self) -> datetime | None:
        """When the youngest input object was written, or None without input."""
        return max((item.modified_at for item in self.objects if item.modified_at), default=None)

    @property
    def leaves_too_much_unread(self) -> bool:
        """Tell whether more objects hold something that nobody reads than the contract allows."""
        return len(self.unread) > self.max_unread

    @property
    def state(self) -> str:
        """What tells this input, together with what is left unread too much, from another."""
        unread = self.unread if self.leaves_too_much_unread else ()
        return fingerprint([*self.objects, *(RawObject(item.key, 0, item.reason) for item in unread)])

    def others_named(self) -> str:
        """Name what lies there and is no input, unread data first, for a message; empty when there is nothing."""
        return self._named((*self.unread, *self.ignored))

    def unread_named(self) -> str:
        """Name what lies there unread, for a message."""
        return self._named(self.unread)

    def _named(self, others: Sequence[OtherObject]) -> str:
        names = [f"{item.key.removeprefix(self.prefix) or '/'} ({item.reason})" for item in others]
        return first_named(names, _NAMES_SHOWN)


def list_raw_day(store: Store, paths: DatasetPaths, day: date, settings: RawObjects) -> RawDay:
    """List a day's raw objects, however many there are; a day without any is no error here.

    Raises:
        PipelineError: naming a key that Spark takes for that of another object.
    """
    prefix = paths.raw_prefix(day)
    listed = store.objects(prefix)
    for item in listed:
        _require_plain(item.key, store, day)
    found = [(item, settings.classify(item.key, item.size_bytes, day_prefix=prefix)) for item in listed]
    used = [item for item, classified in found if classified.kind == "input"]
    with ThreadPoolExecutor(_HASHING_THREADS) as threads:
        etags = list(threads.map(store.etag, used))
    return RawDay(
        prefix,
        objects=tuple(
            RawObject(item.key, item.size_bytes, etag, item.version, item.modified_at)
            for item, etag in zip(used, etags, strict=True)
        ),
        ignored=_others(found, "ignored"),
        unread=_others(found, "unread"),
        max_unread=settings.max_unread,
    )


def _others(found: Iterable[tuple[StoredObject, Classified]], kind: Kind) -> tuple[OtherObject, ...]:
    return tuple(OtherObject(item.key, classified.reason) for item, classified in found if classified.kind == kind)


def require_unchanged(store: Store, raw: RawDay) -> None:
    """Check after reading that every listed object is still the same; new ones beside them are the next run's.

    Raises:
        PipelineError: naming the first object that changed or vanished.
    """
    now = {item.key: item.version for item in store.objects(raw.prefix)}
    for item in raw.objects:
        if now.get(item.key) != item.version:
            what = "changed" if item.key in now else "vanished"
            raise PipelineError(f"raw object {store.uri(item.key)} {what} while it was read; run the date again")


def fingerprint(objects: Iterable[RawObject]) -> str:
    """Digest keys, sizes and ETags, whatever their order (32 hexadecimal digits)."""
    digest = hashlib.sha256()
    for item in sorted(objects, key=lambda item: (item.key, item.size_bytes, item.etag)):
        digest.update(f"{item.key}\0{item.size_bytes}\0{item.etag}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def _require_plain(key: str, store: Store, day: date) -> None:
    if {"", ".", ".."} & set(key.removesuffix("/").split("/")):
        raise PipelineError(
            f"{day}: raw object {store.uri(key)} has an empty part, '.' or '..' in its key, so Spark would "
            f"read another object in its place; copy it to a plain key, delete it and run {day} again"
        )
