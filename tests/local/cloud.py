"""A started cloud with the pipeline deployed into it, and what the tests do with it through public APIs."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq

from tests.unit.programs import ROOT

DEPLOY_SECONDS = 300
RUN_SECONDS = 600
PIPELINE = "prod-events-pipeline"
WORKGROUP = "prod-data-pipeline"


class Cloud:
    """A started cloud with the pipeline deployed into it, where late data starts nothing until a test wants it."""

    def __init__(self, state: Path, *, is_deployed: bool = False) -> None:
        self.state = state
        self.up()
        if not is_deployed:
            self.cdk("bootstrap")
            self.deploy()
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        outputs = {item["OutputKey"]: item["OutputValue"] for stack in stacks for item in stack.get("Outputs", ())}
        self.bucket = outputs["DataBucketName"]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "local", *arguments],
            cwd=ROOT,
            env=os.environ | {"PIPELINE_LOCAL_STATE": str(self.state), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=DEPLOY_SECONDS,
        )

    def pipeline(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.started_pipeline(*arguments) as process:
            out, err = process.communicate(timeout=RUN_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def environment(self) -> dict[str, str]:
        return os.environ | self.variables | {"PIPELINE_LOCAL_STATE": str(self.state), "COLUMNS": "300"}

    def started_pipeline(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def up(self) -> None:
        result = self.command("up")
        assert result.returncode == 0, result.stderr
        self.variables: dict[str, str] = json.loads(self.command("env", "--json").stdout)

    @property
    def port(self) -> int:
        return int(self.variables["AWS_ENDPOINT_URL"].rpartition(":")[2])

    def cdk(self, *arguments: str, folder: Path = ROOT) -> str:
        cdk = [str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments]
        output = ["--output", str(self.state.with_name("cdk.out"))]
        result = subprocess.run(
            [*cdk, *output],
            cwd=folder,
            env=os.environ | self.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEPLOY_SECONDS,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def deploy(self, folder: Path = ROOT) -> None:
        self.cdk("deploy", "--all", "--require-approval", "never", folder=folder)
        self.watch_for_late_data(enabled=False)

    def client(self, service: str) -> Any:
        any_client: Any = boto3.client  # its overloads know literal names only
        return any_client(
            service,
            endpoint_url=self.variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.variables["AWS_REGION"],
        )

    def watch_for_late_data(self, *, enabled: bool) -> None:
        functions = self.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)

    def deliver(self, day: str, folder: Path, *defects: str, rows: int = 1000) -> None:
        generator = [sys.executable, str(ROOT / "data" / "sample_raw" / "generate_events.py"), day, "--rows", str(rows)]
        subprocess.run([*generator, "--out", str(folder), *defects], check=True, stdout=subprocess.DEVNULL)
        for path in (folder / "raw").rglob(f"ingestion_date={day}/*"):
            self.client("s3").upload_file(str(path), self.bucket, str(path.relative_to(folder)))

    def machine_arn(self) -> str:
        region, account = self.variables["AWS_REGION"], self.variables["AWS_ACCESS_KEY_ID"]
        return f"arn:aws:states:{region}:{account}:stateMachine:{PIPELINE}"

    def start(self, day: str, **more: bool) -> str:
        arn: str = self.client("stepfunctions").start_execution(
            stateMachineArn=self.machine_arn(), input=json.dumps({"ingestion_date": day, **more})
        )["executionArn"]
        return arn

    def run(self, day: str, **more: bool) -> dict[str, Any]:
        arn, steps = self.start(day, **more), self.client("stepfunctions")
        ended: dict[str, Any] = until(lambda: ended_as(steps.describe_execution(executionArn=arn)))
        return ended

    def partitions(self) -> dict[str, str]:
        found = self.client("glue").get_partitions(DatabaseName="prod_data_pipeline", TableName="curated_events")
        return {item["Values"][0]: item["StorageDescriptor"]["Location"] for item in found["Partitions"]}

    def record(self, day: str) -> dict[str, Any]:
        key = f"publications/events/ingestion_date={day}.json"
        record: dict[str, Any] = json.load(self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"])
        return record

    def keys(self, prefix: str) -> list[str]:
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def quarantine(self, day: str) -> list[tuple[str, str]]:
        """Return the object and the text of each quarantined line of a day."""
        (key,) = (key for key in self.keys("quarantine/") if f"={day}/" in key and key.endswith(".parquet"))
        content = io.BytesIO(self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read())
        return [(row["source_object"], row["line"]) for row in pq.read_table(content).to_pylist()]

    def job_runs(self) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = self.client("glue").get_job_runs(JobName="prod-events-curation")["JobRuns"]
        return runs

    def query(self, sql: str) -> list[list[str]]:
        athena = self.client("athena")
        query_id = athena.start_query_execution(QueryString=sql, WorkGroup=WORKGROUP)["QueryExecutionId"]
        ended = until(lambda: ended_query(athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]))
        assert ended["Status"]["State"] == "SUCCEEDED", ended["Status"]
        rows = athena.get_query_results(QueryExecutionId=query_id)["ResultSet"]["Rows"]
        return [[value.get("VarCharValue", "") for value in row["Data"]] for row in rows]

    def messages(self, about: str) -> list[dict[str, Any]]:
        outbox = self.state / "outbox.jsonl"
        lines = outbox.read_text(encoding="utf-8").splitlines() if outbox.exists() else []
        return [message for message in map(json.loads, lines) if about in message["subject"]]


def ended_as(execution: dict[str, Any]) -> dict[str, Any] | None:
    return None if execution["status"] == "RUNNING" else execution


def ended_query(execution: dict[str, Any]) -> dict[str, Any] | None:
    return None if execution["Status"]["State"] in {"QUEUED", "RUNNING"} else execution


def until(found: Callable[[], Any], *, seconds: float = RUN_SECONDS, every: float = 0.2) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(every)
    return answer


def scripts(state: Path) -> list[int]:
    """The processes that work in the folder of a job run."""
    return _processes_that_name(state / "job-runs")


def jvms(state: Path) -> list[int]:
    """The JVMs of job runs, those that wait for the next run included."""
    return _processes_that_name(state / "jvms", after="java.io.tmpdir=")


def held_scripts(state: Path) -> list[int]:
    """Wait until a script has begun its work and let it go no further, however fast it is; `released` undoes it.

    What guards it goes on, and ends it when the emulator ends.
    """
    # A run in a warm JVM is over a second later: on a busy machine a longer pause would miss its end.
    found: list[int] = until(lambda: [process for process in scripts(state) if _is_at_work(process, state)], every=0.02)
    for process in found:
        os.kill(process, signal.SIGSTOP)
    return found


def released(processes: list[int]) -> None:
    for process in processes:
        os.kill(process, signal.SIGCONT)


def _is_at_work(process: int, state: Path) -> bool:
    """Tell whether a process is a script that has listed its raw data; what guards one is none."""
    command = _command(process)
    [folder] = re.findall(rf"{re.escape(str(state))}/job-runs/[^/]+", command)[:1] or [""]
    log = Path(folder) / "log.txt"
    return "process_guard.py" not in command and log.exists() and "listed " in log.read_text(encoding="utf-8")


def _processes_that_name(folder: Path, *, after: str = "") -> list[int]:
    processes = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return [process for process in processes if f"{after}{folder}" in _command(process)]


def _command(process: int) -> str:
    """Return the command of a process; none of one that has just ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
