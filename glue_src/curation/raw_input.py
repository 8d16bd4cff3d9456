"""The raw objects of a day, listed once: what they are, what they are not, and whether they stayed the same."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from curation.errors import CurationError, RawDataMissing
from curation.storage import Store, StoredObject
from data_contract.fingerprint import RawObject, fingerprint, ignored_because
from data_contract.paths import DatasetPaths

_HASHING_THREADS = 4


@dataclass(frozen=True)
class RawInput:
    """The objects that a run reads, and those below the same prefix that it does not, with the reason."""

    prefix: str
    objects: tuple[StoredObject, ...]
    ignored: tuple[tuple[str, str], ...]

    @property
    def size_bytes(self) -> int:
        """Size of all objects as stored."""
        return sum(item.size_bytes for item in self.objects)


def list_raw(store: Store, paths: DatasetPaths, day: date) -> RawInput:
    """List a day's raw objects.

    Raises:
        RawDataMissing: when there is none that counts as input; the message names those that do not.
        CurationError: naming a key that Spark takes for that of another object.
    """
    prefix = paths.raw_prefix(day)
    listed = store.objects(prefix)
    for item in listed:
        if {"", ".", ".."} & set(item.key.removesuffix("/").split("/")):
            raise CurationError(
                f"{day}: raw object {store.uri(item.key)} has an empty part, '.' or '..' in its key, so Spark would "
                f"read another object in its place; copy it to a plain key, delete it and run {day} again"
            )
    reasons = {item.key: ignored_because(item.key, item.size_bytes) for item in listed}
    objects = tuple(item for item in listed if reasons[item.key] is None)
    ignored = tuple((key, reason) for key, reason in reasons.items() if reason is not None)
    if not objects:
        instead = "; ignored: " + ", ".join(f"{key} ({reason})" for key, reason in ignored[:5]) if ignored else ""
        raise RawDataMissing(
            f"{day}: no raw data below {store.uri(prefix)}{instead}; deliver the day's objects, then run {day} again"
        )
    return RawInput(prefix, objects, ignored)


def fingerprint_of(store: Store, raw: RawInput) -> str:
    """Digest the content of a day's objects."""
    with ThreadPoolExecutor(_HASHING_THREADS) as threads:
        found: list[RawObject] = list(threads.map(store.raw_object, raw.objects))
    return fingerprint(found)


def require_unchanged(store: Store, raw: RawInput) -> None:
    """Check after reading that every listed object is still the same; new ones beside them are the next run's.

    Raises:
        CurationError: naming the first object that changed or vanished.
    """
    now = {item.key: item.version for item in store.objects(raw.prefix)}
    for item in raw.objects:
        if now.get(item.key) != item.version:
            what = "changed" if item.key in now else "vanished"
            raise CurationError(f"raw object {store.uri(item.key)} {what} while it was read; run the date again")
