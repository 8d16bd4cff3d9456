"""`pipeline contract diff`: two contracts, of files or of git revisions, and what changed between them.

Reads both and shows the changes; what a change means, `contract_diff` decides.
"""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.contracts import CONTRACTS
from cli.errors import WrongUse
from cli.output import Output
from cli.views import whole
from contract import ContractError, DataContract, load_contract, read_contract
from contract_diff import (
    BREAKING,
    RERUN,
    SAFE,
    Change,
    SemanticVersion,
    VersionNotUsableError,
    changes_between,
    needed_version,
    worst,
)
from core.wording import plural

REPAIR: Final = "pipeline repair"
_STYLES: Final = {BREAKING: "bold red", RERUN: "yellow", SAFE: "green"}
_GIT_SECONDS: Final = 60


def diff_contracts(old: str, new: str, *, output: Output) -> int:
    """Show every change from one contract to the other; 0 when none is breaking, else 1.

    Raises:
        WrongUse: when one of them cannot be read or is no usable contract.
    """
    before, after = _read(old), _read(new)
    changes = changes_between(before, after)
    heading = whole(f"{old} -> {new}: {after.name} {before.version} -> {after.version}")
    table = [changes_table(changes)] if changes else []
    parts = [heading, whole(_summary(changes)), *table, *map(Text, _advice(before, changes))]
    output.show(_document((old, before), (new, after), changes), *parts)
    return 1 if worst(change.effect for change in changes) == BREAKING else 0


def changes_table(changes: Sequence[Change]) -> RenderableType:
    """Show changes, the worst first, each with what it means to both sides and why."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for change in changes:
        table.add_row("", "")
        effect = "documentation" if change.is_documentation else change.effect
        table.add_row(Text(effect, _STYLES[change.effect]), Text(f"{change.place}: {change.what}", "bold"))
        if not change.is_documentation:
            for side, view in (("readers", change.readers), ("written data", change.written)):
                table.add_row("", Text.assemble(f"{side}: ", (view.effect, _STYLES[view.effect]), f", {view.why}"))
    return Group(table, "")


def version_problem(released: DataContract, changed: DataContract, changes: Sequence[Change]) -> str | None:
    """Say why a version does not fit to what changed since the released one, or None when it does."""
    try:
        before, now = SemanticVersion.of(released.version), SemanticVersion.of(changed.version)
    except VersionNotUsableError as error:
        return str(error)
    needed = needed_version(before, changes)
    if now >= needed:
        return None
    if not changes:
        return f"version {changed.version} is lower than the released {released.version}; raise it to {needed}"
    first, more = changes[0], f" and {plural(len(changes) - 1, 'more change')}" if len(changes) > 1 else ""
    kind = "documentation" if first.is_documentation else first.effect
    return (
        f"version {changed.version} is too small a step from the released {released.version}: "
        f"{first.place}: {first.what} ({kind}){more}; raise it to {needed}"
    )


_HOW_TO_NAME: Final = (
    "to name a file of a git revision, write REVISION:path from the top of the repository, such as "
    "HEAD:contracts/events.odcs.yaml"
)


def _read(named: str) -> DataContract:
    place = Path(named)
    if place.is_dir():
        raise WrongUse(f"{named} is a folder; name one contract, such as {CONTRACTS.name}/events.odcs.yaml")
    if ":" not in named and not place.exists():
        raise WrongUse(f"{named} is no file; {_HOW_TO_NAME}")
    try:
        return load_contract(named) if ":" not in named or Path(named).is_file() else _from_git(named)
    except ContractError as error:
        raise WrongUse(str(error)) from error


def _from_git(named: str) -> DataContract:
    """Read a file of a git revision, named as git does: REVISION:path from the top of the repository, or :./path."""
    git = shutil.which("git")
    if git is None:
        raise WrongUse(f"{named} is no file, and to read it as a git revision git is not installed")
    command = (git, "cat-file", "blob", "--end-of-options", named)
    try:
        done = subprocess.run(command, capture_output=True, timeout=_GIT_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise WrongUse(f"git did not answer within {_GIT_SECONDS} s when asked for {named}; try again") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split()) or f"exit code {done.returncode}"
        raise WrongUse(
            f"{named} is neither a file nor a file of a git revision ({said}); {_HOW_TO_NAME}; "
            f"revisions are listed by: git log --oneline -- {named.partition(':')[2]}"
        )
    return read_contract(done.stdout, source=named)


def _summary(changes: Sequence[Change]) -> str:
    if not changes:
        return "no change"
    effects = [change.effect for change in changes if not change.is_documentation]
    counts = [f"{effects.count(effect)} {effect}" for effect in (BREAKING, RERUN, SAFE) if effect in effects]
    texts = len(changes) - len(effects)
    listed = [*counts, *([f"{texts} of documentation"] if texts else [])]
    return f"{plural(len(changes), 'change')}: {', '.join(listed)}"


def _advice(before: DataContract, changes: Sequence[Change]) -> Iterator[str]:
    needed = _needed(before, changes)
    if changes and needed is not None:
        yield f"The changes need version {needed} or higher."
    if any(change.parts_catalog for change in changes):
        yield (
            f"After the deployment, {REPAIR} gives the partitions of written dates the table's columns; until then "
            "Athena may refuse them."
        )
    if any(change.written.effect == RERUN for change in changes):
        yield "Written dates are as the old contract made them until they are run again: pipeline backfill --outdated."


def _needed(before: DataContract, changes: Sequence[Change]) -> str | None:
    try:
        return str(needed_version(SemanticVersion.of(before.version), changes))
    except VersionNotUsableError:
        return None


def _document(
    old: tuple[str, DataContract], new: tuple[str, DataContract], changes: Sequence[Change]
) -> dict[str, Any]:
    return {
        **{
            side: {"file": name, "dataset": contract.name, "version": contract.version}
            for side, (name, contract) in (("old", old), ("new", new))
        },
        "class": worst(change.effect for change in changes),
        "version_needed": _needed(old[1], changes),
        "repair_partitions": any(change.parts_catalog for change in changes),
        "changes": [_change(change) for change in changes],
    }


def _change(change: Change) -> dict[str, Any]:
    views = {"readers": change.readers, "written_data": change.written}
    return {
        "place": change.place,
        "change": change.what,
        "class": change.effect,
        "documentation": change.is_documentation,
        **{side: {"class": view.effect, "why": view.why} for side, view in views.items()},
    }
