"""`pipeline contract diff`: two contracts of files or git revisions, for people and for scripts."""

import copy
import json
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.unit.contract_changes import added, base, retyped, without_column
from tests.unit.pipeline_command import Pipeline, lines_with

Document = dict[str, Any]
TOLD = """
old.json -> new.json: orders 1.4.2 -> 1.4.2
5 changes: 1 breaking, 1 rerun needed, 2 safe, 1 of documentation

breaking       column tags: removed (map<string,int>)
               readers: breaking, queries that name it fail
               written data: safe, its values stay in the files and are no longer shown

rerun needed   column weight: type float -> double
               readers: safe, every float fits into double
               written data: rerun needed, files have the nearest float, so 0.1 reads as
               0.10000000149…, which equals no 0.1 of a new date

safe           column new: added (string)
               readers: safe, queries that name their columns go on; SELECT * has one more
               written data: safe, engines find columns by name in files already written; it is null
               in written dates until they are run again

safe           column rank: type smallint -> int
               readers: safe, every smallint fits into int
               written data: safe, files store both alike, so engines read the smallint of written
               files as int

documentation  contract: status changed

The changes need version 2.0.0 or higher.
After the deployment, pipeline repair gives the partitions of written dates the table's columns;
until then Athena may refuse them.
Written dates are as the old contract made them until they are run again: pipeline backfill
--outdated.
"""


@pytest.fixture
def changed() -> Document:
    document = copy.deepcopy(base())
    for edit in (
        added(description="New."),
        retyped("rank", "int"),
        retyped("weight", "double"),
        without_column("tags"),
    ):
        edit(document)
    document["status"] = "deprecated"
    return document


def write(path: Path, document: Document) -> str:
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def test_every_change_is_told_with_its_class_for_both_sides_and_why(
    pipeline: Pipeline, changed: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    write(Path("old.json"), base())
    write(Path("new.json"), changed)
    result = pipeline("contract", "diff", "old.json", "new.json")
    assert (result.exit_code, result.err) == (1, "")
    assert "\n".join(line.rstrip() for line in result.out.splitlines()) == dedent(TOLD).strip()


@pytest.mark.parametrize("width", ["40", "80"])
def test_a_narrow_terminal_gets_every_word(
    pipeline: Pipeline, changed: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    files = write(tmp_path / "old.json", base()), write(tmp_path / "new.json", changed)
    monkeypatch.setenv("COLUMNS", "400")
    wide = pipeline("contract", "diff", *files).out.split()
    monkeypatch.setenv("COLUMNS", width)
    assert pipeline("contract", "diff", *files).out.split() == wide


def test_a_script_gets_the_same_as_one_document(pipeline: Pipeline, tmp_path: Path) -> None:
    new = base()
    added()(new)
    old_file, new_file = write(tmp_path / "old.json", base()), write(tmp_path / "new.json", new)
    assert pipeline.json("contract", "diff", old_file, new_file) == {
        "old": {"file": old_file, "dataset": "orders", "version": "1.4.2"},
        "new": {"file": new_file, "dataset": "orders", "version": "1.4.2"},
        "class": "safe",
        "version_needed": "1.5.0",
        "repair_partitions": False,
        "changes": [
            {
                "place": "column new",
                "change": "added (string)",
                "class": "safe",
                "documentation": False,
                "readers": {
                    "class": "safe",
                    "why": "queries that name their columns go on; SELECT * has one more",
                },
                "written_data": {
                    "class": "safe",
                    "why": "engines find columns by name in files already written; it is null in written dates until "
                    "they are run again",
                },
            }
        ],
    }


def test_the_same_contract_has_no_change(pipeline: Pipeline, tmp_path: Path) -> None:
    file = write(tmp_path / "old.json", base())
    result = pipeline("contract", "diff", file, file)
    assert (result.exit_code, result.out.splitlines()[1:]) == (0, ["no change"])


class TestGitRevisions:
    @pytest.fixture(autouse=True)
    def repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A repository whose first commit has the contract, which was changed since."""
        monkeypatch.chdir(tmp_path)
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            monkeypatch.delenv(name, raising=False)
        Path("contracts").mkdir()
        write(Path("contracts/orders.odcs.json"), base())
        git = shutil.which("git") or "git"
        author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        for command in (("init", "-q"), ("add", "."), (*author, "commit", "-q", "-m", "first")):
            subprocess.run([git, *command], check=True, stdin=subprocess.DEVNULL)
        new = base()
        without_column("tags")(new)
        write(Path("contracts/orders.odcs.json"), new)

    def test_are_named_as_git_names_them(self, pipeline: Pipeline) -> None:
        result = pipeline("contract", "diff", "HEAD:contracts/orders.odcs.json", "contracts/orders.odcs.json")
        assert (result.exit_code, result.err) == (1, "")
        assert lines_with(result.out, "breaking", "column tags: removed")

    def test_may_be_relative_to_the_folder(self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir("contracts")
        assert pipeline("contract", "diff", "HEAD:./orders.odcs.json", "orders.odcs.json").exit_code == 1

    @pytest.mark.parametrize(
        "named", ["nope:contracts/orders.odcs.json", "HEAD:orders.odcs.json", "HEAD:contracts", "HEAD:", ":"]
    )
    def test_that_do_not_exist_are_explained(self, pipeline: Pipeline, named: str) -> None:
        result = pipeline("contract", "diff", named, "contracts/orders.odcs.json")
        assert (result.exit_code, result.out) == (2, "")
        assert f"{named} is neither a file nor a file of a git revision" in result.err
        assert "write REVISION:path" in result.err

    def test_outside_of_a_repository_are_explained(self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
        shutil.rmtree(".git")
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path.cwd().parent))
        result = pipeline("contract", "diff", "HEAD:contracts/orders.odcs.json", "contracts/orders.odcs.json")
        assert result.exit_code == 2
        assert "not a git repository" in result.err


@pytest.mark.parametrize("content", [None, "{", '{"kind": "DataContract"}'])
def test_a_contract_that_cannot_be_used_is_wrong_use(pipeline: Pipeline, tmp_path: Path, content: str | None) -> None:
    good, bad = write(tmp_path / "good.json", base()), tmp_path / "bad.json"
    if content is not None:
        bad.write_text(content, encoding="utf-8")
    for files in ((good, str(bad)), (str(bad), good)):
        result = pipeline("contract", "diff", *files)
        assert (result.exit_code, result.out) == (2, "")
        assert str(bad) in result.err
