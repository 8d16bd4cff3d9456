"""The lock file in a folder of contracts: read, written whole, and what of it is not there any more."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from cli.contracts import usable_contract
from cli.errors import CommandFailed
from contract import DataContract
from contract_diff import Lock, LockError, Released, lock_text, read_lock
from deployed_dataset import contract_files

LOCK: Final = "contracts.lock"


@dataclass(frozen=True)
class Folder:
    """A folder of contracts and the lock file in it."""

    path: Path

    @property
    def lock_file(self) -> Path:
        return self.path / LOCK

    @property
    def files(self) -> list[Path]:
        return sorted(contract_files(self.path))

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
        readable = (contract for file in self.files if (contract := usable_contract(file)) is not None)
        return {contract.name: contract for contract in readable}

    @property
    def doubled(self) -> list[str]:
        """Say which datasets stand in more than one file."""
        files: dict[str, list[str]] = {}
        for file in self.files:
            contract = usable_contract(file)
            if contract is not None:
                files.setdefault(contract.name, []).append(file.name)
        return [
            f"{self.path}: dataset {name} stands in {' and '.join(of_one)}; keep one of them, or give it another name"
            for name, of_one in files.items()
            if len(of_one) > 1
        ]

    def removed(self, lock: Lock) -> list[Released]:
        """Return what was released and is gone; a file that cannot be read now, or has another ending, is not."""
        return [one for one in lock.removed(self.contracts) if not self._has(one)]

    def _has(self, one: Released) -> bool:
        file = self.path / one.file
        if not file.is_file():
            return False
        contract = usable_contract(file)
        return contract is None or contract.name == one.contract.name
