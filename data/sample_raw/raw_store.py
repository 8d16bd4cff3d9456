"""Own where the raw objects of a date lie, in a directory or a bucket, and how each appears at once.

It must not know what the objects contain.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol


class SampleDataError(Exception):
    """The request cannot be met; the message is one line for the person who made it."""


class RawStore(Protocol):
    """A place that holds raw objects by date and lets each appear only when it is complete."""

    def staging(self) -> AbstractContextManager[str]:
        """Open a directory for unfinished objects, outside every raw partition, removed at the end."""

    def names(self, day: date) -> list[str]:
        """List the names of the objects of one date, sorted."""

    def local_copy(self, day: date, name: str, staging: Path) -> Path:
        """Return a local file with the object's content, fetched into staging when it is remote."""

    def publish(self, staged: Path, day: date, name: str) -> str:
        """Let the finished object appear under its name and return where it is."""


def open_store(out: str) -> RawStore:
    """Return the store of a directory, a file:// URI or an s3:// URI; nothing is created yet."""
    scheme, separator, rest = out.partition("://")
    if not separator:
        return DirectoryStore(Path(out))
    if scheme == "file" and rest.startswith("/"):
        return DirectoryStore(Path(rest))
    bucket, _, prefix = rest.partition("/")
    if scheme == "s3" and bucket:
        return S3Store(bucket, prefix.strip("/"))
    raise SampleDataError(f"--out {out!r} is neither a directory nor a URI like file:///dir or s3://bucket/prefix")


def _partition(day: date) -> str:
    return f"raw/source_system=app/ingestion_date={day.isoformat()}"


@dataclass(frozen=True)
class DirectoryStore:
    """Raw objects below a local directory."""

    root: Path

    def staging(self) -> AbstractContextManager[str]:
        # Beside raw/ and not in the system's temporary directory: a rename is atomic only within one file system.
        self.root.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=".staging-", dir=self.root)

    def names(self, day: date) -> list[str]:
        directory = self.root / _partition(day)
        return sorted(entry.name for entry in directory.iterdir()) if directory.exists() else []

    def local_copy(self, day: date, name: str, staging: Path) -> Path:  # noqa: ARG002  it is local already
        return self.root / _partition(day) / name

    def publish(self, staged: Path, day: date, name: str) -> str:
        target = self.root / _partition(day) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)
        return str(target)


class S3Store:
    """Raw objects in a bucket, reached with the credentials and endpoint of the AWS environment."""

    def __init__(self, bucket: str, prefix: str) -> None:
        try:
            boto3 = importlib.import_module("boto3")
        except ModuleNotFoundError as missing:
            raise SampleDataError("s3:// output needs boto3; install it with: pip install boto3") from missing
        failures = importlib.import_module("botocore.exceptions")
        self._failures = (failures.BotoCoreError, failures.ClientError, boto3.exceptions.Boto3Error)
        self._bucket = bucket
        self._root = f"{prefix}/" if prefix else ""
        with self._speaking_plainly():
            self._client: Any = boto3.client("s3")

    def staging(self) -> AbstractContextManager[str]:
        return tempfile.TemporaryDirectory(prefix="sample-events-")

    def names(self, day: date) -> list[str]:
        prefix = self._key(day, "")
        with self._speaking_plainly():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return sorted(entry["Key"].removeprefix(prefix) for page in pages for entry in page.get("Contents", ()))

    def local_copy(self, day: date, name: str, staging: Path) -> Path:
        copy = staging / f"copy-of-{name}"
        with self._speaking_plainly():
            self._client.download_file(self._bucket, self._key(day, name), str(copy))
        return copy

    def publish(self, staged: Path, day: date, name: str) -> str:
        # upload_file sends large objects in parts and aborts the upload when one of them fails.
        key = self._key(day, name)
        with self._speaking_plainly():
            self._client.upload_file(str(staged), self._bucket, key)
        return f"s3://{self._bucket}/{key}"

    def _key(self, day: date, name: str) -> str:
        return f"{self._root}{_partition(day)}/{name}"

    @contextmanager
    def _speaking_plainly(self) -> Iterator[None]:
        try:
            yield
        except self._failures as failure:
            raise SampleDataError(f"s3://{self._bucket}/{self._root}: {failure}") from failure
