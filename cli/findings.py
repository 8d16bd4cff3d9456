"""What a look at a deployment found, for people and for scripts; where it looks, others know."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from cli.views import whole

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


def findings_view(findings: Sequence[Finding]) -> RenderableType:
    """Show a line per finding, and below it what to do where something is wrong."""
    states, checks = (max(map(len, names), default=0) for names in zip(*map(_words, findings), strict=True))
    indent = " " * (states + checks + 4)
    lines: list[RenderableType] = []
    for finding in findings:
        line = Text(no_wrap=True, overflow="ignore")  # so that only the terminal breaks it
        line.append(finding.state.ljust(states + 2), _STYLES[finding.state])
        lines.append(line.append(f"{finding.check.ljust(checks + 2)}{finding.says}"))
        if finding.next_step is not None:
            lines.append(whole(f"{indent}next: {finding.next_step}"))
    return Group(*lines)


def _words(finding: Finding) -> tuple[str, str]:
    return finding.state, finding.check
