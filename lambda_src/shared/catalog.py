"""What the data catalog shows for a day of one table."""

from dataclasses import dataclass
from datetime import date

from botocore.exceptions import ClientError

from shared.aws import client, error_code, explained


@dataclass(frozen=True)
class CatalogTable:
    """One table of the AWS Glue Data Catalog with the single partition key ``ingestion_date``."""

    database: str
    name: str

    def location(self, day: date) -> str | None:
        """Return where queries find a day's files, or None when it has no partition."""
        what = f"partition ingestion_date={day} of {self.database}.{self.name}"
        with explained(f"read {what}", needs="glue:GetPartition"):
            try:
                found = client("glue").get_partition(
                    DatabaseName=self.database, TableName=self.name, PartitionValues=[str(day)]
                )
            except ClientError as error:
                if error_code(error) == "EntityNotFoundException":
                    return None
                raise
        location: str = found["Partition"]["StorageDescriptor"]["Location"]
        return location
