"""What a look at a deployment found, for people and for scripts; where it looks, others know."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

RIGHT: Final = "right"
WRONG: Final = "wrong"
UNCHECKED: Final = "not checked"
_STYLES: Final = {RIGHT: "green", WRONG: "bold red", UNCHECKED: "yellow"}
_CHECK_WIDTH: Final = 16
_STATE_WIDTH: Final = 13


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
    """Show a line per finding, and below it what to do where something is wrong."""
    parts: list[RenderableType] = []
    for finding in findings:
        state = Text(finding.state.ljust(_STATE_WIDTH), _STYLES[finding.state])
        parts.append(Text.assemble(state, finding.check.ljust(_CHECK_WIDTH), finding.says))
        if finding.next_step is not None:
            parts.append(Padding(Text(f"next: {finding.next_step}"), (0, 0, 0, _STATE_WIDTH)))
    return Group(*parts)
