"""`python -m contract FILE...`: check contracts, or print them as the canonical JSON that the job reads."""

import argparse
import sys
from collections.abc import Sequence

from contract import ContractError, DataContract, contract_json, load_contract


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when every file is a usable contract and 1 otherwise; problems go to stderr."""
    options = _parser().parse_args(arguments)
    results = [_report(path, check_only=options.check) for path in options.files]
    return 0 if all(results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m contract", description="Check data contracts (ODCS).")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a contract: .yaml, .yml or .json")
    parser.add_argument("--check", action="store_true", help="print one line per contract instead of its JSON")
    return parser


def _report(path: str, *, check_only: bool) -> bool:
    try:
        contract = load_contract(path)
    except ContractError as error:
        print(error, file=sys.stderr)
        return False
    print(_summary(path, contract) if check_only else contract_json(contract))
    return True


def _summary(path: str, contract: DataContract) -> str:
    key = ", ".join(contract.primary_key)
    return (
        f"{path}: {contract.name} {contract.version} -> {contract.table}, "
        f"{len(contract.columns)} columns, {len(contract.rules)} rules, key {key}"
    )


if __name__ == "__main__":
    sys.exit(main())
