"""What a look at a deployment found, for people and for scripts; where it looks, others know."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

RIGHT: Final = "right"
WRONG: Final = "wrong"
UNCHECKED: Final = "not checked"
_STYLES: Final = {RIGHT: "green", WRONG: "bold red", UNCHECKED: "yellow"}


@dataclass(frozen=True)
class Finding:
    """What one look found; ``says`` is for people, ``next_step`` what to do where something is wrong."""

    check: str
    state: str
    says: str
    next_step: str | None = None


def as_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings for scripts; ``ok`` is whether nothing is wrong."""
    return {"ok": is_well(findings), "findings": [asdict(finding) for finding in findings]}


def is_well(findings: Iterable[Finding]) -> bool:
    return all(finding.state != WRONG for finding in findings)


def findings_view(findings: Iterable[Finding]) -> RenderableType:
    """Show a row per finding, and below it what to do where something is wrong."""
    table = Table.grid(padding=(0, 2))
    for name in ("state", "check"):
        table.add_column(name, no_wrap=True)
    table.add_column("says", overflow="fold")
    for finding in findings:
        table.add_row(Text(finding.state, _STYLES[finding.state]), finding.check, finding.says)
        if finding.next_step is not None:
            table.add_row("", "", f"next: {finding.next_step}")
    return table
