"""The real job under SIGKILL at random moments, while a reader follows the publication; and two real jobs at once."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from cli.spark_classes import short_run_options
from core.layout import DatasetPaths
from tests.faults.plain_runs import CONTRACT, DAY

_ROOT = Path(__file__).parents[2]
_PATHS = DatasetPaths(CONTRACT.name, CONTRACT.source_system)
_KILLS = 5
_ROWS = 400


def _start(root: Path) -> subprocess.Popen[str]:
    command = [
        str(Path(sys.executable).parent / "spark-submit"),
        "--master=local[2]",
        "--conf=spark.ui.enabled=false",
        "--conf=spark.driver.bindAddress=127.0.0.1",
        f"--conf=spark.driver.extraJavaOptions={short_run_options()}",
        str(_ROOT / "glue_src" / "curate_job.py"),
        f"--ingestion_date={DAY}",
        f"--data_uri=file://{root}",
        f"--contract={_ROOT / 'contracts' / 'events.odcs.yaml'}",
    ]
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )


def _outcome(process: subprocess.Popen[str]) -> dict[str, object]:
    output, _ = process.communicate(timeout=300)
    outcome: dict[str, object] = json.loads(output.strip().splitlines()[-1])
    return outcome


def _deliver(root: Path, delivery: int) -> None:
    folder = root / _PATHS.raw_prefix(DAY)
    folder.mkdir(parents=True, exist_ok=True)
    events = (
        {
            "event_id": f"{delivery}-{number}",
            "event_type": "login",
            "user_id": "user-1",
            "event_ts": "2025-01-01T12:00:00Z",
            "session_id": str(delivery),
        }
        for number in range(_ROWS)
    )
    (folder / f"delivery-{delivery}.json").write_text("".join(f"{json.dumps(event)}\n" for event in events))


def _served_deliveries(root: Path) -> set[str]:
    """Read what is published and check that it is one whole version; return which deliveries it is made of."""
    record = root / _PATHS.publication_key(DAY)
    if not record.exists():
        return set()
    current = json.loads(record.read_bytes())["current"]
    files = f"{current['location'].removeprefix('file://')}*.parquet"
    found = duckdb.execute("SELECT session_id, count(*) FROM read_parquet(?) GROUP BY 1", [files]).fetchall()
    assert {count for _, count in found} == {_ROWS}
    assert current["rows_written"] == _ROWS * len(found)
    return {delivery for delivery, _ in found}


def test_killed_at_random_moments_readers_see_whole_versions_and_the_next_run_cleans_up(tmp_path: Path) -> None:
    moments = random.Random(20250101)
    _deliver(tmp_path, 0)
    start = time.monotonic()
    assert _outcome(_start(tmp_path))["status"] == "published"
    seconds = time.monotonic() - start
    served = {"0"}
    for kill in range(1, _KILLS + 1):
        _deliver(tmp_path, kill)
        process = _start(tmp_path)
        # The sooner half of a run is Spark's start, where there is nothing to break.
        time.sleep(moments.uniform(0.5, 1.05) * seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        now_served = _served_deliveries(tmp_path)
        assert now_served >= served
        served = now_served
    _deliver(tmp_path, _KILLS + 1)
    assert _outcome(_start(tmp_path))["status"] == "published"
    assert _served_deliveries(tmp_path) == {str(number) for number in range(_KILLS + 2)}
    record = json.loads((tmp_path / _PATHS.publication_key(DAY)).read_bytes())
    recorded = {f"run_id={version['run_id']}" for version in (record["current"], *record["previous"])}
    assert {path.name for path in (tmp_path / _PATHS.versions_prefix(DAY)).iterdir()} == recorded
    assert list((tmp_path / _PATHS.leases_prefix(DAY)).glob("*.json")) == []


def test_two_jobs_of_one_date_at_once_publish_one_whole_version(tmp_path: Path) -> None:
    _deliver(tmp_path, 0)
    outcomes = [_outcome(process) for process in [_start(tmp_path), _start(tmp_path)]]
    statuses = sorted(str(outcome["status"]) for outcome in outcomes)
    assert statuses == ["published", "unchanged"]
    assert _served_deliveries(tmp_path) == {"0"}


@pytest.mark.parametrize("argument", ["--ingestion_date=2025-02-30", "--ingestion_date=../", "--force=maybe"])
def test_arguments_that_cannot_be_used_write_nothing(tmp_path: Path, argument: str) -> None:
    command = [
        str(Path(sys.executable)),
        str(_ROOT / "glue_src" / "curate_job.py"),
        argument,
        f"--data_uri=file://{tmp_path}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    outcome = json.loads(done.stdout.strip().splitlines()[-1])
    assert done.returncode != 0
    assert outcome["status"] == "invalid_arguments"
    assert {"run_id", "ingestion_date", "metrics_uri", "location", "rows_read", "rows_written"} <= set(outcome)
    assert outcome["message"] in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_jvm_that_dies_under_a_run_publishes_nothing_and_the_next_run_succeeds(tmp_path: Path) -> None:
    _deliver(tmp_path, 0)
    process = _start(tmp_path)
    lease_folder = tmp_path / _PATHS.leases_prefix(DAY)
    deadline = time.monotonic() + 120
    while not list(lease_folder.glob("*.json")):
        assert time.monotonic() < deadline, "the run took no lease"
        time.sleep(0.01)
    # spark-submit is the JVM here, and the job is its child.
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert _served_deliveries(tmp_path) == set()
    assert _outcome(_start(tmp_path))["status"] == "published"
    assert _served_deliveries(tmp_path) == {"0"}
    assert list(lease_folder.glob("*.json")) == []


@pytest.mark.parametrize("form", ["--{} {}", "--{}={}"])
def test_the_last_line_says_what_came_of_the_run_in_both_forms_of_arguments(tmp_path: Path, form: str) -> None:
    """Without Spark, because there is nothing to read."""
    given = {"ingestion_date": "2999-01-01", "data_uri": tmp_path.as_uri(), "contract": "contracts/events.odcs.yaml"}
    arguments = " ".join(form.format(name, value) for name, value in given.items()).split()
    command = [sys.executable, "glue_src/curate_job.py", *arguments]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=60)
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode != 0
    assert list(outcome) == [
        "status", "run_id", "ingestion_date", "metrics_uri", "location",
        "rows_read", "rows_quarantined", "duplicates_removed", "rows_written", "message", "remarks",
    ]  # fmt: skip
    assert (outcome["status"], outcome["ingestion_date"]) == ("raw_missing", "2999-01-01")
    content = Path(outcome["metrics_uri"].removeprefix("file://")).read_bytes()
    assert json.loads(content)["run_id"] == outcome["run_id"]
    assert content.count(b"\n") == 1, "Athena reads one JSON object per line"
