"""Athena of the embedded AWS as a client sees it, in the emulator's own process."""

import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from local_cloud.tests.athena_lake import BUCKET, JSON, PARQUET, Cloud, fill, make_table, parquet, put_parquet
from local_cloud.tests.emulator import emulator

_SERVE: Final = "import local_cloud.athena; local_cloud.athena.install(); from ministack import app; app.main()"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An emulator with two days registered, a third one only lying there, and a table of JSON objects."""
    folder = tmp_path_factory.mktemp("cloud")
    with emulator(folder, ["-c", _SERVE]) as url:
        started = Cloud(url, folder)
        fill(started)
        yield started


def test_only_registered_locations_are_read(cloud: Cloud) -> None:
    rows = cloud.rows("SELECT day, sum(amount) AS total FROM events GROUP BY day ORDER BY day")
    assert rows == [["2025-01-01", "30"], ["2025-01-02", "7"]]


def test_a_declared_column_that_no_file_has_is_null_and_an_undeclared_one_is_unknown(cloud: Cloud) -> None:
    assert cloud.rows("SELECT id, later FROM events WHERE day = '2025-01-02'") == [["id 7", None]]
    assert cloud.reason("SELECT\n  extra FROM events") == (
        "COLUMN_NOT_FOUND: line 2:3: Column 'extra' cannot be resolved or requester is not authorized to access "
        "requested resources"
    )


def test_a_star_is_the_declared_columns_and_then_the_keys(cloud: Cloud) -> None:
    rows = cloud.rows("SELECT * FROM web.events WHERE day > '2025-01-01'")
    assert rows == [["id 7", "7", "1.5", "2025-01-01 00:00:00.123", None, "2025-01-02"]]


def test_the_hidden_path_is_the_object_that_was_read(cloud: Cloud) -> None:
    rows = cloud.rows("""SELECT "$path" FROM events WHERE day = '2025-01-02'""")
    assert rows == [[f"s3://{BUCKET}/events/day=2025-01-02/run=r1/part-0.parquet"]]


def test_a_json_table_is_read_as_declared(cloud: Cloud) -> None:
    sql = "SELECT run_id, id, passed, seconds['read'], absent FROM metrics CROSS JOIN UNNEST(checks) AS c(id, passed)"
    assert cloud.rows(sql) == [["r1", "null_rate", "true", "1.5", None]]
    assert cloud.rows("SELECT checks, seconds FROM metrics") == [["[{id=null_rate, passed=true}]", "{read=1.5}"]]


def test_bytes_scanned_are_those_of_the_partitions_asked_for(cloud: Cloud) -> None:
    one = cloud.ended("SELECT count(*) FROM events WHERE day = '2025-01-02'")["Statistics"]["DataScannedInBytes"]
    both = cloud.ended("SELECT count(*) FROM events")["Statistics"]["DataScannedInBytes"]
    size = cloud.s3.head_object(Bucket=BUCKET, Key="events/day=2025-01-02/run=r1/part-0.parquet")["ContentLength"]
    assert one == size < both


def test_the_scan_cutoff_cancels_a_query(cloud: Cloud) -> None:
    status = cloud.ended("SELECT count(*) FROM events", WorkGroup="small")["Status"]
    assert status["State"] == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in status["StateChangeReason"]


def test_an_enforcing_workgroup_decides_where_results_go(cloud: Cloud) -> None:
    elsewhere = {"OutputLocation": f"s3://{BUCKET}/mine"}
    enforced = cloud.ended("SELECT 1", ResultConfiguration=elsewhere)
    chosen = cloud.ended("SELECT 1", ResultConfiguration=elsewhere, WorkGroup="loose")
    assert enforced["ResultConfiguration"]["OutputLocation"] == (
        f"s3://{BUCKET}/results/{enforced['QueryExecutionId']}.csv"
    )
    assert chosen["ResultConfiguration"]["OutputLocation"] == f"s3://{BUCKET}/mine/{chosen['QueryExecutionId']}.csv"


def test_the_result_object_quotes_every_value_and_writes_null_as_nothing(cloud: Cloud) -> None:
    execution = cloud.ended("""SELECT 'a "b"' AS x, CAST(NULL AS varchar) AS y, 7 / 2 AS z""")
    assert cloud.result(execution) == '"x","y","z"\n"a ""b""",,"3"\n'


