"""Which contract a command means: the one that is named, or the only one there is."""

from pathlib import Path
from typing import Final

from cli import ROOT
from cli.errors import WrongUse
from deployed_dataset import CONTRACT_FILES

CONTRACTS: Final = ROOT / "contracts"
EVENTS: Final = CONTRACTS / "events.odcs.yaml"


def find_contract(named: str | None, folder: Path = CONTRACTS) -> str:
    """Return the path of a contract, given as a path or as its name in the folder.

    Raises:
        WrongUse: when there is none of that name, or several and none is named.
    """
    found = _by_name(folder)
    if named is not None:
        is_name = Path(named).name == named and not Path(named).suffix
        if is_name and named not in found:
            raise WrongUse(f"no contract {named!r} in {folder}; found: {_listed(found)}; or give the path of a file")
        return str(found[named]) if is_name else named
    if not found:
        raise WrongUse(f"no contract in {folder}; add one as <dataset>.odcs.yaml, see docs/contract.md")
    if len(found) > 1:
        raise WrongUse(f"{folder} has {_listed(found)}; choose one with --contract NAME or PIPELINE_CONTRACT")
    return str(*found.values())


def all_contracts(folder: Path = CONTRACTS) -> list[str]:
    """Return the names of the contracts of the folder, in order.

    Raises:
        WrongUse: when there is none.
    """
    found = sorted(_by_name(folder))
    if not found:
        raise WrongUse(f"no contract in {folder}; add one as <dataset>.odcs.yaml, see docs/contract.md")
    return found


def option_for(contract: Path) -> str:
    """Return what a command about this contract has to say, after a space; nothing where it is the only one."""
    names = [name for name, path in _by_name(contract.parent).items() if path.name == contract.name]
    is_only_one = list(_by_name(CONTRACTS)) == names
    return "" if is_only_one else f" --contract {names[0]}"


def _by_name(folder: Path) -> dict[str, Path]:
    return {path.name.partition(".odcs.")[0]: path for pattern in CONTRACT_FILES for path in folder.glob(pattern)}


def _listed(found: dict[str, Path]) -> str:
    return ", ".join(sorted(found)) or "no contract"
