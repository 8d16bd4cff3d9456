"""The deployed pipeline on the embedded AWS, through public APIs only: real CDK, real state machine, real Spark."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.local.cloud import WORKGROUP, Cloud, held_scripts, jvms, released, scripts, until
from tests.unit.programs import ROOT

EXAMPLE = (
    "SELECT ingestion_date, COUNT(*) AS events FROM prod_data_pipeline.curated_events "
    "GROUP BY ingestion_date ORDER BY ingestion_date"
)
EVENT = {"event_id": "late-1", "event_type": "login", "user_id": "u1", "event_ts": "2025-01-01T10:00:00Z"}


ODD_NAMES = (
    *(
        "a+b c",
        "a%20b",
        "a:b",
        "2025-01-01T00:00:00Z+a b=c%20",
        "a b",
        "a%2Fb",
        "a%25b",
        "100%",
        "%zz",
        "a#b?c",
        "[a]{b}*",
    ),
    *("&$@=;,'\"!~^|<>`\\()-.", "größe 日本 😀", "wide\u3000space+", " both ends ", "10:15/nested", "two\nlines"),
)


def changed(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any] | None:
    return now if now["run_id"] != before["run_id"] else None


@pytest.fixture(scope="module")
def published_day(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> str:
    day = "2025-01-01"
    cloud.deliver(day, tmp_path_factory.mktemp("raw"))
    execution = cloud.run(day)
    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["summary"]["rows_read"] == 1000
    return day


def test_a_day_is_published_in_bucket_and_catalog_and_reported(cloud: Cloud, published_day: str) -> None:
    record = cloud.record(published_day)
    assert cloud.partitions()[published_day] == record["current"]["location"]
    assert len(until(lambda: cloud.messages(f"published {published_day}"))) == 1


def test_the_message_of_a_run_tells_the_cost_that_its_metrics_have(cloud: Cloud, published_day: str) -> None:
    run_id = cloud.record(published_day)["current"]["run_id"]
    key = f"metrics/events/ingestion_date={published_day}/{run_id}.json"
    metrics = json.loads(cloud.client("s3").get_object(Bucket=cloud.bucket, Key=key)["Body"].read())
    (message,) = until(lambda: cloud.messages(f"published {published_day}"))
    told = re.search(r"\(([\d,]+) DPU-seconds", message["body"])
    assert told is not None
    # Glue counts from when the worker is there, the run from when its script starts.
    assert 0 <= int(told[1].replace(",", "")) - metrics["cost"]["dpu_seconds"] < 60


def test_a_run_leaves_nothing_in_the_bucket_but_what_readers_may_see(cloud: Cloud, published_day: str) -> None:
    keys = cloud.keys("")
    location = cloud.record(published_day)["current"]["location"].removeprefix(f"s3://{cloud.bucket}/")
    curated = [key for key in keys if key.startswith(f"curated/events/ingestion_date={published_day}/")]
    assert curated
    assert all(key.startswith(location) and key.endswith(".parquet") for key in curated), curated
    assert [key for key in keys if "_temporary" in key or "_SUCCESS" in key or key.endswith("/")] == []


def test_athena_answers_from_the_registered_partition(cloud: Cloud, published_day: str) -> None:
    rows = str(cloud.record(published_day)["current"]["rows_written"])
    location = cloud.record(published_day)["current"]["location"]
    stray = f"{location.removeprefix(f's3://{cloud.bucket}/').partition('run_id=')[0]}run_id=unpublished/part.parquet"
    (path,) = {row[0] for row in cloud.query('SELECT DISTINCT "$path" FROM prod_data_pipeline.curated_events')[1:]}
    source = {"Bucket": cloud.bucket, "Key": path.removeprefix(f"s3://{cloud.bucket}/")}
    cloud.client("s3").copy_object(Bucket=cloud.bucket, Key=stray, CopySource=source)
    assert cloud.query(EXAMPLE) == [["ingestion_date", "events"], [published_day, rows]]
    partitions = cloud.query("SHOW PARTITIONS prod_data_pipeline.curated_events")
    assert partitions == [[f"ingestion_date={published_day}"]]
    cloud.client("s3").delete_object(Bucket=cloud.bucket, Key=stray)


def test_athena_reads_the_metrics_of_runs(cloud: Cloud, published_day: str) -> None:
    sql = "SELECT status, rows_read FROM prod_data_pipeline.curated_events_metrics WHERE ingestion_date = "
    assert ["published", "1000"] in cloud.query(f"{sql}'{published_day}'")


def test_the_documented_and_the_saved_queries_are_ones_that_athena_takes(cloud: Cloud, published_day: str) -> None:
    document = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    documented = document.partition("In Athena the same objects")[2].partition("```sql\n")[2].partition("```")[0]
    assert cloud.query(documented) == [["ingestion_date", "run_id", "check_id", "value", "severity"]]
    athena = cloud.client("athena")
    saved = athena.list_named_queries(WorkGroup=WORKGROUP)["NamedQueryIds"]
    queries = [athena.get_named_query(NamedQueryId=query_id)["NamedQuery"] for query_id in saved]
    assert sorted(query["Name"] for query in queries) == [
        "events: cost per day", "events: duplicates across dates", "events: quality trend", "events: rows per day",
    ]  # fmt: skip
    for query in queries:
        assert published_day in str(cloud.query(query["QueryString"])) or "duplicates" in query["Name"]


def test_a_day_that_is_published_runs_no_job_again(cloud: Cloud, published_day: str) -> None:
    before = len(cloud.job_runs())
    execution = cloud.run(published_day)
    assert json.loads(execution["output"])["status"] == "unchanged"
    assert len(cloud.job_runs()) == before


def test_a_partition_that_somebody_dropped_is_healed_by_the_next_execution(cloud: Cloud, published_day: str) -> None:
    location = cloud.partitions()[published_day]
    table = {"DatabaseName": "prod_data_pipeline", "TableName": "curated_events"}
    cloud.client("glue").delete_partition(**table, PartitionValues=[published_day])
    execution = cloud.run(published_day)
    output = json.loads(execution["output"])
    assert (output["status"], output["fault"].endswith("but the catalog shows nothing")) == ("unchanged", True)
    assert cloud.partitions()[published_day] == location
    assert "readers could not find it, which is now repaired" in cloud.pipeline("follow", execution["name"]).stdout
    assert len(until(lambda: cloud.messages(f"healed {published_day}"))) == 1


def test_a_refused_day_is_alerted_once_with_check_value_and_limit(cloud: Cloud, tmp_path: Path) -> None:
    cloud.deliver("2025-01-02", tmp_path, "--null-user-percent", "12")
    assert cloud.run("2025-01-02")["status"] == "FAILED"
    alerts = until(lambda: [sent if len(sent := cloud.messages("2025-01-02")) > 1 else None][0])
    first, second = sorted(alerts, key=lambda message: "second notice" in message["subject"])
    assert "null rate of user_id is 12 %, limit 3 %" in first["body"]
    assert "second notice" not in first["subject"]
    assert "second notice" in second["subject"]
    assert "2025-01-02" not in cloud.partitions()


def test_missing_data_is_alerted(cloud: Cloud) -> None:
    execution = cloud.run("2025-01-03")
    assert (execution["status"], execution["error"]) == ("FAILED", "RawDataMissing")
    assert until(lambda: cloud.messages("no raw data for 2025-01-03"))


def test_stopping_an_execution_stops_its_spark(cloud: Cloud, tmp_path: Path) -> None:
    cloud.deliver("2025-01-04", tmp_path)
    execution = cloud.start("2025-01-04")
    held_scripts(cloud.state)
    cloud.client("stepfunctions").stop_execution(executionArn=execution)
    until(lambda: not scripts(cloud.state) and not jvms(cloud.state), seconds=10)
    assert cloud.job_runs()[0]["JobRunState"] == "STOPPED"
    assert until(lambda: cloud.messages("2025-01-04"))
    assert "2025-01-04" not in cloud.partitions()


def test_a_run_whose_jvm_is_killed_says_so_and_the_next_one_succeeds(cloud: Cloud, tmp_path: Path) -> None:
    cloud.deliver("2025-01-10", tmp_path)
    cloud.start("2025-01-10")
    held = held_scripts(cloud.state)
    for process in jvms(cloud.state):
        os.kill(process, signal.SIGKILL)
    released(held)
    [first, *_] = until(lambda: cloud.messages("2025-01-10 failed"))
    assert "Spark's JVM ended during the run, most likely killed as it was out of memory" in first["body"]
    assert "give the job more memory" in first["body"].partition("Next:")[2]
    assert "pipeline run 2025-01-10 --contract events" in first["body"].partition("Next:")[2]
    assert cloud.run("2025-01-10")["status"] == "SUCCEEDED"


def test_runs_after_each_other_have_one_jvm_and_logs_of_their_own(cloud: Cloud, tmp_path: Path) -> None:
    for day in ("2025-01-04", "2025-01-08", "2025-01-09"):
        cloud.deliver(day, tmp_path, *(["--null-user-percent", "12"] if day == "2025-01-08" else []))
    assert cloud.run("2025-01-04")["status"] == "SUCCEEDED"
    [kept] = jvms(cloud.state)
    assert cloud.run("2025-01-08")["status"] == "FAILED"  # its gate rejects it, which leaves nothing in the JVM
    assert cloud.run("2025-01-09")["status"] == "SUCCEEDED"
    assert jvms(cloud.state) == [kept]
    folders = [cloud.state / "job-runs" / run["Id"] for run in cloud.job_runs()[:3]]
    logs = [(folder / "log.txt").read_text(encoding="utf-8") for folder in folders]
    assert [log.count('"run_id"') for log in logs] == [1, 1, 1]
    assert sum("Using Spark's default log4j profile" in log for log in logs) <= 1  # what a JVM says at its start


def test_the_deployed_template_is_the_synthesized_one(cloud: Cloud) -> None:
    assert "Number of stacks with differences: 0" in cloud.cdk("diff", "--all")


def test_it_listens_on_loopback_only(cloud: Cloud) -> None:
    pid = json.loads(cloud.command("status", "--json").stdout)["pid"]
    inodes = {str(path.readlink()).removeprefix("socket:[").rstrip("]") for path in Path(f"/proc/{pid}/fd").iterdir()}
    tables = "".join(Path(f"/proc/{pid}/net/{name}").read_text(encoding="ascii") for name in ("tcp", "tcp6"))
    lines = [line.split() for line in tables.splitlines()]
    listening = {line[1].partition(":")[0] for line in lines if line[3] == "0A" and line[9] in inodes}
    assert listening == {socket.inet_aton("127.0.0.1")[::-1].hex().upper()}


def test_two_that_are_started_in_the_same_moment_have_a_port_each(tmp_path: Path) -> None:
    def pipeline(state: str, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "cli", "local", *words, "--json"]
        environment = {**os.environ, "PIPELINE_LOCAL_STATE": str(tmp_path / state)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)  # type: ignore[call-overload, no-any-return]

    starting = [pipeline(state, "up") for state in ("a", "b")]
    try:
        said = [process.communicate(timeout=120) for process in starting]
        assert [process.returncode for process in starting] == [0, 0], said
        urls = [json.loads(out)["endpoint_url"] for out, _ in said]
        assert len(set(urls)) == len(urls)
    finally:
        for state in ("a", "b"):
            pipeline(state, "down").communicate(timeout=60)


def test_a_second_start_says_that_it_runs(cloud: Cloud) -> None:
    assert "is already running at" in cloud.command("up").stdout


def test_killed_at_once_it_loses_nothing_that_was_published(cloud: Cloud, published_day: str, tmp_path: Path) -> None:
    record, partitions = cloud.record(published_day), cloud.partitions()
    cloud.deliver("2025-01-05", tmp_path)
    cloud.start("2025-01-05")
    held_scripts(cloud.state)
    os.kill(json.loads(cloud.command("status", "--json").stdout)["pid"], signal.SIGKILL)
    until(lambda: not scripts(cloud.state) and not jvms(cloud.state), seconds=10)
    with socket.create_server(("127.0.0.1", cloud.port)):
        cloud.up()  # on another port
    assert (cloud.record(published_day), cloud.partitions()) == (record, partitions)
    assert json.loads(cloud.run(published_day)["output"])["status"] == "unchanged"
    assert cloud.run("2025-01-05")["status"] == "SUCCEEDED"


def test_stopped_in_the_middle_of_a_run_it_is_gone_when_that_is_said(
    cloud: Cloud, published_day: str, tmp_path: Path
) -> None:
    record = cloud.record(published_day)
    cloud.deliver("2025-01-06", tmp_path)
    cloud.start("2025-01-06")
    held_scripts(cloud.state)
    pid = json.loads(cloud.command("status", "--json").stdout)["pid"]
    assert cloud.command("down").stdout == "the embedded AWS has stopped; its state is kept\n"
    assert not Path(f"/proc/{pid}").exists()
    assert scripts(cloud.state) == jvms(cloud.state) == []
    cloud.up()
    assert cloud.record(published_day) == record


def test_a_late_object_reruns_its_day_and_is_left_out_once_that_is_rolled_back(
    cloud: Cloud, published_day: str
) -> None:
    cloud.watch_for_late_data(enabled=True)
    before = cloud.record(published_day)["current"]
    late = f"raw/source_system=app/ingestion_date={published_day}/late.json"
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=late, Body=json.dumps(EVENT).encode())
    after = until(lambda: changed(cloud.record(published_day)["current"], before))
    assert after["rows_read"] == before["rows_read"] + 1
    until(lambda: cloud.partitions()[published_day] == after["location"])
    assert cloud.pipeline("rollback", published_day).returncode == 0
    told = f"this input is blocked: it was rolled back, and run {before['run_id']} is published instead"
    assert told in cloud.pipeline("run", published_day).stdout


def test_raw_objects_of_any_name_are_read_and_named_in_quarantine(cloud: Cloud) -> None:
    day = "2025-01-07"
    keys = [f"raw/source_system=app/ingestion_date={day}/{name}.json" for name in ODD_NAMES]
    for number, key in enumerate(keys):
        events = [
            json.dumps({**EVENT, "event_id": f"{number}-{n}", "event_ts": f"{day}T10:00:00Z"}) for n in range(150)
        ]
        body = "\n".join([*events, json.dumps([key])]).encode()
        cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=body)
    assert cloud.run(day)["status"] == "SUCCEEDED"
    assert cloud.record(day)["current"]["rows_written"] == 150 * len(keys)
    assert sorted(cloud.quarantine(day)) == sorted((key, json.dumps([key])) for key in keys)
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    documented = runbook.partition("table `curated_events_quarantine`")[2].partition("```sql\n")[2].partition("```")[0]
    assert cloud.query(documented.replace("2025-01-01", day)) == [
        ["ingestion_date", "run_id", "kind", "lines", "in_object"],
        [day, cloud.record(day)["current"]["run_id"], "not one JSON object", str(len(keys)), min(keys)],
    ]
