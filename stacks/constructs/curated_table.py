"""The catalog table of a dataset's published days."""

from unicodedata import category

from aws_cdk import aws_glue as glue
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.external_table import PARQUET, external_table


class CuratedTable(Construct):
    """Columns come from the contract; days are registered partitions, each pointing at the version that is published.

    Partition projection stays off: Athena would ignore the registered locations and read replaced versions too.
    """

    def __init__(self, scope: Construct, construct_id: str, *, dataset: Dataset, bucket_name: str) -> None:
        super().__init__(scope, construct_id)
        contract = dataset.contract
        self.table = external_table(
            self,
            dataset=dataset,
            name=contract.table,
            description=_cut(contract.description, 2048),
            parameters={
                "classification": "parquet",
                "contract_id": contract.id,
                "contract_version": contract.version,
            },
            storage=PARQUET.below(
                f"s3://{bucket_name}/{dataset.paths.versions}",
                (
                    glue.CfnTable.ColumnProperty(
                        name=column.name.lower(), type=column.type, comment=_cut(column.description, 255) or None
                    )
                    for column in contract.stored_columns
                ),
            ),
            partition_keys=[
                glue.CfnTable.ColumnProperty(
                    name="ingestion_date", type="string", comment="The day the data arrived, YYYY-MM-DD."
                )
            ],
        )


def _cut(text: str, most_bytes: int) -> str:
    """Shorten to what the catalog stores, which counts bytes and takes no control characters.

    https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html
    """
    line = " ".join("".join(" " if category(letter) == "Cc" else letter for letter in text).split())
    if len(line.encode()) <= most_bytes:
        return line
    return line.encode()[: most_bytes - len("…".encode())].decode(errors="ignore") + "…"
