"""The same questions to the publication that there is: the product's own code, records in S3 and partitions in Glue."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final
from uuid import uuid4

from adapters.aws import client
from adapters.glue_catalog import GlueCatalog
from adapters.s3 import S3Store
from benchmarks.recording import Measurement
from benchmarks.table_formats.growth import DATES, acts, medians, timed
from benchmarks.table_formats.places import BUCKET, DATABASE
from benchmarks.table_formats.races import AT_ONCE, at_once, both, outcome
from benchmarks.table_formats.rows import days
from core.layout import DatasetPaths
from core.publication import Publication, Version, to_json
from core.publishing import Publications, Retention
from core.stored_records import StoredPublication
from core.times import iso

_PARTITIONS_PER_CALL: Final = 100
_COLUMNS: Final = [{"Name": "event_id", "Type": "string"}]


class Dataset:
    """A table of the Glue catalog and the records of its dates, below a prefix of their own."""

    def __init__(self) -> None:
        name = f"events_{uuid4().hex[:12]}"
        for make in (_make_bucket, _make_database):
            make()
        self._table = {"DatabaseName": DATABASE, "TableName": name}
        self.paths = DatasetPaths(name, "app")
        self.store = S3Store(BUCKET, f"now/{name}")
        self.publications = Publications(self.store, self.paths, GlueCatalog(DATABASE, name))
        keys = [{"Name": "ingestion_date", "Type": "string"}]
        table = {"Name": name, "StorageDescriptor": self._descriptor("none"), "PartitionKeys": keys}
        client("glue").create_table(DatabaseName=DATABASE, TableInput=table)

    def fill(self, dates: list[str]) -> None:
        """Let so many dates be published, without a swap for each."""
        for day in dates:
            version = self.version(day)
            self.store.write(
                self.paths.publication_key(_date(day)), to_json(Publication(self.paths.dataset, day, version))
            )
        partitions = [
            {"Values": [day], "StorageDescriptor": self._descriptor(self.version(day).location)} for day in dates
        ]
        for start in range(0, len(partitions), _PARTITIONS_PER_CALL):
            batch = partitions[start : start + _PARTITIONS_PER_CALL]
            client("glue").batch_create_partition(**self._table, PartitionInputList=batch)

    def drop(self) -> None:
        """Take the table out of the catalog, all of which the emulator writes to disk at every change of it."""
        client("glue").delete_table(DatabaseName=DATABASE, Name=self._table["TableName"])

    def version(self, day: str) -> Version:
        """Describe a new version; its files are not needed."""
        run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"
        location = self.store.uri(self.paths.version_prefix(_date(day), run_id))
        raw, contract = {"fingerprint": run_id}, {"checksum": "one"}
        return Version(run_id, location, iso(datetime.now(UTC)), None, raw, contract, 100, 0, 0, 100, 1, 5_000)

    def publish(self, day: str, over: StoredPublication) -> None:
        """Swap the record and let the catalog show it: all that a run does once its version is approved."""
        self.publications.publish(_date(day), self.version(day), over=over, retention=Retention())
        self.publications.catalog.show(_date(day))

    def publish_now(self, day: str) -> None:
        """Publish over the record that there is."""
        self.publish(day, self.read(day))

    def read(self, day: str) -> StoredPublication:
        return self.publications.records.read(_date(day))

    def stored(self) -> dict[str, int]:
        return {item.key: item.size_bytes for item in self.store.objects(self.paths.publications)}

    def _descriptor(self, location: str) -> dict[str, Any]:
        return {"Columns": _COLUMNS, "Location": location}


def commit_times() -> Iterator[Measurement]:
    """Publish a new date and one from the middle again, a few times each, per number of dates."""
    for dates in DATES:
        dataset = Dataset()
        dataset.fill(days(dates))
        for act, chosen in acts(dates).items():
            found = [timed(partial(dataset.publish_now, day)) for day in chosen]
            facts = {"format": "now", "catalog": "glue", "upkeep": "none", "dates": dates, "act": act}
            record = max(dataset.stored().values())
            yield {**facts, **medians(found), "objects_written": 1, "bytes_written": record, "metadata_bytes": record}
        dataset.drop()


def one_date() -> Iterator[Measurement]:
    """Let two runs of a date start from the same record, and the second publish after the first has."""
    day, other = days(2)
    for start, has in {"other dates only": [other], "the date as well": [other, day]}.items():
        dataset = Dataset()
        dataset.fill(has)
        over = dataset.read(day)
        ends = [outcome(partial(dataset.publish, day, over)) for _ in range(2)]
        yield {"format": "now", "starts_from": start, **both(ends)}


def many_dates() -> Iterator[Measurement]:
    """Publish a date each from several threads that start together."""
    for number in AT_ONCE:
        dataset = Dataset()
        runs = [(day, dataset.read(day)) for day in days(number)]
        found = at_once([partial(dataset.publish, *run) for run in runs])
        yield {"format": "now", "catalog": "glue", "at_once": number, **found, "dates_shown": len(dataset.stored())}


def _date(day: str) -> date:
    return date.fromisoformat(day)


def _make_bucket() -> None:
    client("s3").create_bucket(Bucket=BUCKET)


def _make_database() -> None:
    with suppress(client("glue").exceptions.AlreadyExistsException):
        client("glue").create_database(DatabaseInput={"Name": DATABASE})
