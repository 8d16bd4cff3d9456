"""`make run`, told once on generated days and then with a person's own files, on one embedded AWS."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.iam.__main__ import RECORDED
from tests.unit.programs import ROOT

STORY_SECONDS = 900  # a story takes two to three minutes; a machine with other work may need far more
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST, SECOND, THIRD, FOURTH = DAYS = [f"2025-01-0{day}" for day in (1, 2, 3, 4)]
OWN_DAY = "2025-03-09"


class Teller:
    """`make run` and `pipeline`, as a shell would start them, with a cloud of their own that records its calls."""

    def __init__(self, state: Path) -> None:
        self.state = state

    def make_run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._python("-m", "cli.make_run", *arguments)

    def pipeline(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._python("-m", "cli", *arguments, **self.variables())

    def variables(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._python("-m", "cli", "local", "env", "--json").stdout)
        return found

    def proof_of_permissions(self) -> subprocess.CompletedProcess[str]:
        return self._python("-m", "tests.iam", "--told", str(self.state))

    def _python(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        own = {"PIPELINE_LOCAL_STATE": str(self.state), "COLUMNS": "200", **RECORDED}
        environment = os.environ | own | variables
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=STORY_SECONDS,
        )


@pytest.fixture(scope="module")
def teller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    teller = Teller(tmp_path_factory.mktemp("story") / "cloud")
    yield teller
    assert teller.pipeline("local", "down").returncode == 0


@pytest.fixture(scope="module")
def told(teller: Teller) -> str:
    result = teller.make_run("--rows", "2000")
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def chapter(told: str, beginning: str) -> str:
    found = re.search(rf"^{re.escape(beginning)}.* ──+\n((?:(?!.* ──+$).*\n)*)", told, re.MULTILINE)
    assert found is not None, f"no chapter {beginning!r} in\n{told}"
    return found[1]


class TestStory:
    def test_one_day_is_published_and_then_left_alone(self, told: str) -> None:
        text = chapter(told, "Raw events of")
        assert "$ python3 data/sample_raw/generate_events.py " in text
        assert re.search(rf"^{FIRST}: published run \S+: 2,000 rows read", text, re.MULTILINE)
        assert f"{FIRST}: nothing to do, already published" in text

    def test_the_backfill_refuses_the_bad_day_names_the_check_and_goes_on_when_it_is_mended(self, told: str) -> None:
        text = chapter(told, "A backfill of three days")
        assert re.search(rf"{THIRD} +failed .*null rate of user_id is 12 %, limit 3 %", text)
        resumed = text.rpartition("$ pipeline backfill")[2]
        outcomes = re.findall(rf"^ ({SECOND}|{THIRD}|{FOURTH}) +([a-z]+)", resumed, re.MULTILINE)
        assert outcomes == [(SECOND, "unchanged"), (THIRD, "published"), (FOURTH, "unchanged")]

    def test_the_alert_is_shown_as_it_lies_in_the_outbox(self, told: str, teller: Teller) -> None:
        assert f"[events] {THIRD} failed: " in chapter(told, "A backfill of three days")
        messages = json.loads(teller.pipeline("outbox", "--last", "100", "--json").stdout)
        assert [message["to"] for message in messages if f"{THIRD} failed" in message["subject"]] == [
            ["you@example.com"]
        ]

    def test_late_data_starts_a_rerun_by_itself(self, told: str) -> None:
        text = chapter(told, "Late data")
        assert re.search(rf"^\$ pipeline follow late-events-{SECOND}-[\w-]+$", text, re.MULTILINE)
        assert re.search(rf"^{SECOND}: published run \S+: 2,260 rows read", text, re.MULTILINE)

    def test_the_rollback_is_undone_at_the_end(self, told: str) -> None:
        rolled_back = re.findall(rf"{SECOND}: run \S+ with ([0-9,]+) rows is published again", told)
        assert rolled_back == ["1,990", "2,240"]

    def test_all_runs_are_listed_with_their_status(self, told: str) -> None:
        found = re.findall(r"(2025-\S+) +\S+ +(published|unchanged|gate_failed) ", chapter(told, "All runs"))
        assert found == [
            (FIRST, "published"), (SECOND, "published"), (SECOND, "published"),
            (THIRD, "gate_failed"), (THIRD, "published"), (FOURTH, "published"),
        ]  # fmt: skip

    def test_the_query_counts_the_rows_of_the_published_versions(self, told: str, teller: Teller) -> None:
        published = json.loads(teller.pipeline("status", "--json").stdout)
        expected = [(record["ingestion_date"], f"{record['current']['rows_written']:,}") for record in published]
        assert [day for day, _ in expected] == DAYS
        query = told.partition("$ pipeline query")[2]
        assert re.findall(r"^ (2025-\S+) +([0-9,]+) *$", query, re.MULTILINE) == expected

    def test_the_commands_it_ends_with_work(self, told: str, teller: Teller) -> None:
        commands = re.findall(r"^  \./pipeline (.+)$", told, re.MULTILINE)
        assert len(commands) == 4
        for command in commands:
            result = teller.pipeline(*shlex.split(command))
            assert (result.returncode, result.stderr) == (0, "")

    def test_the_readme_shows_its_chapters_and_headings_as_they_are(self, told: str) -> None:
        shown = README.partition("$ make run\n")[2].partition("```")[0]
        chapters = re.findall(r"^(.+?) ─+$", shown, re.MULTILINE)
        headings = re.findall(r"^ date +.+$", shown, re.MULTILINE)
        assert len(chapters) == 7
        assert len(headings) == 3
        assert [chapter for chapter in chapters if f"\n{chapter} ──" not in told] == []
        assert {" ".join(line.split()) for line in headings} <= {" ".join(line.split()) for line in told.splitlines()}


@pytest.fixture(scope="module")
def own(told: str, teller: Teller, tmp_path_factory: pytest.TempPathFactory) -> str:
    assert told
    folder = tmp_path_factory.mktemp("own")
    script = str(ROOT / "data" / "sample_raw" / "generate_events.py")
    subprocess.run([sys.executable, script, OWN_DAY, "--rows", "500", "--out", str(folder)], check=True)
    (raw,) = (folder / "raw").rglob("*.json")
    result = teller.make_run("--date", OWN_DAY, "--data", str(raw))
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


class TestOwnFiles:
    def test_are_uploaded_run_reported_and_queried(self, own: str) -> None:
        assert re.search(rf"^{OWN_DAY}: published run \S+: 500 rows read", own, re.MULTILINE)
        assert re.search(r"user_id_null_rate +user_id +\S+ % +<= 3 % +error +passed", own)
        assert "event_type" in own

    def test_are_not_emptied_away_by_the_next_story(self, own: str, teller: Teller) -> None:
        assert own
        result = teller.make_run()
        assert (result.returncode, result.stdout) == (1, "")
        assert (
            f"{teller.state} contains data that `make run` did not create; `pipeline local reset` deletes it"
            in result.stderr
        )
        assert OWN_DAY in teller.pipeline("status").stdout

    def test_that_do_not_count_as_raw_data_are_refused_before_anything_is_deployed(
        self, teller: Teller, tmp_path: Path
    ) -> None:
        (tmp_path / "notes.txt").write_text("{}", encoding="utf-8")
        result = teller.make_run("--date", OWN_DAY, "--data", str(tmp_path))
        assert result.returncode == 1
        assert "holds nothing that counts as raw data: notes.txt: " in result.stderr

    def test_go_with_a_date(self, teller: Teller, tmp_path: Path) -> None:
        result = teller.make_run("--data", str(tmp_path))
        assert (result.returncode, result.stdout) == (2, "")
        assert "give both: make run DATE=2025-01-31 DATA=file.json" in result.stderr

    @pytest.mark.parametrize("alone", [("--date", OWN_DAY), ("--contract", "events")])
    def test_are_meant_by_what_only_they_need(self, teller: Teller, alone: tuple[str, str]) -> None:
        result = teller.make_run(*alone)
        assert (result.returncode, result.stdout) == (2, "")
        assert "goes with DATA; give both: make run DATE=2025-01-31 DATA=file.json" in result.stderr

    def test_make_hands_them_on(self) -> None:
        make = shutil.which("make")
        assert make is not None
        asked = ["run", "DATE=2025-01-31", "DATA=my file.json", "CONTRACT=contracts/events.odcs.yaml"]
        result = subprocess.run([make, "-n", *asked], cwd=ROOT, capture_output=True, text=True, check=True)
        assert (
            '-m cli.make_run --date "2025-01-31" --data "my file.json" --contract "contracts/events.odcs.yaml"'
            in result.stdout
        )


def test_all_that_is_called_is_allowed_and_all_that_is_allowed_is_called(own: str, teller: Teller) -> None:
    assert own
    result = teller.proof_of_permissions()
    assert result.returncode == 0, result.stdout + result.stderr
