"""The partitions of one table in the AWS Glue Data Catalog.

Must not decide which version a partition should show.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from botocore.exceptions import ClientError

from adapters.aws import client, error_code, translated
from core.layout import as_ingestion_date


class GlueCatalog:
    """One table with the single partition key ``ingestion_date``."""

    def __init__(self, database: str, table: str) -> None:
        self._table = {"DatabaseName": database, "TableName": table}
        self._name = f"{database}.{table}"

    def location(self, ingestion_date: date) -> str | None:
        with translated(f"read {self._partition(ingestion_date)}", needs="glue:GetPartition"):
            try:
                found = client("glue").get_partition(**self._table, PartitionValues=[str(ingestion_date)])
            except ClientError as error:
                if error_code(error) == "EntityNotFoundException":
                    return None
                raise
        location: str = found["Partition"]["StorageDescriptor"]["Location"]
        return location

    def locations(self) -> dict[date, str]:
        found = ((_date(item), item["StorageDescriptor"]["Location"]) for item in self._partitions(columns=False))
        return {day: location for day, location in found if day is not None}

    def days_with_other_columns(self) -> list[date]:
        columns = _types(self._descriptor())
        others = (_date(item) for item in self._partitions() if _types(item["StorageDescriptor"]) != columns)
        return sorted(day for day in others if day is not None)

    def _partitions(self, *, columns: bool = True) -> Iterator[dict[str, Any]]:
        with translated(f"list the partitions of {self._name}", needs="glue:GetPartitions"):
            pages = client("glue").get_paginator("get_partitions")
            for page in pages.paginate(**self._table, ExcludeColumnSchema=not columns):
                yield from page["Partitions"]

    def point(self, ingestion_date: date, location: str) -> None:
        descriptor = {**self._descriptor(), "Location": location}
        partition = {"Values": [str(ingestion_date)], "StorageDescriptor": descriptor}
        needs = "glue:CreatePartition and glue:UpdatePartition"
        with translated(f"write {self._partition(ingestion_date)}", needs=needs):
            self._put(ingestion_date, partition)

    def remove(self, ingestion_date: date) -> None:
        with translated(f"delete {self._partition(ingestion_date)}", needs="glue:DeletePartition"):
            try:
                client("glue").delete_partition(**self._table, PartitionValues=[str(ingestion_date)])
            except ClientError as error:
                if error_code(error) != "EntityNotFoundException":
                    raise

    def _put(self, ingestion_date: date, partition: dict[str, Any]) -> None:
        try:
            client("glue").create_partition(**self._table, PartitionInput=partition)
        except ClientError as error:
            if error_code(error) != "AlreadyExistsException":
                raise
            client("glue").update_partition(
                **self._table, PartitionValueList=[str(ingestion_date)], PartitionInput=partition
            )

    def _descriptor(self) -> dict[str, Any]:
        with translated(f"read table {self._name}; is the data stack deployed?", needs="glue:GetTable"):
            found = client("glue").get_table(DatabaseName=self._table["DatabaseName"], Name=self._table["TableName"])
        descriptor: dict[str, Any] = found["Table"]["StorageDescriptor"]
        return descriptor

    def _partition(self, ingestion_date: date) -> str:
        return f"partition ingestion_date={ingestion_date} of {self._name}"


def _date(partition: dict[str, Any]) -> date | None:
    """Return the date of a partition, or None for one that somebody else has made."""
    return as_ingestion_date(partition["Values"][0])


def _types(descriptor: dict[str, Any]) -> list[tuple[str, str]]:
    return [(column["Name"], column["Type"]) for column in descriptor.get("Columns", ())]
