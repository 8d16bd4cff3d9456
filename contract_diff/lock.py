"""The lock file: the contract of each dataset as it was last released, whole, so that any change can be told.

Text in, text out; where the file lies and when it is written is decided by the command line.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contract.errors import ContractError
from contract.model import DataContract
from contract.parsing import parse_contract

SCHEMA_VERSION: Final = 1
_ABOUT: Final = "The released contracts; written by `pipeline contract release`, which keeps versions in step."


class LockError(ValueError):
    """Say why a text is no lock file."""


@dataclass(frozen=True)
class Released:
    """A contract as it was released from a file, named without its folder."""

    file: str
    contract: DataContract


@dataclass(frozen=True)
class Lock:
    """The released contracts by the names of their datasets."""

    released: Mapping[str, Released]

    def before(self, contract: DataContract, *, in_folder: set[str]) -> Released | None:
        """Return what was released of a contract: under its name, else under the same id and a name that is gone.

        `in_folder` are the names of the datasets that the folder holds now.
        """
        if contract.name in self.released:
            return self.released[contract.name]
        gone = [one for name, one in self.released.items() if name not in in_folder and one.contract.id == contract.id]
        return gone[0] if len(gone) == 1 else None

    def removed(self, contracts: Mapping[str, DataContract]) -> list[Released]:
        """Return what was released and has no contract any more, under no other name either."""
        renamed = [self.before(contract, in_folder=set(contracts)) for contract in contracts.values()]
        return [one for name, one in self.released.items() if name not in contracts and one not in renamed]


def read_lock(text: str) -> Lock:
    """Read a lock file. Raises LockError."""
    try:
        document = json.loads(text)
        if document["schema_version"] != SCHEMA_VERSION:
            raise LockError(f"schema_version {document['schema_version']!r}, this release reads {SCHEMA_VERSION}")
        return Lock({name: _released(name, entry) for name, entry in document["datasets"].items()})
    except (KeyError, TypeError, AttributeError, RecursionError, json.JSONDecodeError) as error:
        raise LockError(f"it is not what `pipeline contract release` writes: {error!r}") from error


def lock_text(lock: Lock) -> str:
    """Write a lock file: sorted, a line for each statement, so that a review shows what was released."""
    datasets = {name: _entry(one) for name, one in lock.released.items()}
    document = {"about": _ABOUT, "schema_version": SCHEMA_VERSION, "datasets": datasets}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _entry(released: Released) -> dict[str, Any]:
    document = released.contract.document
    return {"file": released.file, "version": released.contract.version, "contract": document}


def _released(name: str, entry: Mapping[str, Any]) -> Released:
    try:
        contract = parse_contract(entry["contract"], source=f"{name} {entry['version']}")
    except ContractError as error:
        raise LockError(f"{error}; remove {name} from the file, then release its contract anew") from error
    if (contract.name, contract.version) != (name, entry["version"]):
        raise LockError(f"{name} {entry['version']} holds the contract of {contract.name} {contract.version}")
    return Released(entry["file"], contract)
