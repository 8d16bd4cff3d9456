"""Objects and what passes for directories in S3; knows nothing of HTTP or WebHDFS.

A directory is a prefix that some key begins with. One that is to exist while it is empty gets a marker, an empty object
whose key ends in a slash, which goes as soon as something is written below.
"""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_cloud.webhdfs.errors import NotFound, StorageFailed, from_s3

PART_BYTES: Final = 8 * 2**20
"""How much of an upload is held in memory; larger ones go in parts of this size, of which S3 takes 10,000."""

_CHUNK_BYTES: Final = 2**20
_KEYS_PER_DELETE: Final = 1000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
_CONNECTIONS: Final = 64
_COPIES_AT_ONCE: Final = 8


@dataclass(frozen=True, kw_only=True)
class Location:
    """A bucket and a key without slashes at its ends; the empty key is the bucket itself."""

    bucket: str
    key: str

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> "Location":
        return Location(bucket=self.bucket, key=self.key.rpartition("/")[0])

    @property
    def prefix(self) -> str:
        """What the keys of everything in this directory begin with."""
        return f"{self.key}/" if self.key else ""

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def child(self, name: str) -> "Location":
        return Location(bucket=self.bucket, key=self.prefix + name)

    def ancestors(self) -> Iterator["Location"]:
        """Name the directories above, the nearest first, without the bucket."""
        parent = self.parent
        while parent.key:
            yield parent
            parent = parent.parent


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file or directory; times are whole seconds in UTC, which is all that HEAD tells."""

    name: str
    is_directory: bool
    size_bytes: int = 0
    modified_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Download:
    """A range of an object, read while it is passed on; to be closed, read to its end or not."""

    size_bytes: int
    body: Any = None

    def chunks(self) -> Iterator[bytes]:
        return iter(()) if self.body is None else self.body.iter_chunks(_CHUNK_BYTES)

    def close(self) -> None:
        if self.body is not None:
            self.body.close()


class Upload(Protocol):
    """Content that arrives piece by piece; `read` returns fewer bytes only at its end and raises when it breaks off."""

    def read(self, size: int, /) -> bytes: ...


class ObjectStore:
    """The S3 side of the gateway."""

    def __init__(self, endpoint_url: str, *, region: str, access_key: str, secret_key: str) -> None:
        self._s3: Any = boto3.client(
            "s3",
            endpoint_url=endpoint_url,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                retries={"mode": "standard", "max_attempts": 5},
                max_pool_connections=_CONNECTIONS,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"},
            ),
        )
        self._markers = _Markers()

    def find(self, place: Location) -> Entry | None:
        """Return what is there, or None; an object goes before a directory of the same name."""
        return (self._file(place) if place.key else None) or self._directory(place)

    def children(self, place: Location) -> Iterator[Entry]:
        """List a directory, without the names that a Hadoop path cannot spell.

        Raises:
            NotFound: when there is neither a bucket, a marker nor a key below.
        """
        found = not place.key
        for page in self._pages(place, Delimiter="/"):
            folders, objects = page.get("CommonPrefixes", ()), page.get("Contents", ())
            found = found or bool(folders or objects)
            entries = [_folder(item, place) for item in folders] + [_object(item, place) for item in objects]
            yield from (entry for entry in entries if entry.name not in {"", ".", ".."})
        if not found:
            raise NotFound(f"{place.uri} does not exist")

    def files_below(self, place: Location) -> Iterator[Entry]:
        """List all objects below a directory, markers too; an entry's name is what its key has beyond the prefix."""
        for page in self._pages(place):
            yield from (_object(item, place) for item in page.get("Contents", ()))

    def download(self, place: Location, *, offset: int = 0, length: int | None = None) -> Download:
        """Open a range of an object; what lies beyond its end is left out."""
        if length == 0:
            return self._nothing(place)
        last = "" if length is None else offset + length - 1
        whole = offset == 0 and length is None
        try:
            with _translated(place):
                answer = self._s3.get_object(
                    Bucket=place.bucket, Key=place.key, **({} if whole else {"Range": f"bytes={offset}-{last}"})
                )
        except StorageFailed as error:
            if isinstance(error.__cause__, ClientError) and _code(error.__cause__) == "InvalidRange":
                return self._nothing(place)
            raise
        return Download(size_bytes=answer["ContentLength"], body=answer["Body"])

    def upload(self, place: Location, content: Upload, *, overwrite: bool) -> None:
        """Store an object when all of its content has arrived, and nothing when it breaks off.

        Raises:
            AlreadyExists: when there is an object that is not to be overwritten.
        """
        condition = {} if overwrite else {"IfNoneMatch": "*"}
        first = content.read(PART_BYTES)
        with _translated(place):
            if len(first) < PART_BYTES:
                self._s3.put_object(Bucket=place.bucket, Key=place.key, Body=first, **condition)
            else:
                self._upload_parts(place, first, content, condition)
        self._drop_markers_above([place])

    def make_directory(self, place: Location) -> None:
        """Put a marker for a directory that is empty."""
        self._markers.add(place.bucket, place.prefix)
        with _translated(place):
            self._s3.put_object(Bucket=place.bucket, Key=place.prefix, Body=b"")

    def copy(self, source: Location, target: Location) -> None:
        """Copy one object inside S3."""
        self._copy_key(source.bucket, source.key, target.bucket, target.key)
        self._drop_markers_above([target])

    def copy_directory(self, source: Location, target: Location) -> list[str]:
        """Copy all objects below a directory inside S3 and return the keys that were copied."""
        names = [entry.name for entry in self.files_below(source)]

        def copy(name: str) -> None:
            self._copy_key(source.bucket, source.prefix + name, target.bucket, target.prefix + name)

        with ThreadPoolExecutor(_COPIES_AT_ONCE) as pool:
            for _ in pool.map(copy, names):
                pass
        self._drop_markers_above(target.child(name) for name in names)
        return [source.prefix + name for name in names]

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Delete objects by the thousand; those that are not there count as deleted."""
        for batch in _batches(keys):
            self._markers.discard(bucket, batch)
            with _translated(Location(bucket=bucket, key=batch[0])):
                answer = self._s3.delete_objects(
                    Bucket=bucket, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
                )
            if errors := answer.get("Errors"):
                first = errors[0]
                raise StorageFailed(f"s3://{bucket}/{first['Key']}: {first['Code']}; {len(errors)} were not deleted")

    def _file(self, place: Location) -> Entry | None:
        try:
            with _translated(place):
                head = self._s3.head_object(Bucket=place.bucket, Key=place.key)
        except NotFound:
            return None
        modified_at = head["LastModified"].replace(microsecond=0)
        return Entry(name="", is_directory=False, size_bytes=head["ContentLength"], modified_at=modified_at)

    def _directory(self, place: Location) -> Entry | None:
        try:
            page = next(iter(self._pages(place, PaginationConfig={"MaxItems": 1, "PageSize": 1})))
        except NotFound:
            return None
        if place.key and not page.get("Contents"):
            return None
        return Entry(name="", is_directory=True)

    def _pages(self, place: Location, **options: Any) -> Iterator[dict[str, Any]]:
        paginator = self._s3.get_paginator("list_objects_v2")
        with _translated(place):
            yield from paginator.paginate(Bucket=place.bucket, Prefix=place.prefix, **options)

    def _nothing(self, place: Location) -> Download:
        if self._file(place) is None:
            raise NotFound(f"{place.uri} does not exist")
        return Download(size_bytes=0)

    def _upload_parts(self, place: Location, first: bytes, content: Upload, condition: dict[str, str]) -> None:
        target = {"Bucket": place.bucket, "Key": place.key}
        target["UploadId"] = self._s3.create_multipart_upload(**target)["UploadId"]
        try:
            parts = [
                {"PartNumber": number, "ETag": self._s3.upload_part(**target, PartNumber=number, Body=part)["ETag"]}
                for number, part in enumerate(_parts(first, content), start=1)
            ]
            self._s3.complete_multipart_upload(**target, MultipartUpload={"Parts": parts}, **condition)
        except BaseException:
            with suppress(ClientError, BotoCoreError):  # the first failure is the one to tell
                self._s3.abort_multipart_upload(**target)
            raise

    def _copy_key(self, bucket: str, key: str, target_bucket: str, target_key: str) -> None:
        if target_key.endswith("/"):
            self._markers.add(target_bucket, target_key)
        with _translated(Location(bucket=bucket, key=key)):
            self._s3.copy_object(Bucket=target_bucket, Key=target_key, CopySource={"Bucket": bucket, "Key": key})

    def _drop_markers_above(self, places: Iterable[Location]) -> None:
        for bucket, keys in self._markers.above(places).items():
            self.delete(bucket, keys)


class _Markers:
    """The markers put by this gateway; those that others put are theirs to delete."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: set[tuple[str, str]] = set()

    def add(self, bucket: str, key: str) -> None:
        with self._lock:
            self._keys.add((bucket, key))

    def discard(self, bucket: str, keys: Iterable[str]) -> None:
        with self._lock:
            self._keys.difference_update((bucket, key) for key in keys)

    def above(self, places: Iterable[Location]) -> dict[str, list[str]]:
        """Return the markers, by bucket, that files at these places make needless."""
        wanted = {(above.bucket, above.prefix) for place in places for above in place.ancestors()}
        with self._lock:
            found = sorted(wanted & self._keys)
        return {bucket: [key for owner, key in found if owner == bucket] for bucket, _ in found}


@contextmanager
def _translated(place: Location) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise from_s3(error, uri=place.uri) from error


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _folder(item: dict[str, Any], place: Location) -> Entry:
    return Entry(name=item["Prefix"].removeprefix(place.prefix).removesuffix("/"), is_directory=True)


def _object(item: dict[str, Any], place: Location) -> Entry:
    return Entry(
        name=item["Key"].removeprefix(place.prefix),
        is_directory=False,
        size_bytes=item["Size"],
        modified_at=item["LastModified"].replace(microsecond=0),
    )


def _parts(first: bytes, content: Upload) -> Iterator[bytes]:
    part = first
    while part:
        yield part
        part = content.read(PART_BYTES) if len(part) == PART_BYTES else b""


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(keys)
    while batch := list(islice(remaining, _KEYS_PER_DELETE)):
        yield batch
