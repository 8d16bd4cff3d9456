"""contracts.lock: versions of contracts keep step with what was released, and `pipeline contract release` writes it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.contract_changes import CASES, DOCUMENTED, added, base, without_column
from tests.unit.pipeline_command import Pipeline
from tests.unit.programs import ROOT

FILE = "contracts/orders.odcs.json"
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def released(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with one contract, which is released."""
    monkeypatch.chdir(tmp_path)
    Path("contracts").mkdir()
    write("1.4.2")
    assert pipeline("contract", "release", "contracts").exit_code == 0


def write(version: str, *edits: Edit, file: str = FILE, **values: Any) -> None:
    document = {**base(), "version": version, **values}
    for edit in edits:
        edit(document)
    Path(file).write_text(json.dumps(document), encoding="utf-8")


def lock() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("contracts/contracts.lock").read_text(encoding="utf-8"))["datasets"]
    return found


@pytest.mark.parametrize(
    ("edit", "too_small", "enough"),
    [
        (DOCUMENTED["tags"], "1.4.2", "1.4.3"),
        (added(), "1.4.9", "1.5.0"),
        (without_column("tags"), "1.9.0", "2.0.0"),
        (added(), "1.4.1", "2.3.4"),
    ],
)
def test_a_change_needs_its_version_step(pipeline: Pipeline, edit: Edit, too_small: str, enough: str) -> None:
    write(too_small, edit)
    for command in ("check", "release"):
        result = pipeline("contract", command, FILE)
        assert result.exit_code == 1
        assert f"version {too_small} is too small a step from the released 1.4.2" in result.err
    assert lock()["orders"]["version"] == "1.4.2"
    write(enough, edit)
    assert pipeline("contract", "check", FILE).exit_code == 0
    assert pipeline("contract", "release", FILE).out == f"{FILE}: orders {enough} is released, after 1.4.2\n"
    assert lock()["orders"]["version"] == enough


def test_a_new_contract_is_checked_and_released_as_the_docs_say(pipeline: Pipeline) -> None:
    file = "contracts/orders.odcs.yaml"
    steps = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8").partition("3. **Check it:**")[2]
    check, release = re.findall(r"`\./pipeline (contract [^`]+)`", steps.partition("4. **Run")[0])
    assert check.split()[-1] == release.split()[-1] == file
    Path(FILE).unlink()
    assert pipeline("contract", "release", "contracts").exit_code == 0  # a lock that holds nothing yet
    write("1.0.0", file=file)
    before = pipeline(*check.split())
    assert (before.exit_code, len(before.out.splitlines()), "is not in" in before.err) == (1, 1, True)
    assert pipeline(*release.split()).exit_code == 0
    after = pipeline(*check.split())
    assert (after.exit_code, len(after.out.splitlines()), after.err) == (0, 1, "")


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.what)
def test_no_change_gets_by_without_a_step(pipeline: Pipeline, case: Any) -> None:
    write("1.4.2", case.edit)
    assert pipeline("contract", "check", FILE).exit_code == 1


def test_the_refusal_names_the_worst_change_and_the_version_needed(pipeline: Pipeline) -> None:
    write("1.5.0", added(), without_column("tags"))
    assert pipeline("contract", "check", FILE).err == (
        f"{FILE}: version 1.5.0 is too small a step from the released 1.4.2: column tags: removed (map<string,int>) "
        "(breaking) and 1 more change; raise it to 2.0.0; see: pipeline contract diff\n"
    )


def test_a_lower_version_is_refused_though_nothing_changed(pipeline: Pipeline) -> None:
    write("1.4.1")
    assert (
        "version 1.4.1 is lower than the released 1.4.2; raise it to 1.4.2" in pipeline("contract", "check", FILE).err
    )


@pytest.mark.parametrize("version", ["latest", "v1.5.0", "1", "1.5.0-rc.1", "01.5.0"])
def test_a_version_that_is_none_is_refused(pipeline: Pipeline, version: str) -> None:
    write(version)
    result = pipeline("contract", "check", FILE)
    assert result.exit_code == 1
    assert f"version {version!r} is not of the form MAJOR.MINOR.PATCH" in result.err
    assert pipeline("contract", "release", FILE).exit_code == 1


def test_a_contract_that_was_never_released_names_the_command(pipeline: Pipeline) -> None:
    new = "contracts/sales.odcs.json"
    write("0.1.0", lambda document: document["schema"][0].update(name="sales"), file=new, id="sales")
    result = pipeline("contract", "check", FILE, new)
    assert result.exit_code == 1
    assert result.err == (
        f"{new}: dataset sales is not in contracts/contracts.lock yet; release it: pipeline contract release {new}\n"
    )
    assert pipeline("contract", "release", new).out == f"{new}: sales 0.1.0 is released for the first time\n"
    assert pipeline("contract", "check", FILE, new).exit_code == 0


