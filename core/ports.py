"""What the pipeline needs of the world: a store of objects by key, and a catalog of partitions.

Two stores keep the promise, a directory and an S3 bucket; callers know keys only, never which store it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Protocol


class WriteConflict(Exception):
    """A conditional write found another version than the one it was to replace."""


@dataclass(frozen=True)
class StoredObject:
    """An object as listed; ``version`` changes at the latest when the content does, and is cheap to get."""

    key: str
    size_bytes: int
    version: str
    modified_at: datetime


@dataclass(frozen=True)
class Content:
    """An object's bytes and the version they were read at."""

    data: bytes
    version: str


class Store(Protocol):
    """Objects by key below one root. Reads see the last finished write; a write is seen whole or not at all.

    Whatever goes wrong is a PipelineError; a TransientError of a write leaves open whether it was done.
    """

    @property
    def writes_late(self) -> bool:
        """Whether a write may be carried out when the process that asked for it is gone."""

    def uri(self, key: str) -> str:
        """Return the URI that Spark and people use for a key or prefix."""

    def objects(self, prefix: str) -> list[StoredObject]:
        """List all objects whose key starts with a prefix that ends in ``/``, in order of key."""

    def folders(self, prefix: str) -> list[str]:
        """List the prefixes one level below a prefix, each ending in ``/``."""

    def etag(self, listed: StoredObject) -> str:
        """Return an ETag that depends on the listed object's content only."""

    def read(self, key: str) -> Content | None:
        """Read an object, or None when there is none."""

    def write(self, key: str, data: bytes) -> None:
        """Create or replace an object."""

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        """Write only over the version ``expected`` (None: only when there is no object); return the new version.

        Raises:
            WriteConflict: when the object is at another version.
        """

    def download(self, key: str, into: IO[bytes]) -> str | None:
        """Copy an object into a file, however large it is; return the version it was read at, None without one."""

    def upload(self, key: str, content: IO[bytes], *, expected: str) -> None:
        """Write all that a file holds over the version ``expected``.

        Raises:
            WriteConflict: when the object is at another version.
        """

    def remove(self, key: str, *, expected: str) -> None:
        """Delete an object only at the version ``expected``.

        Raises:
            WriteConflict: when it is at another version, or gone.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are gone already are no error."""

    def delete_prefix(self, prefix: str) -> None:
        """Delete everything below a prefix that ends in ``/``."""


class Catalog(Protocol):
    """The partitions of one table, which shadow the publication records."""

    def location(self, ingestion_date: date) -> str | None:
        """Return the location that readers see, or None without a partition."""

    def locations(self) -> dict[date, str]:
        """Return the location that readers see of each day that has a partition."""

    def days_with_other_columns(self) -> list[date]:
        """List the days whose partition has other columns than the table, as it is from before a deployment."""

    def point(self, ingestion_date: date, location: str) -> None:
        """Let the day's partition show a location; create it when there is none."""

    def remove(self, ingestion_date: date) -> None:
        """Remove the day's partition; one that is gone already is no error."""
