"""What the documents tell people to type exists, and what exists is told. Commands with Spark run in tests/local."""

import json
import os
import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer

from cli.app import app
from cli.errors import WrongUse
from tests.unit.programs import ROOT, run
from tests.unit.shop import DAY, Shop

GROUP: Any = typer.main.get_command(app)
README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CHANGELOG.md", ROOT / "local_cloud" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = [
    f"{name} {part}".strip() for name, command in GROUP.commands.items() for part in getattr(command, "commands", [""])
]
VALUES = {
    "DATE": "2025-01-01", "START": "2025-01-01", "END": "2025-01-03", "RUN_ID": "20250102T030000Z-00000001", "N": "2",
    "EXECUTION": "run-2025-01-01-0123abcd", "SQL": "'SELECT 1'", "FILE": "contracts/events.odcs.yaml",
}  # fmt: skip


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def typed_commands(document: str) -> list[str]:
    """Return every `pipeline …` in code: whole lines of blocks, and inline code."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", document, flags=re.MULTILINE | re.DOTALL))
    found = [re.fullmatch(r"(?:\./)?pipeline ([a-z-]+ ?.*)", line) for line in [*lines, *inline]]
    return [match[1].partition("  #")[0].strip() for match in found if match]


def variants(command: str) -> list[list[str]]:
    """Return the command with and without what stands in brackets."""
    filled = command
    for placeholder, value in VALUES.items():
        filled = re.sub(rf"\b{placeholder}\b", value, filled)
    return [shlex.split(re.sub(r"\[[^]]*]", "", filled)), shlex.split(re.sub(r"[][]", "", filled))]


def parse(words: list[str]) -> None:
    """Parse a command line as `pipeline` would, and carry nothing out."""
    outer = GROUP.make_context("pipeline", ["status"])
    command, found, rest = GROUP.resolve_command(outer, words)
    if hasattr(found, "commands"):
        outer = found.make_context(command, rest[:1], parent=outer)
        command, found, rest = found.resolve_command(outer, rest)
    found.make_context(command, rest, parent=outer)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_pipeline_command_in_a_document_is_one(path: Path) -> None:
    for command in typed_commands(text(path)):
        for words in variants(command):
            try:
                parse(words)
            except (WrongUse, typer.TyperException) as wrong:
                if " ".join(words) not in COMMANDS:  # the bare name of a command is no command line
                    pytest.fail(f"{name(path)}: pipeline {command}: {wrong}")


def test_every_pipeline_command_is_in_the_readme() -> None:
    told = [" ".join(words) for command in typed_commands(text(README)) for words in variants(command)]
    assert [command for command in COMMANDS if not any(f"{line} ".startswith(f"{command} ") for line in told)] == []


def test_the_readme_finds_documented_commands_at_all() -> None:
    assert "rollback DATE [--to RUN_ID]" in typed_commands(text(README))
    assert "rollback 2025-01-02" in typed_commands(text(ROOT / "docs" / "runbook.md"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as end:
        parse([*command.split(), "--help"])
    assert end.value.exit_code == 0
    out = capsys.readouterr().out
    assert "--json" in out or "JSON" in out.split("Options:")[0]  # an option, or what the command is for


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_make_target_in_a_document_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^\$ )make ([a-z][a-z0-9-]*)", text(path), re.MULTILINE)) <= targets


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"]\(([^)#\s]*)(#[^)\s]*)?\)", text(path)):
        place, anchor = target
        if place.startswith("https://"):
            continue
        found = (path.parent / place).resolve() if place else path
        assert found.exists(), f"{name(path)} links to {place}"
        assert not anchor or anchor[1:] in anchors(found), f"{name(path)} links to {place}{anchor}"


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_file_that_the_readme_names_exists() -> None:
    names = re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|yaml|md)|(?:[\w.-]+/)+)`", text(README))
    assert "tests/spark/test_reruns.py" in names
    assert [name for name in names if not (ROOT / name).exists() and not (ROOT / "tests" / name).exists()] == []


def test_the_commands_without_aws_name_their_contract_so_that_a_second_one_is_not_in_their_way() -> None:
    section = text(README).partition("### Without any AWS")[2].partition("\n## ")[0]
    commands = re.findall(r"^\$ \./pipeline (.+)$", section, re.MULTILINE)
    assert commands
    assert [command for command in commands if "--contract events" not in command] == []


def test_the_query_on_quarantine_counts_no_line_once_for_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for run_id in ("r1", "r2"):
        folder = tmp_path / f"quarantine/events/ingestion_date=2025-01-01/run_id={run_id}"
        folder.mkdir(parents=True)
        row = f"SELECT 'x' AS line, 'no JSON' AS kind, 'a.json' AS source_object, '{run_id}' AS run_id"
        duckdb.sql(row).write_parquet(str(folder / "part-0.parquet"))
    section = text(ROOT / "docs" / "runbook.md").partition("## Look into quarantine")[2]
    documented = section.partition("```sql\n")[2].partition("```")[0]
    assert duckdb.sql(documented).fetchall() == [(run_id, "a.json", "no JSON", 1, "x") for run_id in ("r1", "r2")]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop")
    shop.publish(1)
    shop.refuse(2)
    return shop


def test_the_metrics_reference_has_every_field_of_a_metrics_object(shop: Shop) -> None:
    content = shop.store.read(shop.paths.metrics_key(DAY, shop.run_id(1)))
    assert content is not None
    metrics = json.loads(content.data)
    nested = [metrics["checks"][0], metrics["columns"]["event_type"], metrics["event_time"], metrics["schema_drift"]]
    fields = {*metrics, *(f"raw.{field}" for field in ("objects", "bytes", "fingerprint", "ignored"))} - {"raw"}
    fields |= {field for part in nested for field in part}
    told = set(re.findall(r"`([a-z_.]+)`", text(ROOT / "docs" / "metrics.md")))
    assert fields - told == set()


def test_the_metrics_references_queries_give_published_rates_and_failed_checks(shop: Shop) -> None:
    queries = re.findall(r"```sql\n(SELECT [^`]*read_json[^`]*);\n```", text(ROOT / "docs" / "metrics.md"))
    answers = [duckdb.sql(query.replace("/tmp/shop", str(shop.root))).fetchall() for query in queries]  # noqa: S108
    assert [[tuple(map(str, row)) for row in rows] for rows in answers] == [
        [("2025-01-01", "3.0", "3.0")],
        [("2025-01-01", shop.run_id(2), "user_id_null_rate", "3.1", "3.0")],
    ]


def test_the_pipeline_script_finds_its_environment_or_says_how_to_make_it(tmp_path: Path) -> None:
    script = tmp_path / "pipeline"
    script.write_text(text(ROOT / "pipeline"), encoding="utf-8")
    result = run(["sh", str(script), "status"], cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr == f"pipeline: {tmp_path}/.venv is missing; next: make -C {tmp_path} python-packages\n"


def test_the_pipeline_script_takes_no_environment_that_was_made_in_part_only(tmp_path: Path) -> None:
    script = tmp_path / "pipeline"
    script.write_text(text(ROOT / "pipeline"), encoding="utf-8")
    venv.create(tmp_path / ".venv")  # as set-up leaves it when it is interrupted: no packages
    result = run(["sh", str(script), "status"], cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr == f"pipeline: {tmp_path}/.venv is not complete; next: make -C {tmp_path} python-packages\n"


def test_the_version_is_that_of_the_changelogs_newest_release() -> None:
    newest = re.search(r"^## \[(\S+)\]", text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    result = run([sys.executable, "-m", "cli", "--version"], cwd=ROOT)
    assert (result.returncode, result.stdout) == (0, f"pipeline {newest[1]}\n")


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("pipeline over", ["overview"]),
        (
            "pipeline run --contract ",
            sorted(path.name.partition(".")[0] for path in (ROOT / "contracts").glob("*.odcs.*")),
        ),
        ("pipeline run --environment p", ["prod"]),
        ("pipeline cancel --en", ["--environment"]),
    ],
)
def test_the_shell_completes_commands_options_and_names(words: str, completed: list[str]) -> None:
    asked = {"_PIPELINE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    environment = os.environ | asked
    result = subprocess.run(
        [sys.executable, "-m", "cli"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == completed
