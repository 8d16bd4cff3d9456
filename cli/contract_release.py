"""Whether the versions of contracts keep step with what was released, and releasing anew.

What a change needs, `contract_diff` decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli.contract_diff import version_problem
from cli.contract_lock import Folder
from cli.contracts import CONTRACTS
from cli.errors import CommandFailed, WrongUse
from cli.output import Output
from cli.views import whole
from contract import DataContract, load_contract
from contract_diff import Lock, Released, changes_between
from deployed_dataset import no_contract_in

RELEASE: Final = "pipeline contract release"


def released_problems(read: Mapping[str, DataContract], *, is_required: bool = False) -> list[str]:
    """Say which usable contracts are not in step with the lock files beside them, or not alone with their dataset.

    Contracts are given by the path of their file. Without a lock file nothing is said of steps, unless one is required.
    """
    problems = []
    for path in dict.fromkeys(Path(name).parent for name in read):
        mine = {name: contract for name, contract in read.items() if Path(name).parent == path}
        try:
            problems += _problems_in(Folder(path), mine, is_required=is_required)
        except CommandFailed as failure:
            problems.append(str(failure))
    return problems


def _problems_in(folder: Folder, read: Mapping[str, DataContract], *, is_required: bool) -> list[str]:
    lock = folder.lock()
    if lock is None:
        missing = f"{folder.lock_file}: there is no such file; restore it, or write it: {RELEASE} {folder.path}"
        return [*folder.doubled, *([missing] if is_required else [])]
    gone = [
        f"{folder.lock_file}: dataset {one.contract.name} {one.contract.version} was released from {one.file}, and is "
        f"there no more; bring it back, or release its removal: {RELEASE} {folder.path}"
        for one in folder.removed(lock)
    ]
    behind = (line for name, contract in read.items() for line in _problems(name, contract, folder, lock))
    return [*folder.doubled, *behind, *gone]


def _problems(name: str, contract: DataContract, folder: Folder, lock: Lock) -> list[str]:
    released = lock.before(contract, in_folder=set(folder.contracts))
    if released is None:
        return [f"{name}: dataset {contract.name} is not in {folder.lock_file} yet; release it: {RELEASE} {name}"]
    problem = version_problem(released.contract, contract, changes_between(released.contract, contract))
    return [] if problem is None else [f"{name}: {problem}; see: pipeline contract diff"]


def release_contracts(paths: Sequence[str] | None, *, output: Output) -> int:
    """Put contracts into the lock files beside them; a folder stands for all that is in it, and what is gone from it.

    Without paths the folder of the deployed contracts is meant.

    Raises:
        WrongUse: when nothing is there to release.
        ContractError: when one of them cannot be used.
        CommandFailed: when a version step is too small; nothing is written then.
    """
    plans = [_planned(folder, files) for folder, files in _by_folder(paths or [_deployed()]).items()]
    refused = [line for plan in plans for line in plan.problems]
    if refused:
        raise CommandFailed("\n".join(["nothing was released:", *refused]))
    for plan in plans:
        plan.folder.write(plan.lock)
    said = [entry for plan in plans for entry in plan.said]
    output.show(said, *(whole(_line(entry)) for entry in said))
    return 0


@dataclass(frozen=True)
class _Plan:
    """What a lock file becomes, what is said about it, and what stands against it."""

    folder: Folder
    lock: Lock
    said: Sequence[dict[str, Any]]
    problems: Sequence[str]


def _deployed() -> str:
    here = Path.cwd()
    return str(CONTRACTS.relative_to(here) if CONTRACTS.is_relative_to(here) else CONTRACTS)


def _by_folder(paths: Sequence[str]) -> dict[Path, list[Path] | None]:
    """Return the files that are named in each folder; None for the folder as a whole."""
    found: dict[Path, list[Path] | None] = {}
    for path in map(Path, paths):
        if not path.exists():
            raise WrongUse(f"{path} does not exist; name contracts, or folders that hold some")
        if path.is_dir():
            found[path] = None
        elif (files := found.setdefault(path.parent, [])) is not None:
            files.append(path)
    return found


def _planned(path: Path, named: Sequence[Path] | None) -> _Plan:
    folder = Folder(path)
    if named is None and not folder.files and folder.lock() is None:
        raise WrongUse(no_contract_in(path))
    contracts = [(file, load_contract(file)) for file in (folder.files if named is None else named)]
    lock = folder.lock() or Lock({})
    in_folder = set(folder.contracts) | {contract.name for _, contract in contracts}
    entries, problems, said = dict(lock.released), list(folder.doubled), []
    for file, contract in contracts:
        before = lock.before(contract, in_folder=in_folder)
        problems += _refusals(file, contract, before)
        if before is not None:
            entries.pop(before.contract.name, None)
        entries[contract.name] = Released(file.name, contract)
        said.append(_said(file, contract, before))
    for gone in folder.removed(lock) if named is None else ():
        del entries[gone.contract.name]
        said.append(
            {
                "file": str(path / gone.file),
                "dataset": gone.contract.name,
                "released": None,
                "before": gone.contract.version,
            }
        )
    return _Plan(folder, Lock(entries), said, problems)


def _refusals(file: Path, contract: DataContract, before: Released | None) -> list[str]:
    since = contract if before is None else before.contract
    problem = version_problem(since, contract, changes_between(since, contract))
    return [] if problem is None else [f"{file}: {problem}"]


def _said(file: Path, contract: DataContract, before: Released | None) -> dict[str, Any]:
    version = None if before is None else before.contract.version
    return {"file": str(file), "dataset": contract.name, "released": contract.version, "before": version}


def _line(entry: Mapping[str, Any]) -> str:
    dataset, released, before = entry["dataset"], entry["released"], entry["before"]
    if released is None:
        return f"{entry['file']}: {dataset} {before} is removed; its data stays where it is"
    if before is None:
        return f"{entry['file']}: {dataset} {released} is released for the first time"
    same = f"{dataset} {released} is released as before"
    return f"{entry['file']}: " + (same if released == before else f"{dataset} {released} is released, after {before}")