def test_a_dataset_that_is_gone_is_named_until_its_removal_is_released(pipeline: Pipeline) -> None:
    other = "contracts/sales.odcs.json"
    write("0.1.0", lambda document: document["schema"][0].update(name="sales"), file=other, id="sales")
    pipeline("contract", "release", other)
    Path(other).unlink()
    assert pipeline("contract", "check", FILE).err == (
        "contracts/contracts.lock: dataset sales 0.1.0 was released from sales.odcs.json, and is there no more; "
        "bring it back, or release its removal: pipeline contract release contracts\n"
    )
    assert pipeline("contract", "release", FILE).exit_code == 0
    assert sorted(lock()) == ["orders", "sales"]
    result = pipeline("contract", "release", "contracts")
    assert "contracts/sales.odcs.json: sales 0.1.0 is removed; its data stays where it is" in result.out
    assert sorted(lock()) == ["orders"]
    assert pipeline("contract", "check", FILE).exit_code == 0


def test_a_dataset_by_another_name_is_known_by_its_id(pipeline: Pipeline) -> None:
    write("1.5.0", lambda document: document["schema"][0].update(name="sales"))
    assert "dataset name: orders -> sales (breaking)" in pipeline("contract", "check", FILE).err
    write("2.0.0", lambda document: document["schema"][0].update(name="sales"))
    assert pipeline("contract", "release", "contracts").exit_code == 0
    assert sorted(lock()) == ["sales"]


def test_a_contract_that_cannot_be_used_is_not_taken_for_removed(pipeline: Pipeline) -> None:
    Path(FILE).write_text("{", encoding="utf-8")
    result = pipeline("contract", "check", FILE)
    assert result.exit_code == 1
    assert "the file is not JSON" in result.err
    assert "is there no more" not in result.err
    assert pipeline("contract", "release", "contracts").exit_code == 1
    assert sorted(lock()) == ["orders"]


def test_where_no_lock_lies_beside_contracts_nothing_is_said(pipeline: Pipeline) -> None:
    Path("contracts/contracts.lock").unlink()
    write("anything", added())
    assert (pipeline("contract", "check", FILE).exit_code, pipeline("contract", "check", FILE).err) == (0, "")


def test_nothing_is_written_when_one_of_several_is_refused(pipeline: Pipeline) -> None:
    before = Path("contracts/contracts.lock").read_bytes()
    write("1.4.2", added())
    write("0.1.0", lambda document: document["schema"][0].update(name="a"), file="contracts/a.odcs.json", id="a")
    assert pipeline("contract", "release", "contracts").exit_code == 1
    assert Path("contracts/contracts.lock").read_bytes() == before


def test_what_is_released_again_leaves_the_file_as_it_is(pipeline: Pipeline) -> None:
    before = Path("contracts/contracts.lock").read_bytes()
    assert pipeline.json("contract", "release", "contracts") == [
        {"file": FILE, "dataset": "orders", "released": "1.4.2", "before": "1.4.2"}
    ]
    assert Path("contracts/contracts.lock").read_bytes() == before
    assert sorted(path.name for path in Path("contracts").iterdir()) == ["contracts.lock", "orders.odcs.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 2, "datasets": {}}', '{"schema_version": 1}'])
def test_a_lock_file_that_is_none_is_an_error_that_names_it(pipeline: Pipeline, text: str) -> None:
    Path("contracts/contracts.lock").write_text(text, encoding="utf-8")
    for command in ("check", "release"):
        result = pipeline("contract", command, FILE)
        assert result.exit_code == 1
        assert "contracts/contracts.lock cannot be used" in result.err


def test_a_lock_file_that_was_edited_is_an_error(pipeline: Pipeline) -> None:
    path = Path("contracts/contracts.lock")
    path.write_text(path.read_text(encoding="utf-8").replace('"1.4.2"', '"1.4.1"', 1), encoding="utf-8")
    assert "cannot be used" in pipeline("contract", "check", FILE).err


def test_an_empty_folder_is_wrong_use(pipeline: Pipeline) -> None:
    Path("empty").mkdir()
    result = pipeline("contract", "release", "empty")
    assert result.exit_code == 2
    assert "empty holds no contract" in result.err


def test_a_lock_that_is_demanded_must_be_there(pipeline: Pipeline) -> None:
    Path("contracts/contracts.lock").unlink()
    assert pipeline("contract", "check", FILE).exit_code == 0
    result = pipeline("contract", "check", "--released", FILE)
    assert result.exit_code == 1
    assert (
        "contracts/contracts.lock: there is no such file; restore it, or write it: pipeline contract release contracts"
    ) in result.err


@pytest.mark.parametrize("command", ["check", "release"])
def test_a_dataset_stands_in_one_file(pipeline: Pipeline, command: str) -> None:
    write("1.4.2", file="contracts/copy.odcs.json")
    result = pipeline("contract", command, FILE)
    assert result.exit_code == 1
    assert "contracts: dataset orders stands in copy.odcs.json and orders.odcs.json; keep one of them" in result.err


def test_what_does_not_exist_is_wrong_use(pipeline: Pipeline) -> None:
    result = pipeline("contract", "release", "nosuch")
    assert result.exit_code == 2
    assert "nosuch does not exist; name contracts, or folders that hold some" in result.err
