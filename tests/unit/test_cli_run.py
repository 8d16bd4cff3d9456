"""`pipeline run` with a spark-submit that does what the test says; real runs are in tests/spark and tests/faults."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli import spark
from tests.unit.programs import ROOT, Result, executable
from tests.unit.shop import DAY


class TestRun:
    @pytest.fixture
    def spark(self, tmp_path: Path) -> Path:
        (tmp_path / "pyspark").mkdir()
        (tmp_path / "pyspark" / "__init__.py").touch()
        return tmp_path / "pyspark" / "bin" / "spark-submit"

    def test_options_that_people_set_for_java_are_left_alone(
        self, spark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With two garbage collectors, Java does not start."""
        executable(spark, f'echo "$@" > {tmp_path}/asked; {self.outcome("published")}')
        self.run(spark)
        assert "-XX:+UseSerialGC" in (tmp_path / "asked").read_text(encoding="utf-8")
        monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:+UseParallelGC")
        self.run(spark)
        assert "-XX:+UseSerialGC" not in (tmp_path / "asked").read_text(encoding="utf-8")

    def start(self, spark: Path, *arguments: str, command: Sequence[str] = ("run", str(DAY))) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "cli", *command, "--data_uri", str(spark.parent), *arguments]
        environment = os.environ | {"PYTHONPATH": str(spark.parents[2]), "JAVA_HOME": "/fitting/java"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)  # type: ignore[call-overload, no-any-return]

    def run(self, spark: Path, *arguments: str, command: Sequence[str] = ("run", str(DAY))) -> Result:
        with self.start(spark, *arguments, command=command) as process:
            out, err = process.communicate(timeout=60)
            return Result(process.returncode, out, err)

    def outcome(self, status: str, **more: Any) -> str:
        counts = {"rows_read": 1010, "rows_written": 985, "duplicates_removed": 15, "rows_quarantined": 10}
        facts = {"status": status, "run_id": "R", "ingestion_date": str(DAY), "message": None, **counts, **more}
        return f"echo '{json.dumps(facts)}'"

    def test_a_published_day_is_one_line_and_exit_code_0(self, spark: Path) -> None:
        executable(spark, self.outcome("published"))
        result = self.run(spark)
        assert (result.exit_code, result.err) == (0, "")
        said = "2025-01-01: published run R: 1,010 rows read, 985 written, 15 duplicates removed, 10 quarantined"
        assert " ".join(result.out.split()) == f"{said} (why: pipeline report 2025-01-01 --data_uri {spark.parent})"

    def test_warnings_of_a_published_day_are_told_on_the_same_line(self, spark: Path) -> None:
        remarks = ["2 warnings: null rate of customer_id is 100 %, limit 5 %, and 1 more", "no column reads customerId"]
        executable(spark, self.outcome("published", remarks=remarks))
        said = " ".join(self.run(spark).out.split())
        assert said.startswith("2025-01-01: published run R: 1,010 rows read, ")
        assert said.endswith(f"; {'; '.join(remarks)}")

    def test_a_refused_day_is_one_line_on_stderr_and_exit_code_1(self, spark: Path) -> None:
        executable(spark, f"{self.outcome('gate_failed', message='null rate is 12 %, limit 3 %')}; exit 1")
        result = self.run(spark)
        assert (result.exit_code, result.out) == (1, "")
        assert result.err.startswith("pipeline: gate_failed: null rate is 12 %, limit 3 %; log ")

    def test_json_is_the_jobs_outcome_whatever_it_is(self, spark: Path) -> None:
        executable(spark, f"echo Traceback; {self.outcome('gate_failed')}; exit 1")
        result = self.run(spark, "--json")
        assert result.exit_code == 1
        assert json.loads(result.out)["status"] == "gate_failed"

    def test_a_job_without_an_outcome_fails_and_names_the_log_and_its_last_line(self, spark: Path) -> None:
        executable(spark, f"{self.outcome('published')}; echo Exception: no memory >&2; echo bye; exit 137")
        result = self.run(spark)
        assert result.exit_code == 1
        assert "exit code 137 and no outcome: bye; log " in result.err
        log = Path(result.err.split("log ")[-1].strip())
        assert "Exception: no memory" in log.read_text(encoding="utf-8")

    def test_a_job_without_an_outcome_is_a_date_of_a_backfill_that_failed(self, spark: Path) -> None:
        executable(spark, f'case "$*" in *{DAY}*) exit 52 ;; *) {self.outcome("published")} ;; esac')
        days = (str(DAY), str(DAY + timedelta(days=2)))
        result = self.run(spark, "--continue", command=("backfill", *days))
        assert result.exit_code == 1
        assert f"{DAY}: error: the job ended with exit code 52 (Spark ran out of memory) and no outcome" in result.out
        assert result.out.count("published run R") == 2
        assert f"1 of 3 dates failed: {DAY}; fix the cause" in result.err
        assert "1 of 3 dates failed: 2025-01-01, 2 not started" in self.run(spark, command=("backfill", *days)).err

    def test_the_job_gets_its_arguments_and_listens_on_loopback_only(self, spark: Path, tmp_path: Path) -> None:
        executable(spark, f'echo "$@" $SPARK_LOCAL_IP > {tmp_path}/asked; {self.outcome("published")}')
        self.run(spark, "--force", "--catalog_database", "lake")
        asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
        contract = ROOT / "contracts" / "events.odcs.yaml"
        wanted = [
            f"--ingestion_date={DAY}",
            f"--data_uri=file://{spark.parent}",
            f"--contract={contract}",
            "--force=true",
        ]
        assert asked[asked.index(str(ROOT / "glue_src" / "curate_job.py")) + 1 :] == [
            *wanted,
            "--catalog_database=lake",
            "127.0.0.1",
        ]
        assert {"spark.ui.enabled=false", "spark.driver.bindAddress=127.0.0.1"} <= set(asked)

    @pytest.mark.parametrize(
        ("name", "size", "is_short"),
        [
            ("a.json", 128_000_000, True),
            ("a.json", 128_000_001, False),
            ("a.json.GZ", 12_800_000, True),
            ("a.json.GZ", 12_800_001, False),
        ],
    )
    def test_java_compiles_as_much_as_the_raw_data_is_worth(
        self, spark: Path, tmp_path: Path, name: str, size: int, *, is_short: bool
    ) -> None:
        executable(spark, f'echo "$@" > {tmp_path}/asked; {self.outcome("published")}')
        path = spark.parent / "raw" / "source_system=app" / f"ingestion_date={DAY}" / name
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            file.truncate(size)
        self.run(spark)
        asked = (tmp_path / "asked").read_text(encoding="utf-8")
        assert ("-XX:TieredStopAtLevel=1" in asked) is is_short

    @pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
    @pytest.mark.usefixtures("interruptible")
    def test_stopping_it_stops_spark(self, spark: Path, tmp_path: Path, sent: signal.Signals) -> None:
        executable(spark, f"sleep 300 & echo $! > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/child; wait")
        with self.start(spark) as process:
            wait_for((tmp_path / "child").exists)
            process.send_signal(sent)
            process.communicate(timeout=30)
        assert process.returncode == 128 + sent
        child = int((tmp_path / "child").read_text(encoding="utf-8"))
        wait_for(lambda: not is_running(child))