def test_the_result_of_a_statement_that_is_no_query_is_text(cloud: Cloud) -> None:
    execution = cloud.ended("SHOW PARTITIONS events")
    assert execution["ResultConfiguration"]["OutputLocation"].endswith(".txt")
    assert cloud.result(execution) == "day=2025-01-01\nday=2025-01-02\n"


def test_the_catalog_is_shown(cloud: Cloud) -> None:
    assert ["events"] in cloud.rows("SHOW TABLES IN web")
    assert ["web"] in cloud.rows("SHOW DATABASES")
    assert cloud.rows("SHOW COLUMNS IN metrics") == [["run_id"], ["checks"], ["seconds"], ["absent"]]
    assert "# Partition Information" in cloud.result(cloud.ended("DESCRIBE events"))


def test_a_view_reads_what_is_registered_when_it_is_asked(cloud: Cloud) -> None:
    cloud.rows("CREATE OR REPLACE VIEW totals AS SELECT day, sum(amount) AS total FROM events GROUP BY day")
    assert cloud.rows("SELECT total FROM totals WHERE day = '2025-01-02'") == [["7"]]
    assert cloud.glue.get_table(DatabaseName="web", Name="totals")["Table"]["TableType"] == "VIRTUAL_VIEW"
    assert cloud.rows("SHOW VIEWS") == [["totals"]]
    assert "Table not found web.totals" in cloud.reason("DROP TABLE totals")
    cloud.rows("DROP VIEW totals")
    assert "TABLE_NOT_FOUND" in cloud.reason("SELECT * FROM totals")


def test_a_table_is_dropped_and_its_objects_stay(cloud: Cloud) -> None:
    cloud.rows("CREATE TABLE spare AS SELECT 1 AS x")
    kept = cloud.glue.get_table(DatabaseName="web", Name="spare")["Table"]["StorageDescriptor"]["Location"]
    cloud.rows("DROP TABLE spare")
    assert "TABLE_NOT_FOUND" in cloud.reason("SELECT * FROM spare")
    bucket, _, prefix = kept.removeprefix("s3://").partition("/")
    assert cloud.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] > 0
    cloud.rows("DROP TABLE IF EXISTS spare")
    assert "Table not found web.spare" in cloud.reason("DROP TABLE spare")


@pytest.mark.parametrize(
    ("workgroup", "message"),
    [("absent", "WorkGroup absent is not found."), ("closed", "WorkGroup closed is disabled.")],
)
def test_a_workgroup_that_takes_no_queries_refuses_them(cloud: Cloud, workgroup: str, message: str) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        cloud.start("SELECT 1", WorkGroup=workgroup)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT 1 +", "SELECT 'open", "SELECT 1; SELECT 2", "SELECT 1::varchar", ""]
)
def test_what_is_no_statement_is_refused_at_once(cloud: Cloud, sql: str) -> None:
    with pytest.raises(ClientError, match="InvalidRequestException") as refused:
        cloud.start(sql or " ")
    response: Any = refused.value.response
    assert response["AthenaErrorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM nowhere", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.web.nowhere' does not exist"),
        ("SELECT read_text('/etc/passwd')", "FUNCTION_NOT_FOUND: line 1:8: Function 'read_text' not registered"),
        ("SELECT * FROM read_parquet('x')", "NOT_SUPPORTED: line 1:15: table functions"),
        ("SELECT * FROM '/etc/passwd'", "TABLE_NOT_FOUND"),
        ('SELECT * FROM "/etc/passwd"', "TABLE_NOT_FOUND"),
        ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT 1 FROM events WHERE id = 1", "TYPE_MISMATCH"),
        ("INSERT INTO events VALUES (1)", "NOT_SUPPORTED: the statement INSERT"),
        ("CREATE TABLE events AS SELECT 1 AS a", "TABLE_ALREADY_EXISTS"),
        ("CREATE TABLE x AS SELECT 1", "MISSING_COLUMN_NAME"),
        ("CREATE TABLE x WITH (format = 'ORC') AS SELECT 1 AS a", "NOT_SUPPORTED: the format ORC"),
        ("SELECT * FROM nowhere.events", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nowhere' does not exist"),
    ],
)
def test_what_cannot_be_answered_fails_with_its_reason(cloud: Cloud, sql: str, reason: str) -> None:
    assert cloud.reason(sql).startswith(reason)


