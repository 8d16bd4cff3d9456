"""Which contract a command means: the one that is named, or the only one there is."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from cli import ROOT
from cli.errors import WrongUse
from contract import ContractError, DataContract, load_contract
from deployed_dataset import contract_files, no_contract_in

CONTRACTS: Final = ROOT / "contracts"
EVENTS: Final = CONTRACTS / "events.odcs.yaml"


def find_contract(
    named: str | None, folder: Path = CONTRACTS, *, chosen_by: str = "--contract NAME or PIPELINE_CONTRACT"
) -> str:
    """Return the path of a contract, given as a path or as its name in the folder.

    ``chosen_by`` says how a person names one of several.

    Raises:
        WrongUse: when there is none of that name, or several and none is named.
    """
    found = _by_name(folder)
    if named is not None:
        is_name = Path(named).name == named and not Path(named).suffix
        if is_name and named not in found:
            raise WrongUse(f"no contract {named!r} in {folder}; found: {_listed(found)}; or give the path of a file")
        return str(found[named]) if is_name else named
    require_some(found, folder)
    if len(found) > 1:
        raise WrongUse(f"{folder} has {_listed(found)}; choose one with {chosen_by}")
    return str(*found.values())


def all_contracts(folder: Path = CONTRACTS) -> list[str]:
    """Return the names of the contracts of the folder, in order.

    Raises:
        WrongUse: when there is none.
    """
    found = _by_name(folder)
    require_some(found, folder)
    return sorted(found)


def usable_contract(file: Path) -> DataContract | None:
    """Read a contract; None when it is not usable, which is told by whoever is asked about this file."""
    try:
        return load_contract(file)
    except ContractError:
        return None


def option_for(contract: Path) -> str:
    """Return what a command about this contract has to say, after a space; nothing where it is the only one."""
    names = [name for name, path in _by_name(contract.parent).items() if path.name == contract.name]
    is_only_one = list(_by_name(CONTRACTS)) == names
    return "" if is_only_one else f" --contract {names[0]}"


def _by_name(folder: Path) -> dict[str, Path]:
    return {path.name.partition(".odcs.")[0]: path for path in contract_files(folder)}


def require_some(found: Collection[object], folder: Path) -> None:
    """Say how a folder gets its first contract, where none was found. Raises WrongUse."""
    if not found:
        raise WrongUse(no_contract_in(folder))


def _listed(found: dict[str, Path]) -> str:
    return ", ".join(sorted(found)) or "no contract"
