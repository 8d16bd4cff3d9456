"""One change of a contract and its class, once for readers of the table and once for data already written.

Owns the words of a class; what makes a change safe or not is decided where its kind is compared.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Effect: TypeAlias = Literal["safe", "rerun needed", "breaking"]
SAFE: Final[Effect] = "safe"
RERUN: Final[Effect] = "rerun needed"
BREAKING: Final[Effect] = "breaking"
EFFECTS: Final[tuple[Effect, ...]] = (SAFE, RERUN, BREAKING)
_UNTOUCHED: Final = "what is written stays as it is"


@dataclass(frozen=True)
class View:
    """What a change does to one side, and why."""

    effect: Effect
    why: str


@dataclass(frozen=True)
class Change:
    """One change: where, what, and what it does to readers of the table and to data already written.

    After one that `parts_catalog` Athena may refuse the partitions of written dates until they have the table's
    columns, which `pipeline repair` gives them. Documentation changes neither rows nor verdicts nor the table.
    """

    place: str
    what: str
    readers: View
    written: View
    is_documentation: bool = False
    parts_catalog: bool = False

    @property
    def effect(self) -> Effect:
        """The worse of both."""
        return worst((self.readers.effect, self.written.effect))


def worst(effects: Iterable[Effect]) -> Effect:
    """Return the worst of some classes; safe where there is none."""
    return max(effects, key=EFFECTS.index, default=SAFE)


def safe(why: str = _UNTOUCHED) -> View:
    return View(SAFE, why)


def rerun(why: str) -> View:
    return View(RERUN, why)


def breaking(why: str) -> View:
    return View(BREAKING, why)


def documented(place: str, what: str) -> Change:
    """Return a change of documentation."""
    nothing = "documentation only: rows, checks and the table stay the same"
    return Change(place, what, safe(nothing), safe(nothing), is_documentation=True)


def shown(value: object) -> str:
    """Write a value of a contract for people, shortly."""
    if value is None or value == ():
        return "nothing"
    if isinstance(value, tuple):
        listed = ", ".join(map(shown, value[:6]))
        return f"[{listed}, … {len(value)} in all]" if len(value) > 6 else f"[{listed}]"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
