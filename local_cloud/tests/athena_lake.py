"""A small lake behind the Athena of the embedded AWS, and the calls that its tests make."""

import json
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import duckdb
from botocore.config import Config

from local_cloud.tests.emulator import client

BUCKET: Final = "lake"
PARQUET: Final = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
JSON: Final = "org.openx.data.jsonserde.JsonSerDe"


class Cloud:
    """Clients of one emulator, and the few calls that every test makes."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        # Without validation, because no client lets a cutoff be as small as the tables here.
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, parameter_validation=False)
        self.s3, self.glue, self.athena = (client(name, url, config) for name in ("s3", "glue", "athena"))

    def start(self, sql: str, **more: Any) -> str:
        context = {"Database": "web"}
        query = {"QueryString": sql, "QueryExecutionContext": context, "WorkGroup": "strict", **more}
        return str(self.athena.start_query_execution(**query)["QueryExecutionId"])

    def ended(self, sql: str, **more: Any) -> dict[str, Any]:
        query_id = self.start(sql, **more)
        for _ in range(600):
            execution: dict[str, Any] = self.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if execution["Status"]["State"] not in {"QUEUED", "RUNNING"}:
                return execution
            time.sleep(0.05)
        raise TimeoutError(sql)

    def rows(self, sql: str) -> list[list[str | None]]:
        execution = self.ended(sql)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        page = self.athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])
        found = [[item.get("VarCharValue") for item in row["Data"]] for row in page["ResultSet"]["Rows"]]
        return found[1:] if execution["StatementType"] == "DML" else found

    def reason(self, sql: str) -> str:
        status = self.ended(sql)["Status"]
        assert status["State"] == "FAILED"
        return str(status["StateChangeReason"])

    def result(self, execution: dict[str, Any]) -> str:
        bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
        return str(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())


def fill(cloud: Cloud) -> None:
    cloud.s3.create_bucket(Bucket=BUCKET)
    cloud.glue.create_database(DatabaseInput={"Name": "web"})
    columns = [("id", "string"), ("amount", "bigint"), ("price", "double"), ("at", "timestamp"), ("later", "string")]
    make_table(cloud, "events", columns=columns, serde=PARQUET, location="events", keys=["day"])
    for day, run, amounts in (("2025-01-01", "r1", [1, 2]), ("2025-01-01", "r2", [10, 20]), ("2025-01-02", "r1", [7])):
        put_parquet(cloud, f"events/day={day}/run={run}/part-0.parquet", amounts)
    put_parquet(cloud, "events/day=2025-01-02/run=r1/_temporary/part-1.parquet", [1000])
    for day, run in (("2025-01-01", "r2"), ("2025-01-02", "r1")):
        location = f"s3://{BUCKET}/events/day={day}/run={run}/"
        storage = {"Location": location, "SerdeInfo": {"SerializationLibrary": PARQUET}}
        partition: Any = {"Values": [day], "StorageDescriptor": storage}
        cloud.glue.create_partition(DatabaseName="web", TableName="events", PartitionInput=partition)
    checks = "array<struct<id:string,passed:boolean>>"
    columns = [("run_id", "string"), ("checks", checks), ("seconds", "map<string,double>"), ("absent", "bigint")]
    make_table(cloud, "metrics", columns=columns, serde=JSON, location="metrics", keys=[])
    row = {"run_id": "r1", "checks": [{"id": "null_rate", "passed": True, "extra": 1}], "seconds": {"read": 1.5}}
    cloud.s3.put_object(Bucket=BUCKET, Key="metrics/day=1/r1.json", Body=json.dumps({**row, "unknown": 1}).encode())
    results = {"OutputLocation": f"s3://{BUCKET}/results/"}
    settings = {"ResultConfiguration": results, "EnforceWorkGroupConfiguration": True}
    cloud.athena.create_work_group(Name="strict", Configuration=settings)
    cloud.athena.create_work_group(Name="small", Configuration={**settings, "BytesScannedCutoffPerQuery": 10})
    loose = {"ResultConfiguration": results, "EnforceWorkGroupConfiguration": False}
    cloud.athena.create_work_group(Name="loose", Configuration=loose)
    cloud.athena.create_work_group(Name="closed", Configuration=settings)
    cloud.athena.update_work_group(WorkGroup="closed", State="DISABLED")


def make_table(
    cloud: Cloud, name: str, *, columns: list[tuple[str, str]], serde: str, location: str, keys: list[str]
) -> None:
    storage: Any = {
        "Columns": [{"Name": column, "Type": kind} for column, kind in columns],
        "Location": f"s3://{BUCKET}/{location}/",
        "SerdeInfo": {"SerializationLibrary": serde},
    }
    partition_keys = [{"Name": key, "Type": "string"} for key in keys]
    table: Any = {"Name": name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}
    cloud.glue.create_table(DatabaseName="web", TableInput={**table, "PartitionKeys": partition_keys})


def put_parquet(cloud: Cloud, key: str, amounts: list[int]) -> None:
    moment = "make_timestamptz(1735689600123000) AS at"
    columns = f"'id ' || amount AS id, 1.5::DOUBLE AS price, {moment}, amount AS extra"
    content = parquet(f"SELECT amount, {columns} FROM unnest({amounts}) AS u(amount)")  # noqa: S608
    cloud.s3.put_object(Bucket=BUCKET, Key=key, Body=content)


def parquet(sql: str) -> bytes:
    """Return the Parquet file of a query."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        duckdb.sql(sql).write_parquet(file.name)
        return Path(file.name).read_bytes()