@pytest.mark.parametrize("kind", ["PARQUET", "JSON"])
def test_a_table_is_made_of_a_query(cloud: Cloud, kind: str) -> None:
    cloud.rows(
        f"""CREATE TABLE made_{kind} WITH (format = '{kind}', partitioned_by = ARRAY['day'],
        external_location = 's3://{BUCKET}/made/{kind}/') AS
        SELECT id, amount, price, at, CAST(amount AS decimal(10,2)) AS exact, ARRAY[id] AS ids,
        MAP(ARRAY[id], ARRAY[amount]) AS by_id, CAST(ROW(amount) AS ROW(x bigint)) AS r, day FROM events"""  # noqa: S608
    )
    assert cloud.rows(f"SHOW PARTITIONS made_{kind}") == [["day=2025-01-01"], ["day=2025-01-02"]]
    assert cloud.rows(f"SELECT * FROM made_{kind} WHERE day = '2025-01-02'") == [  # noqa: S608
        ["id 7", "7", "1.5", "2025-01-01 00:00:00.123", "7.00", "[id 7]", "{id 7=7}", "{x=7}", "2025-01-02"]
    ]


def test_a_table_without_a_location_lies_beside_the_results(cloud: Cloud) -> None:
    execution = cloud.ended("CREATE TABLE plain AS SELECT 1 AS a UNION ALL SELECT 2")
    location = cloud.glue.get_table(DatabaseName="web", Name="plain")["Table"]["StorageDescriptor"]["Location"]
    assert location == f"s3://{BUCKET}/results/tables/{execution['QueryExecutionId']}/"
    assert cloud.rows("SELECT sum(a) FROM plain") == [["3"]]


def test_a_stopped_query_stops_working(cloud: Cloud) -> None:
    numbers = "(SELECT x FROM UNNEST(sequence(1, 5000)) AS u(x))"
    query_id = cloud.start(f"SELECT count(*) FROM {numbers} a CROSS JOIN {numbers} b CROSS JOIN {numbers} c")  # noqa: S608
    time.sleep(0.2)
    cloud.athena.stop_query_execution(QueryExecutionId=query_id)
    execution: dict[str, Any] = {}
    for _ in range(100):
        execution = cloud.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if "TotalExecutionTimeInMillis" in execution["Statistics"]:  # which only the end of the work notes
            break
        time.sleep(0.05)
    assert "TotalExecutionTimeInMillis" in execution["Statistics"]
    assert execution["Status"]["State"] == "CANCELLED"
    assert cloud.rows("SELECT 1") == [["1"]]


def test_a_request_token_starts_one_query(cloud: Cloud) -> None:
    token = "t" * 32
    first = cloud.start("SELECT 1", ClientRequestToken=token)
    assert cloud.start("SELECT 1", ClientRequestToken=token) == first
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        cloud.start("SELECT 2", ClientRequestToken=token)


def test_more_than_a_thousand_rows_come_in_pages(cloud: Cloud) -> None:
    query_id = cloud.ended("SELECT x FROM UNNEST(sequence(1, 1500)) AS u(x)")["QueryExecutionId"]
    with pytest.raises(ClientError, match="MaxResults"):
        cloud.athena.get_query_results(QueryExecutionId=query_id, MaxResults=1001)
    pages = list(cloud.athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id))
    assert sum(len(page["ResultSet"]["Rows"]) for page in pages) == 1 + 1500


def test_parameters_fill_the_question_marks(cloud: Cloud) -> None:
    execution = cloud.ended(
        "SELECT amount FROM events WHERE id = ? AND amount > ?", ExecutionParameters=["'id 7'", "1"]
    )
    assert cloud.result(execution) == '"amount"\n"7"\n'
    assert cloud.reason("SELECT ?").startswith("INVALID_PARAMETER_USAGE")


