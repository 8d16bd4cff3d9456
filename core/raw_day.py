"""The raw data of a day: what counts as an input object, what does not and why, and the fingerprint of what does.

The sensor, the late-data rerun and the job decide with the same functions; the store is whoever's they are given.
"""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

from core.errors import PipelineError
from core.layout import DatasetPaths
from core.ports import Store

RAW_SUFFIXES = (".json", ".ndjson", ".jsonl", ".gz")
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
class IgnoredObject:
    """An object below the raw prefix that is no input, and why."""

    key: str
    reason: str


@dataclass(frozen=True)
class RawDay:
    """The raw data of one day as it was listed once, in order of key."""

    prefix: str
    objects: tuple[RawObject, ...]
    ignored: tuple[IgnoredObject, ...] = ()

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

    def ignored_names(self) -> str:
        """Name what lies there and is no input, for a message; empty when there is nothing."""
        names = [f"{item.key.removeprefix(self.prefix) or '/'} ({item.reason})" for item in self.ignored[:_NAMES_SHOWN]]
        more = len(self.ignored) - len(names)
        return ", ".join(names) + (f" and {more} more" if more else "")


def list_raw_day(store: Store, paths: DatasetPaths, day: date) -> RawDay:
    """List a day's raw objects, however many there are; a day without any is no error here.

    Raises:
        PipelineError: naming a key that Spark takes for that of another object.
    """
    prefix = paths.raw_prefix(day)
    listed = store.objects(prefix)
    for item in listed:
        _require_plain(item.key, store, day)
    reasons = {item.key: ignored_because(item.key, item.size_bytes) for item in listed}
    used = [item for item in listed if reasons[item.key] is None]
    with ThreadPoolExecutor(_HASHING_THREADS) as threads:
        etags = list(threads.map(store.etag, used))
    return RawDay(
        prefix,
        objects=tuple(
            RawObject(item.key, item.size_bytes, etag, item.version, item.modified_at)
            for item, etag in zip(used, etags, strict=True)
        ),
        ignored=tuple(IgnoredObject(key, reason) for key, reason in reasons.items() if reason is not None),
    )


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


def ignored_because(key: str, size_bytes: int) -> str | None:
    """Say why an object below a raw prefix is not input, or None when it is."""
    _, _, below = key.rpartition("/ingestion_date=")
    *folders, name = below.split("/")
    if key.endswith("/"):
        return "folder marker"
    if name.startswith((".", "_")):
        return "hidden name (starts with '.' or '_')"
    if any(folder.startswith((".", "_")) for folder in folders[1:]):
        return "in a hidden folder (its name starts with '.' or '_'), such as a writer's temporary one"
    if not name.endswith(RAW_SUFFIXES):
        return f"name does not end in {', '.join(RAW_SUFFIXES)}"
    if size_bytes == 0:
        return "zero bytes"
    return None


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