def test_a_killed_spark_is_told_by_the_exit_code_that_shells_and_the_runbook_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark, "spark_home", lambda: tmp_path)
    executable(tmp_path / "bin" / "spark-submit", "kill -9 $$")
    job = spark.Submission(ingestion_date=DAY, data_uri="file:///x", contract="x", log=tmp_path / "log", force=False)
    with pytest.raises(spark.NoOutcome, match="ended with exit code 137 and no outcome"):
        spark.submit(job, environment={"JAVA_HOME": "/fitting/java"}, on_step=print)


def test_stopping_it_while_spark_is_being_started_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = subprocess.Popen, []

    def start_and_stop(*given: Any, **options: Any) -> subprocess.Popen[str]:
        started.append(start(*given, **options))
        signal.raise_signal(signal.SIGINT)
        return started[0]

    monkeypatch.setattr(spark, "spark_home", lambda: tmp_path)
    monkeypatch.setattr(subprocess, "Popen", start_and_stop)
    executable(tmp_path / "bin" / "spark-submit", "sleep 300")
    job = spark.Submission(ingestion_date=DAY, data_uri="file:///x", contract="x", log=tmp_path / "log", force=False)
    with pytest.raises(KeyboardInterrupt):
        spark.submit(job, environment={"JAVA_HOME": "/fitting/java"}, on_step=print)
    assert not is_running(started[0].pid)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_stops_the_command_as_before_where_spark_could_not_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark, "spark_home", lambda: tmp_path)
    job = spark.Submission(ingestion_date=DAY, data_uri="file:///x", contract="x", log=tmp_path / "log", force=False)
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(FileNotFoundError):
        spark.submit(job, environment={"JAVA_HOME": "/fitting/java"}, on_step=print)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_at_any_moment_is_no_traceback(tmp_path: Path) -> None:
    """Also while packages are loaded, which is most of the time of a short command."""
    words = [sys.executable, "-m", "cli", "overview", "--data_uri", str(tmp_path)]
    started = time.monotonic()
    subprocess.run(words, cwd=ROOT, capture_output=True, check=False, timeout=60)
    seconds = time.monotonic() - started
    for moment in (0.2, 0.5, 0.8):
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            time.sleep(moment * seconds)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        assert "Traceback" not in said, (moment, said)
        assert process.returncode in (-signal.SIGINT, 128 + signal.SIGINT, 0, 1), (moment, said)


def wait_for(condition: Any, *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still waiting after {seconds} seconds"
        time.sleep(0.05)


def is_running(process_id: int) -> bool:
    try:
        status = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
