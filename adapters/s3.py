"""A data root in an S3 bucket, below an optional prefix.

S3 is strongly consistent and its conditional writes are a compare-and-swap
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from adapters.aws import client, error_code, http_status, translated
from core.errors import ServiceError
from core.ports import Content, StoredObject, WriteConflict

_KEYS_PER_DELETE = 1000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
# Another version, a conditional write that was under way, and no object where one was expected.
_CONFLICTS = (412, 409, 404)


class S3Store:
    """Objects are S3 objects; ``key`` is relative to the prefix of the data root."""

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
            try:
                found = client("s3").get_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as error:
                if error_code(error) == "NoSuchKey" or (http_status(error) == 403 and not self._is_there(key)):
                    return None
                raise
            return Content(found["Body"].read(), found["ETag"])

    def write(self, key: str, data: bytes) -> None:
        with self._writing(key):
            self._put(key, data)

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        with self._writing(key):
            try:
                return self._put(key, data, **condition)
            except ClientError as error:
                if http_status(error) in _CONFLICTS and error_code(error) != "NoSuchBucket":
                    raise WriteConflict(key) from error
                raise

    def delete(self, keys: Iterable[str]) -> None:
        listed = list(keys)
        for start in range(0, len(listed), _KEYS_PER_DELETE):
            self._delete_batch(listed[start : start + _KEYS_PER_DELETE])

    def delete_prefix(self, prefix: str) -> None:
        self.delete(item.key for item in self.objects(prefix))

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

    def _put(self, key: str, data: bytes, **condition: str) -> str:
        answer = client("s3").put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data, **condition)
        etag: str = answer["ETag"]
        return etag
