"""The catalog table over a dataset's malformed lines: one row per line that a run rejected, published or not."""

from aws_cdk import aws_glue as glue
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.external_table import PARQUET, external_table

# The columns of the files, in their order: the job's `write_quarantine` makes them.
COLUMNS = {
    "line": ("string", "The line as text; bytes that are no UTF-8 are replaced."),
    "line_bytes": ("binary", "The line exactly as received."),
    "reason": ("string", "Why the line is malformed, with the values that do not fit."),
    "source_object": ("string", "Key of the raw object that holds the line."),
    "kind": ("string", "The reason without any value, the same for all lines with the same fault."),
    "ingestion_date": ("string", "The day the line arrived, YYYY-MM-DD."),
    "run_id": ("string", "The run that rejected the line; one row for each run that did."),
    "record": ("string", "Position of the record in the line, from 0, where the contract states an envelope."),
}


class QuarantineTable(Construct):
    """Not partitioned, as the metrics table is not: no run has to register anything, and days of any year are there.

    Date and run are columns of the files, one of few values in each, so a query for a day reads no more of the others
    than their footers. Partition projection would leave out days beyond the range that it states.
    """

    def __init__(self, scope: Construct, construct_id: str, *, dataset: Dataset, bucket_name: str) -> None:
        super().__init__(scope, construct_id)
        self.table = external_table(
            self,
            dataset=dataset,
            name=dataset.quarantine_table,
            description=f"One row per malformed line of {dataset.name} and run: the line, why, and its object.",
            parameters={"classification": "parquet"},
            storage=PARQUET.below(
                f"s3://{bucket_name}/{dataset.paths.quarantine}",
                (
                    glue.CfnTable.ColumnProperty(name=name, type=column_type, comment=comment)
                    for name, (column_type, comment) in COLUMNS.items()
                ),
            ),
        )
