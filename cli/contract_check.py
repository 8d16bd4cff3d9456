"""`pipeline contract check` and `pipeline contract json`: what contracts are, or what is wrong with them.

Reads files and nothing of a deployment; what makes a contract usable, `contract` knows.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from cli.contract_lock import Folder
from cli.contract_release import released_problems
from cli.contracts import require_some
from cli.output import Output
from cli.views import whole
from contract import ContractError, DataContract, contract_json, load_contract
from core.wording import plural

_Read: TypeAlias = tuple[str, DataContract | ContractError]


def check_contracts(paths: Sequence[str], *, is_released: bool, output: Output) -> int:
    """Say of each contract what it is; 0 when all are usable and in step with their releases, else 1.

    A folder stands for the contracts in it.

    With `is_released` a lock file must be there to say what was released.

    Every problem is told on stderr.
    """
    read = [_read(path) for path in _files(paths)]
    usable = {path: contract for path, contract in read if isinstance(contract, DataContract)}
    if usable or output.as_json:
        lines = [_line(path, contract) for path, contract in usable.items()]
        output.show([_document(path, result) for path, result in read], *map(whole, lines))
    behind = released_problems(usable, is_required=is_released)
    code = _report_problems(read)
    for problem in behind:
        print(problem, file=sys.stderr)
    return 1 if behind else code


def print_contracts(paths: Sequence[str]) -> int:
    """Print each usable contract as the canonical JSON that the job reads, one line each; exits like a check."""
    read = [_read(path) for path in _files(paths)]
    for _, contract in read:
        if isinstance(contract, DataContract):
            print(contract_json(contract))
    return _report_problems(read)


def _files(paths: Sequence[str]) -> list[str]:
    """Put the contracts of a folder in its place."""
    return [file for path in paths for file in (_files_in(Path(path)) if Path(path).is_dir() else [path])]


def _files_in(folder: Path) -> list[str]:
    found = Folder(folder).files
    require_some(found, folder)
    return list(map(str, found))


def _read(path: str) -> _Read:
    try:
        return path, load_contract(path)
    except ContractError as error:
        return path, error


def _report_problems(read: Sequence[_Read]) -> int:
    errors = [result for _, result in read if isinstance(result, ContractError)]
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


def _line(path: str, contract: DataContract) -> str:
    columns, rules = plural(len(contract.columns), "column"), plural(_rules(contract), "rule")
    key = ", ".join(contract.primary_key)
    return f"{path}: {contract.name} {contract.version} -> {contract.table}, {columns}, {rules}, key {key}"


def _document(path: str, result: DataContract | ContractError) -> dict[str, Any]:
    if isinstance(result, ContractError):
        return {"file": path, "usable": False, "problems": list(result.problems)}
    facts = {"name": result.name, "version": result.version, "table": result.table}
    counts = {"columns": len(result.columns), "rules": _rules(result), "primary_key": list(result.primary_key)}
    return {"file": path, "usable": True, "problems": [], **facts, **counts}


def _rules(contract: DataContract) -> int:
    return len(contract.rules) + len(contract.anomaly_rules)
