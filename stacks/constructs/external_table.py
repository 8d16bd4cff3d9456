"""What the catalog tables over a dataset's files have in common: files in the bucket, in one format, read in place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from constructs import Construct

from deployed_dataset import Dataset


@dataclass(frozen=True)
class FileFormat:
    """How Athena reads the files of a table: Hive's names of a format's parts."""

    input_format: str
    output_format: str
    serde: str

    def below(
        self, location: str, columns: Iterable[glue.CfnTable.ColumnProperty]
    ) -> glue.CfnTable.StorageDescriptorProperty:
        """Return how files of this format below an S3 URI are read as these columns."""
        return glue.CfnTable.StorageDescriptorProperty(
            columns=list(columns),
            location=location,
            input_format=self.input_format,
            output_format=self.output_format,
            serde_info=glue.CfnTable.SerdeInfoProperty(
                serialization_library=self.serde, parameters={"serialization.format": "1"}
            ),
        )


_PARQUET: Final = "org.apache.hadoop.hive.ql.io.parquet"
PARQUET: Final = FileFormat(
    f"{_PARQUET}.MapredParquetInputFormat",
    f"{_PARQUET}.MapredParquetOutputFormat",
    f"{_PARQUET}.serde.ParquetHiveSerDe",
)
JSON_LINES: Final = FileFormat(
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "org.openx.data.jsonserde.JsonSerDe",
)


def external_table(
    scope: Construct,
    *,
    dataset: Dataset,
    name: str,
    description: str,
    storage: glue.CfnTable.StorageDescriptorProperty,
    parameters: Mapping[str, str],
    partition_keys: Iterable[glue.CfnTable.ColumnProperty] = (),
) -> glue.CfnTable:
    """Return a table of the dataset's database over files in storage."""
    return glue.CfnTable(
        scope,
        "Table",
        catalog_id=Stack.of(scope).account,
        database_name=dataset.settings.database,
        table_input=glue.CfnTable.TableInputProperty(
            name=name,
            description=description,
            table_type="EXTERNAL_TABLE",
            parameters={"EXTERNAL": "TRUE", **parameters},
            partition_keys=list(partition_keys) or None,
            storage_descriptor=storage,
        ),
    )
