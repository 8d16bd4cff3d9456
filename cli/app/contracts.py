"""The commands of `pipeline contract`: what each is given and what it calls."""

from typing import Annotated, Final, TypeAlias

import typer

from cli import contract_check, contract_diff, contract_draft, contract_release, options
from cli.output import Output
from contract_init import DEFAULT_LIMIT

_COMPARED: Final = "a contract's file, or one of a git revision as REVISION:path"
_Files: TypeAlias = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", show_default=False, help="contracts: .yaml, .yml, .json; or folders of them"),
]


def check_contracts(
    files: _Files,
    *,
    released: Annotated[
        bool, typer.Option("--released", help="also fail where no contracts.lock says what was released")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Say what each contract is, or everything that is wrong with it."""
    return contract_check.check_contracts(files, is_released=released, output=Output(as_json))


def print_contracts(files: _Files) -> int:
    """Print contracts as the JSON that the job reads."""
    return contract_check.print_contracts(files)


def init_contract(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", show_default=False, help="raw objects, or folders that hold some")
    ],
    *,
    name: Annotated[str, typer.Option(metavar="NAME", show_default=False, help="the dataset's name")],
    source_system: Annotated[
        str | None,
        typer.Option("--source-system", metavar="NAME", help="where it comes from; default: as the paths say"),
    ] = None,
    output: Annotated[str | None, typer.Option(metavar="FILE", help="write it there; default: to stdout")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="overwrite the output if it exists")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="look at so many records")] = DEFAULT_LIMIT,
    as_json: options.Json = False,
) -> int:
    """Draft a contract from sample objects.

    Columns, types, key and rules, with what was measured as comments.
    """
    sample = contract_draft.SampleOptions(paths, name, source_system, limit)
    return contract_draft.init_contract(sample, place=output, replace=replace, output=Output(as_json))


def diff_contracts(
    old: Annotated[str, typer.Argument(metavar="OLD", show_default=False, help=_COMPARED)],
    new: Annotated[str, typer.Argument(metavar="NEW", show_default=False, help=_COMPARED)],
    *,
    as_json: options.Json = False,
) -> int:
    """List what changed between two contracts.

    For readers and for written data: safe, rerun needed or breaking (exit code 1).
    """
    return contract_diff.diff_contracts(old, new, output=Output(as_json))


def release_contracts(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", show_default=False, help="contracts, or folders; default: contracts/"),
    ] = None,
    *,
    as_json: options.Json = False,
) -> int:
    """Put contracts into contracts.lock beside them.

    If their versions are raised as far as their changes need.
    """
    return contract_release.release_contracts(paths, output=Output(as_json))
