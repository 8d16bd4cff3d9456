"""The store below a data root: what the pipeline needs of one, and how a URI becomes one.

Two stores keep this promise, a directory and an S3 bucket; callers know keys only, never which store it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from curation.errors import CurationError
from data_contract.fingerprint import RawObject


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
    """Objects by key below one root. Reads see the last finished write; a write is seen whole or not at all."""

    def uri(self, key: str) -> str:
        """Return the URI that Spark and people use for a key or prefix."""

    def objects(self, prefix: str) -> list[StoredObject]:
        """List all objects whose key starts with a prefix that ends in ``/``, in order of key."""

    def folders(self, prefix: str) -> list[str]:
        """List the prefixes one level below a prefix, each ending in ``/``."""

    def raw_object(self, listed: StoredObject) -> RawObject:
        """Return the listed object with an ETag that depends on its content only."""

    def read(self, key: str) -> Content | None:
        """Read an object, or None when there is none."""

    def write(self, key: str, data: bytes) -> None:
        """Create or replace an object."""

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        """Write only over the version ``expected`` (None: only when there is no object); return the new version.

        Raises:
            WriteConflict: when the object is at another version.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are gone already are no error."""

    def delete_prefix(self, prefix: str) -> None:
        """Delete everything below a prefix that ends in ``/``."""


def open_store(data_uri: str) -> Store:
    """Open the store that a data root names: ``file:///absolute/folder`` or ``s3://bucket[/prefix]``.

    Raises:
        CurationError: for any other URI.
    """
    scheme, separator, rest = data_uri.partition("://")
    if separator and scheme == "file" and rest.startswith("/"):
        from curation.local_store import LocalStore  # noqa: PLC0415  only the store in use is imported: boto3 is slow to load

        return LocalStore(rest)
    if separator and scheme == "s3" and rest.partition("/")[0]:
        from curation.s3_store import S3Store  # noqa: PLC0415  as above

        bucket, _, prefix = rest.partition("/")
        return S3Store(bucket, prefix)
    message = f"--data_uri {data_uri!r} names no data root; give file:///absolute/folder or s3://bucket/prefix"
    raise CurationError(message)
