"""`pipeline` and spark-submit on a directory, without any AWS: the README's own commands, with the real Spark."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.unit.programs import ROOT

RUN_SECONDS = 600
README = (ROOT / "README.md").read_text(encoding="utf-8")
DAY, SECOND_DAY = "2025-01-01", "2025-01-02"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"COLUMNS": "200", "SPARK_LOCAL_IP": "127.0.0.1"}
    return subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=RUN_SECONDS
    )


def pipeline(shop: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "cli", *arguments, "--data_uri", str(shop))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def outputs(shop: Path) -> list[str]:
    """What the README's commands say, one after the other, in a shell that knows nothing of the environment."""
    section = README.partition("### Without any AWS")[2].partition("\n## ")[0]
    commands = re.findall(r"^\$ (.+)$", section, re.MULTILINE)
    script = "\necho @@@\n".join(commands).replace("/tmp/shop", str(shop))  # noqa: S108  as in the README
    venv = str(Path(sys.executable).parent)
    path = os.pathsep.join(folder for folder in os.environ["PATH"].split(os.pathsep) if folder != venv)
    result = run("env", f"PATH={path}", "bash", "-euc", script)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.split("@@@\n")


def test_the_readmes_commands_work_one_after_the_other(outputs: list[str]) -> None:
    generated, ran, reported, _, submitted = outputs
    assert "10000 rows" in generated
    assert f"{DAY}: published run" in ran
    assert re.search(r"user_id_null_rate +user_id +1\S* % +<= 3 % +error +passed", reported)
    assert json.loads(submitted.splitlines()[-1])["status"] == "unchanged"


@pytest.mark.usefixtures("outputs")
class TestRun:
    def test_unchanged_input_is_exit_code_0_and_json_is_the_outcome(self, shop: Path) -> None:
        result = pipeline(shop, "run", DAY, "--json")
        assert result.returncode == 0
        assert json.loads(result.stdout)["status"] == "unchanged"

    def test_a_day_without_raw_data_is_exit_code_1_and_says_where_it_was_looked_for(self, shop: Path) -> None:
        result = pipeline(shop, "run", "2025-01-09")
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("pipeline: raw_missing: 2025-01-09: no raw data below file://")

    def test_what_spark_said_is_kept_in_a_log(self, shop: Path) -> None:
        generate = [sys.executable, "data/sample_raw/generate_events.py", SECOND_DAY, "--rows", "2000"]
        run(*generate, "--out", str(shop), "--malformed-rows", "6", "--bad-type-rows", "4")
        result = pipeline(shop, "run", SECOND_DAY)
        assert (result.returncode, result.stderr) == (0, "")
        assert "WARN" not in result.stdout
        log = max((ROOT / ".data" / "logs").glob(f"events-{SECOND_DAY}-*.log"))
        assert "listed 1 objects" in log.read_text(encoding="utf-8")

    def test_the_runbooks_query_counts_quarantined_lines_by_reason(self, shop: Path) -> None:
        runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
        query = runbook.partition("```sql\n")[2].partition(";\n```")[0].replace(DAY, SECOND_DAY)
        rows = duckdb.sql(query.replace("'quarantine/", f"'{shop}/quarantine/")).fetchall()
        source = f"raw/source_system=app/ingestion_date={SECOND_DAY}/events.json"
        assert (source, "not one JSON object", 2) in {row[1:4] for row in rows}
        assert {run_id: sum(row[3] for row in rows if row[0] == run_id) for run_id in {row[0] for row in rows}} == {
            folder.name.partition("=")[2]: 10
            for folder in (shop / "quarantine" / "events" / f"ingestion_date={SECOND_DAY}").iterdir()
        }
