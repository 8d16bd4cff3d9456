"""Which contract a command means."""

from pathlib import Path

import pytest

from cli.contracts import find_contract, option_for
from cli.errors import WrongUse


def test_a_contract_is_found_by_its_name_or_its_path_and_needs_neither_where_it_is_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "events.odcs.yaml").touch()
    for named in (None, "events", str(tmp_path / "events.odcs.yaml")):
        assert find_contract(named, tmp_path) == str(tmp_path / "events.odcs.yaml")


def test_one_of_several_contracts_has_to_be_named_so_that_no_command_takes_another_dataset(tmp_path: Path) -> None:
    for name in ("events.odcs.yaml", "trips.odcs.json"):
        (tmp_path / name).touch()
    with pytest.raises(WrongUse, match="has events, trips; choose one with --contract NAME or PIPELINE_CONTRACT"):
        find_contract(None, tmp_path)
    with pytest.raises(WrongUse, match=r"has events, trips; choose one with CONTRACT=NAME$"):
        find_contract(None, tmp_path, chosen_by="CONTRACT=NAME")
    assert find_contract("trips", tmp_path) == str(tmp_path / "trips.odcs.json")


def test_without_any_contract_the_way_to_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=f"{tmp_path} holds no contract; add one as <dataset>.odcs.yaml"):
        find_contract(None, tmp_path)


def test_a_contract_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=f"no contract 'trips' in {tmp_path}; found: no contract; or give the path"):
        find_contract("trips", tmp_path)


def test_a_contract_is_said_in_a_command_where_it_is_not_the_only_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("cli.contracts.CONTRACTS", tmp_path)
    path = tmp_path / "trips.odcs.yaml"
    path.touch()
    assert option_for(path) == ""
    (tmp_path / "events.odcs.yaml").touch()
    assert option_for(path) == " --contract trips"
