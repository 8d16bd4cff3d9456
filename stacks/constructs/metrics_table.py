"""The catalog table over a dataset's metrics objects: one row per run, published or not."""

from aws_cdk import aws_glue as glue
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.external_table import JSON_LINES, external_table

# A limit is text, because that of a range is two numbers.
CHECK_FIELDS = {
    "id": "string",
    "metric": "string",
    "column": "string",
    "operator": "string",
    "limit": "string",
    "unit": "string",
    "value": "double",
    "severity": "string",
    "passed": "boolean",
    "baseline": "struct<dates:int,weekday:int,moved:array<string>>",
}
_CHECK = f"struct<{','.join(f'{name}:{column_type}' for name, column_type in CHECK_FIELDS.items())}>"
_COLUMN = "struct<nulls:bigint,null_percent:double,distribution:map<string,bigint>>"
# The keys of a metrics object; one that is not listed here is no column.
_COLUMNS = {
    "schema_version": "int",
    "run_id": "string",
    "dataset": "string",
    "ingestion_date": "string",
    "status": "string",
    "message": "string",
    "started_at": "string",
    "execution": "string",
    "contract": "struct<id:string,version:string,checksum:string>",
    "raw": "struct<objects:bigint,bytes:bigint,fingerprint:string,ignored:array<struct<key:string,reason:string>>,"
    "unread:array<struct<key:string,reason:string>>,replayed:array<string>>",
    "rows_read": "bigint",
    "rows_quarantined": "bigint",
    "duplicates_removed": "bigint",
    "rows_written": "bigint",
    "rows_replaced": "bigint",
    "columns": f"map<string,{_COLUMN}>",
    "checks": f"array<{_CHECK}>",
    "checks_not_judged": "array<struct<id:string,reason:string>>",
    "accepted": "struct<run_id:string,checks:array<string>,reason:string,accepted_by:string,accepted_at:string>",
    "event_time": "struct<first:string,last:string,rows_on_other_days:bigint>",
    "schema_drift": "struct<rows_looked_at:bigint,rows_with_unknown_fields:bigint,unknown_fields:array<string>>",
    "published_run_id": "string",
    "location": "string",
    "files": "bigint",
    "bytes_in": "bigint",
    "bytes_out": "bigint",
    "quarantine": "string",
    "rejected_lines": "array<struct<reason:string,lines:bigint,example:string,object:string,detail:string>>",
    "rejected_reasons": "bigint",
    "cleaned_up_runs": "array<string>",
    "seconds": "map<string,double>",
    "spark_version": "string",
    "cost": "struct<dpu_seconds:double,estimated_usd:double,limit_usd:double,prices_of:string>",
}


class MetricsTable(Construct):
    """Not partitioned: the objects are few and small, and so no run has to register a partition."""

    def __init__(self, scope: Construct, construct_id: str, *, dataset: Dataset, bucket_name: str) -> None:
        super().__init__(scope, construct_id)
        self.table = external_table(
            self,
            dataset=dataset,
            name=dataset.metrics_table,
            description=f"One row per run of {dataset.name}: counts, rates, checks, seconds.",
            parameters={"classification": "json"},
            storage=JSON_LINES.below(
                f"s3://{bucket_name}/{dataset.paths.metrics}",
                (glue.CfnTable.ColumnProperty(name=name, type=column_type) for name, column_type in _COLUMNS.items()),
            ),
        )
