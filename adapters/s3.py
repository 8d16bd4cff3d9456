"""A data root in an S3 bucket, below an optional prefix.

S3 is strongly consistent and its conditional writes are a compare-and-swap
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from adapters.aws import client, error_code, http_status, translated
from core.errors import ServiceError, ServiceUnavailable
from core.ports import Content, StoredObject, WriteConflict

_KEYS_PER_DELETE = 1000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
# Parts of a large object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
_PART_BYTES, _MOST_PARTS = 64 << 20, 10_000
_BLOCK_BYTES = 1 << 20
_KEPT_HEADERS = ("ContentType", "ContentEncoding", "Metadata")
# Another version or no object where one was expected; and a conditional write that was under way.
_OTHER_VERSION = (412, 404)
_CONFLICTS = (*_OTHER_VERSION, 409)


class S3Store:
    """Objects are S3 objects; ``key`` is relative to the prefix of the data root."""

    writes_late = True

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def objects(self, prefix: str) -> list[StoredObject]:
        return [
            StoredObject(
                key=item["Key"].removeprefix(self._prefix),
                size_bytes=item["Size"],
                version=item["ETag"].strip('"'),
                modified_at=item["LastModified"],
            )
            for page in self._pages(prefix)
            for item in page.get("Contents", ())
        ]

    def folders(self, prefix: str) -> list[str]:
        pages = self._pages(prefix, Delimiter="/")
        return [item["Prefix"].removeprefix(self._prefix) for page in pages for item in page.get("CommonPrefixes", ())]

    def etag(self, listed: StoredObject) -> str:
        return listed.version

    def read(self, key: str) -> Content | None:
        with translated(f"read {self.uri(key)}", needs="s3:GetObject and s3:ListBucket"):
            found = self._get(key)
            return None if found is None else Content(found["Body"].read(), found["ETag"])

    def write(self, key: str, data: bytes) -> None:
        with self._writing(key):
            self._put(key, data)

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        with self._writing(key), _conflicts(key), self._answered(key):
            return self._put(key, data, **condition)

    def download(self, key: str, into: IO[bytes]) -> str | None:
        with translated(f"read {self.uri(key)}", needs="s3:GetObject and s3:ListBucket"):
            found = self._get(key)
            if found is None:
                return None
            for block in found["Body"].iter_chunks(_BLOCK_BYTES):
                into.write(block)
            version: str = found["ETag"]
            return version

    def upload(self, key: str, content: IO[bytes], *, expected: str) -> None:
        content.seek(0)
        with self._writing(key), _conflicts(key):
            kept = self._kept_headers(key)
            self._put_file(key, content, kept, expected=expected)

    def remove(self, key: str, *, expected: str) -> None:
        with translated(f"delete {self.uri(key)}", needs="s3:DeleteObject and s3:GetObject"), _conflicts(key):
            client("s3").delete_object(Bucket=self._bucket, Key=self._prefix + key, IfMatch=expected)

    def delete(self, keys: Iterable[str]) -> None:
        listed = list(keys)
        for start in range(0, len(listed), _KEYS_PER_DELETE):
            self._delete_batch(listed[start : start + _KEYS_PER_DELETE])

    def delete_prefix(self, prefix: str) -> None:
        self.delete(item.key for item in self.objects(prefix))

    def _get(self, key: str) -> Any:
        """Open an object, or return None when there is none."""
        try:
            return client("s3").get_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as error:
            if error_code(error) == "NoSuchKey" or (http_status(error) == 403 and not self._is_there(key)):
                return None
            raise

    def _kept_headers(self, key: str) -> dict[str, Any]:
        """Return what whoever wrote an object said of it, which a further write would lose."""
        found = client("s3").head_object(Bucket=self._bucket, Key=self._prefix + key)
        return {name: found[name] for name in _KEPT_HEADERS if found.get(name)}

    def _put_file(self, key: str, content: IO[bytes], headers: Mapping[str, Any], *, expected: str) -> None:
        """Write a file in one piece, or in parts where it is larger; only when all is there the object is replaced."""
        s3, where = client("s3"), {"Bucket": self._bucket, "Key": self._prefix + key}
        size = content.seek(0, io.SEEK_END)
        content.seek(0)
        if size <= _PART_BYTES:
            s3.put_object(**where, Body=content, IfMatch=expected, **headers)
            return
        upload = {**where, "UploadId": s3.create_multipart_upload(**where, **headers)["UploadId"]}
        try:
            parts = list(_parts(upload, content, size_bytes=max(_PART_BYTES, -(-size // _MOST_PARTS))))
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, IfMatch=expected)
        except BaseException:
            s3.abort_multipart_upload(**upload)
            raise

    def _is_there(self, key: str) -> bool:
        """Look a denied key up: to who may list some folders only, S3 might deny what is not there.

        It is not documented what S3 answers when listing is allowed on condition of a prefix, only what it answers with
        and without: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        whole = self._prefix + key
        listed = client("s3").list_objects_v2(Bucket=self._bucket, Prefix=whole, MaxKeys=1).get("Contents", ())
        return any(item["Key"] == whole for item in listed)

    def _delete_batch(self, keys: list[str]) -> None:
        batch = {"Objects": [{"Key": self._prefix + key} for key in keys], "Quiet": True}
        with translated(f"delete {self.uri(keys[0])}", needs="s3:DeleteObject"):
            errors = client("s3").delete_objects(Bucket=self._bucket, Delete=batch).get("Errors", [])
        if errors:
            first = errors[0]
            place = self.uri(first["Key"].removeprefix(self._prefix))
            raise ServiceError(f"cannot delete {len(errors)} of {len(keys)} objects, first {place}: {first['Code']}")

    def _pages(self, prefix: str, **options: str) -> Iterator[dict[str, Any]]:
        with translated(f"list {self.uri(prefix)}", needs="s3:ListBucket"):
            pages = client("s3").get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix, **options)

    def _writing(self, key: str) -> Any:
        return translated(f"write {self.uri(key)}", needs="s3:PutObject")

    @contextmanager
    def _answered(self, key: str) -> Iterator[None]:
        """Tell a write that S3 declined from one that it may still carry out, though it declined a repetition.

        The SDK repeats a request that was not answered, and raises what came of the last one: the answer to it, or that
        no credentials could be had for it. Of another version S3 tells no matter which request has written it.
        """
        try:
            yield
        except ClientError as error:
            is_repeated = int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0
            if http_status(error) in _OTHER_VERSION or not is_repeated:
                raise
            raise ServiceUnavailable(f"cannot write {self.uri(key)}: {error}, to a repeated request") from error
        except BotoCoreError as error:
            if isinstance(error, NoCredentialsError | NoRegionError):  # so there was no request
                raise
            raise ServiceUnavailable(f"cannot write {self.uri(key)}: {error}") from error

    def _put(self, key: str, data: bytes, **condition: str) -> str:
        answer = client("s3").put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data, **condition)
        etag: str = answer["ETag"]
        return etag


@contextmanager
def _conflicts(key: str) -> Iterator[None]:
    """Tell a conditional write that found another version from one that failed."""
    try:
        yield
    except ClientError as error:
        if http_status(error) in _CONFLICTS and error_code(error) != "NoSuchBucket":
            raise WriteConflict(key) from error
        raise


def _parts(upload: Mapping[str, Any], content: IO[bytes], *, size_bytes: int) -> Iterator[dict[str, Any]]:
    number = 0
    while block := content.read(size_bytes):
        number += 1
        written = client("s3").upload_part(**upload, PartNumber=number, Body=block)
        yield {"PartNumber": number, "ETag": written["ETag"]}
