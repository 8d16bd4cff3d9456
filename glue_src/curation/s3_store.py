"""A data root in an S3 bucket, below an optional prefix.

S3 is strongly consistent and its conditional writes are a compare-and-swap
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from curation.errors import CurationError
from curation.storage import Content, StoredObject, WriteConflict
from data_contract.fingerprint import RawObject

_KEYS_PER_DELETE = 1000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
_RETRIES = Config(retries={"mode": "standard", "max_attempts": 5})


class S3Store:
    """Objects are S3 objects; ``key`` is relative to the prefix of the data root."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._s3: Any = boto3.client("s3", config=_RETRIES)

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

    def raw_object(self, listed: StoredObject) -> RawObject:
        return RawObject(listed.key, listed.size_bytes, listed.version)

    def read(self, key: str) -> Content | None:
        with self._asking("read", key):
            try:
                found = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as error:
                if _code(error) == "NoSuchKey":
                    return None
                raise
            return Content(found["Body"].read(), found["ETag"])

    def write(self, key: str, data: bytes) -> None:
        self._put(key, data)

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        try:
            return self._put(key, data, **condition)
        except CurationError as error:
            # 409: another conditional write was under way. Whether it succeeded is for the caller to find out.
            if isinstance(error.__cause__, ClientError) and _status(error.__cause__) in {404, 409, 412}:
                raise WriteConflict(key) from error
            raise

    def delete(self, keys: Iterable[str]) -> None:
        listed = list(keys)
        for start in range(0, len(listed), _KEYS_PER_DELETE):
            self._delete_batch(listed[start : start + _KEYS_PER_DELETE])

    def delete_prefix(self, prefix: str) -> None:
        self.delete(item.key for item in self.objects(prefix))

    def _delete_batch(self, keys: list[str]) -> None:
        batch = {"Objects": [{"Key": self._prefix + key} for key in keys], "Quiet": True}
        with self._asking("delete", keys[0]):
            errors = self._s3.delete_objects(Bucket=self._bucket, Delete=batch).get("Errors", [])
        if errors:
            first = errors[0]
            place = self.uri(first["Key"].removeprefix(self._prefix))
            raise CurationError(f"cannot delete {len(errors)} of {len(keys)} objects, first {place}: {first['Code']}")

    def _pages(self, prefix: str, **options: str) -> Iterable[dict[str, Any]]:
        paginator = self._s3.get_paginator("list_objects_v2")
        with self._asking("list", prefix):
            yield from paginator.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix, **options)

    def _put(self, key: str, data: bytes, **condition: str) -> str:
        with self._asking("write", key):
            answer = self._s3.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data, **condition)
        etag: str = answer["ETag"]
        return etag

    @contextmanager
    def _asking(self, action: str, key: str) -> Iterator[None]:
        """Say what S3 refused to do."""
        try:
            yield
        except ClientError as error:
            reason = f"{_code(error)}: {error.response['Error'].get('Message', '')}"
            raise CurationError(f"cannot {action} {self.uri(key)}: {reason}") from error


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
