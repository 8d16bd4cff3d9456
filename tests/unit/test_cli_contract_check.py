"""`pipeline contract check` and `pipeline contract json` over files."""

import json
from pathlib import Path

import pytest

from contract import load_contract
from tests.unit.pipeline_command import Pipeline
from tests.unit.programs import ROOT

EVENTS = ROOT / "contracts" / "events.odcs.yaml"
WEB_ACCESS = ROOT / "tests" / "contracts" / "web_access.odcs.yaml"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.json"
    path.write_text("{}", encoding="utf-8")
    return path


def test_check_prints_one_whole_line_per_contract(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    result = pipeline("contract", "check", str(EVENTS), str(WEB_ACCESS))
    first, second = result.out.splitlines()
    assert (result.exit_code, result.err) == (0, "")
    assert first == f"{EVENTS}: events 1.1.0 -> curated_events, 11 columns, 9 rules, key event_id"
    assert second.startswith(f"{WEB_ACCESS}: web_access 1.0.0 -> curated_web_access, 10 columns, ")


@pytest.mark.parametrize("command", ["check", "json"])
def test_one_bad_file_fails_the_command_and_the_others_are_still_read(
    pipeline: Pipeline, bad: Path, command: str
) -> None:
    result = pipeline("contract", command, str(bad), str(EVENTS))
    assert result.exit_code == 1
    assert "events" in result.out
    assert f"{bad}: " in result.err
    assert "kind: is required" in result.err


@pytest.mark.parametrize("command", ["check", "json"])
def test_a_folder_stands_for_the_contracts_in_it(pipeline: Pipeline, tmp_path: Path, command: str) -> None:
    empty = pipeline("contract", command, str(tmp_path))
    assert (empty.exit_code, f"{tmp_path} holds no contract; add one as" in empty.err) == (2, True)
    for path in (EVENTS, WEB_ACCESS):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "contracts.txt").write_text("none", encoding="utf-8")
    whole = pipeline("contract", command, str(tmp_path))
    assert (whole.exit_code, whole.err) == (0, "")
    assert whole.out == pipeline("contract", command, *map(str, sorted(tmp_path.glob("*.odcs.yaml")))).out
    assert len(whole.out.splitlines()) == 2


def test_check_as_json_has_the_problems_of_each_file(pipeline: Pipeline, bad: Path) -> None:
    result = pipeline("contract", "check", str(bad), str(EVENTS), "--json")
    refused, usable = json.loads(result.out)
    assert (refused["file"], refused["usable"]) == (str(bad), False)
    assert "kind: is required" in refused["problems"]
    assert usable == {
        "file": str(EVENTS), "usable": True, "problems": [], "name": "events", "version": "1.1.0",
        "table": "curated_events", "columns": 11, "rules": 9, "primary_key": ["event_id"],
    }  # fmt: skip


def test_a_contract_that_was_converted_to_json_is_the_same_contract(pipeline: Pipeline, tmp_path: Path) -> None:
    converted = tmp_path / "events.json"
    converted.write_text(pipeline("contract", "json", str(EVENTS)).out, encoding="utf-8")
    assert load_contract(converted) == load_contract(EVENTS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing command. See: pipeline contract --help"),
        (("chek",), "Did you mean 'check'?"),
        (("check",), "'FILE...'"),
    ],
)
def test_wrong_use_is_explained(pipeline: Pipeline, arguments: tuple[str, ...], words: str) -> None:
    result = pipeline("contract", *arguments)
    assert (result.exit_code, result.out) == (2, "")
    assert words in result.err
