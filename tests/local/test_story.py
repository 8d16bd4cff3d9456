"""`make run` and the README's own commands, with the real Spark."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.unit.programs import ROOT

STORY_SECONDS = 900  # a story takes one to three minutes; a machine with other work may need far more
README = (ROOT / "README.md").read_text(encoding="utf-8")
DAYS = [f"2025-01-0{day}" for day in (1, 2, 3)]


def run(command: list[str], *, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"COLUMNS": "200"} | environment
    return subprocess.run(
        command, cwd=cwd, env=variables, capture_output=True, text=True, check=False, timeout=STORY_SECONDS
    )


def story(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "cli.story", *arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("told") / "story"


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    result = story("--folder", str(folder), "--rows", "2000")
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def pipeline(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "cli", *arguments, "--data_uri", str(folder)])


class TestStory:
    def test_three_days_are_published_and_late_events_added(self, told: str) -> None:
        published = re.findall(r"^(2025-\S+): published run \S+: ([0-9,]+) rows read", told, re.MULTILINE)
        assert published == [(DAYS[0], "2,000"), (DAYS[1], "2,000"), (DAYS[2], "2,000"), (DAYS[1], "2,260")]
        assert f"{DAYS[0]}: nothing to do, already published" in told

    def test_the_refused_day_names_the_check_with_value_and_limit_and_serves_the_version_before(
        self, told: str, folder: Path
    ) -> None:
        assert re.search(r"user_id_null_rate +user_id +12 % +<= 3 % +error +failed", told)
        first_run = re.search(rf"{DAYS[2]}: published run (\S+):", told)
        assert first_run is not None
        assert f"readers of {DAYS[2]} still get the version of run {first_run[1]}" in told
        record = json.loads((folder / "publications" / "events" / f"ingestion_date={DAYS[2]}.json").read_bytes())
        assert record["current"]["run_id"] == first_run[1]

    def test_quarantine_shows_lines_with_their_reason(self, told: str) -> None:
        assert re.search(r"6 +not one JSON object", told)
        assert re.search(r"2 +value does not fit its type: quantity is not int: three", told)

    def test_the_runbooks_query_counts_quarantined_lines_by_reason(self, told: str, folder: Path) -> None:
        runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
        query = runbook.partition("```sql\n")[2].partition(";\n```")[0]
        rows = duckdb.sql(query.replace("'quarantine/", f"'{folder}/quarantine/")).fetchall()
        assert told
        assert rows[0][:3] == (
            f"raw/source_system=app/ingestion_date={DAYS[0]}/events.json",
            "not one JSON object",
            6,
        )

    def test_the_rollback_is_undone_at_the_end(self, told: str) -> None:
        rolled_back = re.findall(rf"{DAYS[1]}: run (\S+) with ([0-9,]+) rows is published again", told)
        assert [rows for _, rows in rolled_back] == ["1,990", "2,240"]

    def test_all_six_runs_are_listed_with_their_status(self, told: str) -> None:
        runs = told.partition("All runs")[2].partition("What readers see")[0]
        found = re.findall(r"(2025-\S+) +\S+ +(published|unchanged|gate_failed) ", runs)
        one, two, three = DAYS
        assert found == [
            (one, "published"), (one, "unchanged"), (two, "published"),
            (two, "published"), (three, "published"), (three, "gate_failed"),
        ]  # fmt: skip

    def test_the_query_counts_the_rows_of_the_published_versions(self, told: str, folder: Path) -> None:
        records = [json.loads(path.read_bytes()) for path in sorted((folder / "publications" / "events").iterdir())]
        expected = [(record["ingestion_date"], str(record["current"]["rows_written"])) for record in records]
        query = told.partition("FROM prod_data_pipeline.curated_events")[2]
        assert re.findall(r"(2025-\S+) +([0-9]+) *$", query, re.MULTILINE) == expected

    def test_what_spark_said_is_kept_in_a_log_per_run(self, told: str, folder: Path) -> None:
        assert "WARN" not in told
        logs = sorted(path.name for path in (folder / "logs").iterdir())
        assert len(logs) == 6
        assert "listed 1 objects" in (folder / "logs" / logs[0]).read_text(encoding="utf-8")

    def test_the_commands_it_ends_with_work(self, told: str) -> None:
        commands = re.findall(r"^  \./pipeline (.+)$", told, re.MULTILINE)
        assert len(commands) == 2
        for command in commands:
            result = run([sys.executable, "-m", "cli", *shlex.split(command)])
            assert (result.returncode, result.stderr) == (0, "")

    def test_the_readme_shows_its_chapters_and_results_as_they_are(self, told: str) -> None:
        shown = README.partition("$ make run\n")[2].partition("```")[0]
        chapters = re.findall(r"^(.+?) ─+$", shown, re.MULTILINE)
        headings = re.findall(r"^ date +.+$|^ check +.+$", shown, re.MULTILINE)
        assert len(chapters) == 6
        assert len(headings) == 3
        assert [chapter for chapter in chapters if f"\n{chapter} ──" not in told] == []
        assert {" ".join(line.split()) for line in headings} <= {" ".join(line.split()) for line in told.splitlines()}

    def test_a_folder_of_somebody_else_is_not_emptied(self, tmp_path: Path) -> None:
        (tmp_path / "mine").touch()
        result = story("--folder", str(tmp_path))
        assert result.returncode == 1
        assert f"{tmp_path} holds files that no story made" in result.stderr
        assert (tmp_path / "mine").exists()


class TestRun:
    def test_unchanged_input_is_exit_code_0_and_json_is_the_outcome(self, told: str, folder: Path) -> None:
        assert told
        result = pipeline(folder, "run", DAYS[0], "--json")
        assert result.returncode == 0
        assert json.loads(result.stdout)["status"] == "unchanged"

    def test_a_day_without_raw_data_is_exit_code_1_and_says_where_it_was_looked_for(
        self, told: str, folder: Path
    ) -> None:
        assert told
        result = pipeline(folder, "run", "2025-01-09")
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("pipeline: raw_missing: 2025-01-09: no raw data below file://")


def test_the_readmes_commands_for_your_own_files_work_one_after_the_other(tmp_path: Path) -> None:
    block = README.partition("## Your own files")[2].partition("```\n")[0]
    commands = re.findall(r"^\$ (.+)$", block, re.MULTILINE)
    assert len(commands) == 3
    here = {"/tmp/shop": str(tmp_path), ".venv/bin/": f"{Path(sys.executable).parent}/"}  # noqa: S108  as in the README
    here |= {"./pipeline": f"{sys.executable} -m cli", "python3 ": f"{sys.executable} "}
    outputs = []
    for command in commands:
        for written, meant in here.items():
            command = command.replace(written, meant)  # noqa: PLW2901  one text, step by step
        result = run(shlex.split(command), SPARK_LOCAL_IP="127.0.0.1")
        assert result.returncode == 0, result.stderr
        outputs.append(result.stdout)
    assert "10000 rows" in outputs[0]
    assert json.loads(outputs[1].splitlines()[-1])["status"] == "published"
    assert re.search(r"user_id_null_rate +user_id +1\S* % +<= 3 % +error +passed", outputs[2])
