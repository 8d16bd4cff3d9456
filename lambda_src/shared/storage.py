"""Reading one dataset's bucket: the raw objects of a day, its publication record and files, a run's metrics.

Nothing is written, and nothing is decided.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from botocore.exceptions import ClientError

from data_contract.fingerprint import RawObject, fingerprint, ignored_because
from data_contract.paths import run_id_in
from data_contract.publication import Publication, from_json
from shared.aws import client, error_code, explained
from shared.environment import DataPlace
from shared.errors import InvalidDocument


@dataclass(frozen=True)
class IgnoredObject:
    """An object below the raw prefix that is no input, and why."""

    key: str
    reason: str


@dataclass(frozen=True)
class RawDay:
    """The raw data of one day as it was listed. ``latest_arrival`` is None when there is no input."""

    objects: tuple[RawObject, ...]
    ignored: tuple[IgnoredObject, ...]
    latest_arrival: datetime | None

    @property
    def size_bytes(self) -> int:
        return sum(item.size_bytes for item in self.objects)

    @property
    def fingerprint(self) -> str:
        """The same digest as the job's: it decides whether this input is already published."""
        return fingerprint(self.objects)


def list_raw_day(place: DataPlace, day: date) -> RawDay:
    """List a day's raw objects, however many there are."""
    prefix = place.paths.raw_prefix(day)
    with explained(f"list {place.uri(prefix)}", needs="s3:ListBucket"):
        listed = list(_listed(place.bucket, prefix))
    reasons = {item["Key"]: ignored_because(item["Key"], item["Size"]) for item in listed}
    used = [item for item in listed if reasons[item["Key"]] is None]
    return RawDay(
        objects=tuple(RawObject(item["Key"], item["Size"], item["ETag"].strip('"')) for item in used),
        ignored=tuple(IgnoredObject(key, reason) for key, reason in reasons.items() if reason),
        latest_arrival=max((item["LastModified"] for item in used), default=None),
    )


def read_publication(place: DataPlace, day: date) -> Publication | None:
    """Read a day's publication record, or None when it was never published."""
    key = place.paths.publication_key(day)
    data = _read(place, key)
    try:
        return None if data is None else from_json(data, source=place.uri(key))
    except ValueError as error:
        raise InvalidDocument(str(error)) from error


def list_version_files(place: DataPlace, day: date, run_id: str) -> tuple[int, ...]:
    """List the Parquet files of a version: the size of each in bytes."""
    prefix = place.paths.version_prefix(day, run_id)
    with explained(f"list {place.uri(prefix)}", needs="s3:ListBucket"):
        return tuple(item["Size"] for item in _listed(place.bucket, prefix) if item["Key"].endswith(".parquet"))


def read_metrics(place: DataPlace, day: date, run_id: str) -> dict[str, Any]:
    """Read the metrics object of a run."""
    key = place.paths.metrics_key(day, run_id)
    data = _read(place, key)
    if data is None:
        raise InvalidDocument(f"{day}: run {run_id} has no metrics object {place.uri(key)}; see the log of its job run")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidDocument(f"metrics object {place.uri(key)} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidDocument(f"metrics object {place.uri(key)} is a {type(document).__name__}, expected a JSON object")
    return document


def latest_run(place: DataPlace, day: date) -> str | None:
    """Find a day's latest run by its metrics, or None when it never ran."""
    prefix = place.paths.metrics_prefix(day)
    with explained(f"list {place.uri(prefix)}", needs="s3:ListBucket"):
        return max(
            (run_id for item in _listed(place.bucket, prefix) if (run_id := run_id_in(item["Key"]))), default=None
        )


def read_latest_metrics(place: DataPlace, day: date) -> dict[str, Any] | None:
    """Read the metrics of a day's latest run, or None when it never ran."""
    run_id = latest_run(place, day)
    return None if run_id is None else read_metrics(place, day, run_id)


def _listed(bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    for page in client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", ())


def _read(place: DataPlace, key: str) -> bytes | None:
    with explained(f"read {place.uri(key)}", needs="s3:GetObject and s3:ListBucket"):
        try:
            data: bytes = client("s3").get_object(Bucket=place.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                return None
            raise
    return data