def test_a_file_of_another_type_than_declared_fails_the_query(cloud: Cloud) -> None:
    make_table(cloud, "wrong", columns=[("id", "bigint")], serde=PARQUET, location="wrong", keys=[])
    put_parquet(cloud, "wrong/part-0.parquet", [1])
    assert cloud.reason("SELECT id FROM wrong").startswith("HIVE_BAD_DATA: Field id's type VARCHAR")


def test_each_file_must_hold_the_declared_types(cloud: Cloud) -> None:
    make_table(cloud, "mixed", columns=[("price", "double")], serde=PARQUET, location="mixed", keys=[])
    put_parquet(cloud, "mixed/part-0.parquet", [1])
    cloud.s3.put_object(Bucket=BUCKET, Key="mixed/part-1.parquet", Body=parquet("SELECT 1::BIGINT AS price"))
    assert cloud.reason("SELECT price FROM mixed").startswith("HIVE_BAD_DATA: Field price's type BIGINT")


def test_keys_of_json_may_have_capitals_but_not_inside_of_structs(cloud: Cloud) -> None:
    columns = [("userid", "bigint"), ("owner", "struct<name:string>")]
    make_table(cloud, "capitals", columns=columns, serde=JSON, location="capitals", keys=[])
    cloud.s3.put_object(Bucket=BUCKET, Key="capitals/a.json", Body=b'{"UserId": 7, "owner": {"name": "x"}}')
    assert cloud.rows("SELECT userid, owner.name FROM capitals") == [["7", "x"]]
    cloud.s3.put_object(Bucket=BUCKET, Key="capitals/a.json", Body=b'{"UserId": 7, "owner": {"Name": "x"}}')
    assert cloud.reason("SELECT userid FROM capitals").startswith("NOT_SUPPORTED: the nested key Name")


def test_a_partition_without_objects_has_no_rows(cloud: Cloud) -> None:
    storage: Any = {"Location": f"s3://{BUCKET}/events/day=2025-01-09/run=none/"}
    partition: Any = {"Values": ["2025-01-09"], "StorageDescriptor": storage}
    cloud.glue.create_partition(DatabaseName="web", TableName="events", PartitionInput=partition)
    assert cloud.rows("SELECT id FROM events WHERE day = '2025-01-09'") == []
    cloud.glue.delete_partition(DatabaseName="web", TableName="events", PartitionValues=["2025-01-09"])


def test_an_object_that_vanished_fails_the_query_instead_of_missing_from_its_answer(cloud: Cloud) -> None:
    make_table(cloud, "torn", columns=[("id", "string")], serde=PARQUET, location="torn", keys=[])
    for part in ("part-0", "part-1"):
        put_parquet(cloud, f"torn/{part}.parquet", [1])
    assert cloud.rows("SELECT count(*) FROM torn") == [["2"]]
    [stored] = (cloud.folder / "s3").rglob("torn/part-1.parquet")
    stored.unlink()
    assert cloud.reason("SELECT count(*) FROM torn").startswith("HIVE_CANNOT_OPEN_SPLIT")


def test_an_undecided_left_join_keeps_its_rows_when_partitions_are_left_out(cloud: Cloud) -> None:
    sql = """SELECT m.run_id, e.id FROM metrics m LEFT JOIN events e ON e.day = '2025-01-02' AND e.id = m.run_id"""
    assert cloud.rows(sql) == [["r1", None]]


def test_queries_run_side_by_side(cloud: Cloud) -> None:
    started = [cloud.start(f"SELECT {number} * count(*) FROM events") for number in range(8)]  # noqa: S608
    ended = [cloud.athena.get_query_execution(QueryExecutionId=query_id) for query_id in started]
    assert len({item["QueryExecution"]["QueryExecutionId"] for item in ended}) == 8
    assert cloud.rows("SELECT count(*) FROM events") == [["3"]]


def test_metadata_names_types_as_athena_does(cloud: Cloud) -> None:
    execution = cloud.ended("SELECT id, amount, price, at, sum(amount) OVER () AS total FROM events LIMIT 1")
    page = cloud.athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])
    types = [column["Type"] for column in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
    assert types == ["varchar", "bigint", "double", "timestamp", "bigint"]
