"""The lock file beside contracts: what was released, whether versions keep step with it, and releasing anew.

Reads and writes files; what a change needs, `contract_diff` decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cli.contract_diff import version_problem
from cli.errors import CommandFailed, WrongUse
from cli.output import Output
from cli.views import whole
from contract import ContractError, DataContract, load_contract
from contract_diff import Lock, LockError, Released, changes_between, lock_text, read_lock
from deployed_dataset import CONTRACT_FILES

LOCK: Final = "contracts.lock"
RELEASE: Final = "pipeline contract release"


@dataclass(frozen=True)
class Folder:
    """A folder of contracts and the lock file in it."""

    path: Path

    @property
    def lock_file(self) -> Path:
        return self.path / LOCK

    @property
    def files(self) -> list[Path]:
        return sorted(path for pattern in CONTRACT_FILES for path in self.path.glob(pattern))

    def lock(self) -> Lock | None:
        """Read the lock file; None where there is none. Raises CommandFailed when it is not one."""
        try:
            return read_lock(self.lock_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (LockError, UnicodeDecodeError) as error:
            raise CommandFailed(f"{self.lock_file} cannot be used: {error}") from error

    def write(self, lock: Lock) -> None:
        """Replace the lock file whole, so that no reader sees half of it."""
        draft = self.lock_file.with_suffix(".new")
        draft.write_text(lock_text(lock), encoding="utf-8")
        draft.replace(self.lock_file)

    @cached_property
    def contracts(self) -> dict[str, DataContract]:
        """The usable contracts by the names of their datasets."""
        readable = (contract for file in self.files if (contract := _usable(file)) is not None)
        return {contract.name: contract for contract in readable}

    def removed(self, lock: Lock) -> list[Released]:
        """Return what was released and is gone; a file that cannot be read now, or has another ending, is not."""
        return [one for one in lock.removed(self.contracts) if not self._has(one)]

    def _has(self, one: Released) -> bool:
        file = self.path / one.file
        if not file.is_file():
            return False
        contract = _usable(file)
        return contract is None or contract.name == one.contract.name


def _usable(file: Path) -> DataContract | None:
    """Read a contract; None when it is not usable, which is told by whoever is asked about this file."""
    try:
        return load_contract(file)
    except ContractError:
        return None


def released_problems(read: Mapping[str, DataContract]) -> list[str]:
    """Say which usable contracts are not in step with the lock files beside them; without such a file nothing is said.

    Contracts are given by the path of their file.
    """
    problems = []
    for path in dict.fromkeys(Path(name).parent for name in read):
        mine = {name: contract for name, contract in read.items() if Path(name).parent == path}
        try:
            problems += _problems_in(Folder(path), mine)
        except CommandFailed as failure:
            problems.append(str(failure))
    return problems


def _problems_in(folder: Folder, read: Mapping[str, DataContract]) -> list[str]:
    lock = folder.lock()
    if lock is None:
        return []
    gone = [
        f"{folder.lock_file}: dataset {one.contract.name} {one.contract.version} was released from {one.file}, and is "
        f"there no more; bring it back, or release its removal: {RELEASE} {folder.path}"
        for one in folder.removed(lock)
    ]
    return [*(line for name, contract in read.items() for line in _problems(name, contract, folder, lock)), *gone]


def _problems(name: str, contract: DataContract, folder: Folder, lock: Lock) -> list[str]:
    released = lock.before(contract, in_folder=set(folder.contracts))
    if released is None:
        return [f"{name}: dataset {contract.name} is not in {folder.lock_file} yet; release it: {RELEASE} {name}"]
    problem = version_problem(released.contract, contract, changes_between(released.contract, contract))
    return [] if problem is None else [f"{name}: {problem}; see: pipeline contract diff"]


def release_contracts(paths: Sequence[str], *, output: Output) -> int:
    """Put contracts into the lock files beside them; a folder stands for all that is in it, and what is gone from it.

    Raises:
        WrongUse: when nothing is there to release.
        ContractError: when one of them cannot be used.
        CommandFailed: when a version step is too small; nothing is written then.
    """
    plans = [_planned(folder, files) for folder, files in _by_folder(paths).items()]
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


def _by_folder(paths: Sequence[str]) -> dict[Path, list[Path] | None]:
    """Return the files that are named in each folder; None for the folder as a whole."""
    found: dict[Path, list[Path] | None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            found[path] = None
        elif (files := found.setdefault(path.parent, [])) is not None:
            files.append(path)
    return found


def _planned(path: Path, named: Sequence[Path] | None) -> _Plan:
    folder = Folder(path)
    if named is None and not folder.files and folder.lock() is None:
        raise WrongUse(f"{path} holds no contract; add one as <dataset>.odcs.yaml, see docs/contract.md")
    contracts = [(file, load_contract(file)) for file in (folder.files if named is None else named)]
    lock = folder.lock() or Lock({})
    in_folder = set(folder.contracts) | {contract.name for _, contract in contracts}
    entries, problems, said = dict(lock.released), [], []
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
