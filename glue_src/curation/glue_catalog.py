"""The partitions of one table in the AWS Glue Data Catalog.

Must not decide which version a partition should show.
"""

from datetime import date
from typing import Any

import boto3
from botocore.exceptions import ClientError

from curation.errors import CurationError


class GlueCatalog:
    """One table of the AWS Glue Data Catalog with the single partition key ``ingestion_date``."""

    def __init__(self, database: str, table: str) -> None:
        self._table = {"DatabaseName": database, "TableName": table}
        self._name = f"{database}.{table}"
        self._glue: Any = boto3.client("glue")

    def location(self, ingestion_date: date) -> str | None:
        try:
            found = self._glue.get_partition(**self._table, PartitionValues=[str(ingestion_date)])
        except ClientError as error:
            if _code(error) == "EntityNotFoundException":
                return None
            raise self._explained(error, "read", ingestion_date) from error
        location: str = found["Partition"]["StorageDescriptor"]["Location"]
        return location

    def point(self, ingestion_date: date, location: str) -> None:
        partition = {"Values": [str(ingestion_date)], "StorageDescriptor": {**self._descriptor(), "Location": location}}
        try:
            self._put(ingestion_date, partition)
        except ClientError as error:
            raise self._explained(error, "write", ingestion_date) from error

    def _put(self, ingestion_date: date, partition: dict[str, Any]) -> None:
        try:
            self._glue.create_partition(**self._table, PartitionInput=partition)
        except ClientError as error:
            if _code(error) != "AlreadyExistsException":
                raise
            self._glue.update_partition(
                **self._table, PartitionValueList=[str(ingestion_date)], PartitionInput=partition
            )

    def _descriptor(self) -> dict[str, Any]:
        database, table = self._table["DatabaseName"], self._table["TableName"]
        try:
            found = self._glue.get_table(DatabaseName=database, Name=table)
        except ClientError as error:
            message = f"cannot read table {self._name}: {_code(error)}; deploy the data stack first"
            raise CurationError(message) from error
        descriptor: dict[str, Any] = found["Table"]["StorageDescriptor"]
        return descriptor

    def _explained(self, error: ClientError, action: str, ingestion_date: date) -> CurationError:
        return CurationError(
            f"cannot {action} partition ingestion_date={ingestion_date} of {self._name}: {_code(error)}: "
            f"{error.response['Error'].get('Message', '')}; the publication record holds: run repair"
        )


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
