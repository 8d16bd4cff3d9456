"""Why lines were rejected, in a few lines for people: the most frequent reasons, each with its count and one example.

Knows nothing of how a reason is found. Examples are raw data, so what a person gets to see of one is made here.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.documents import refused_metrics

MOST_REASONS: Final = 5
# What stands before the most frequent reason where a message names it; a line of raw data may follow.
MOST_WORDS: Final = "most malformed lines: "
# What stands before the values that broke a rule, which are raw data too, at the end of what went wrong.
VALUES_WORDS: Final = "most frequent invalid values: "
_EXAMPLE_WORDS: Final = ", for example "
LONGEST_EXAMPLE: Final = 200
_LONGEST_REASON: Final = 300
_LONGEST_NAME: Final = 100
# Control characters, those that turn the direction of text or have no width, halves of characters, unassigned ones.
_UNPRINTABLE: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@dataclass(frozen=True)
class RejectedLines:
    """Lines of a run that were rejected for one reason.

    ``example`` is the beginning of one of them, ``detail`` what its own reason says of its values, None where that is
    nothing more; a contract may have neither shown.
    """

    reason: str
    lines: int
    example: str | None
    object: str
    detail: str | None = None

    @property
    def shown(self) -> str | None:
        """What tells most of the example: the values that are wrong, which its beginning need not hold."""
        return self.example if self.detail is None else self.detail

    def sentence(self) -> str:
        """Say how many there are, why, and where one is found."""
        shown = "a line" if self.shown is None else self.shown
        return f"{self.lines:,} x {self.reason}{_EXAMPLE_WORDS}{shown} in {self.object_name}"

    @property
    def object_name(self) -> str:
        """The object's name below the folder of its day."""
        return object_name(self.object)


def rejected_lines(
    reason: str, lines: int, *, example: str | None, object_: str, detail: str | None = None
) -> RejectedLines:
    """Make what was counted fit for people: bounded lines of characters that can be seen.

    Where no example is shown, no detail is either.
    """
    told = None if example is None else _one_line(detail)
    return RejectedLines(printable(reason, limit=_LONGEST_REASON), lines, _one_line(example), object_, told)


def _one_line(text: str | None) -> str | None:
    return None if text is None else printable(text.strip(), limit=LONGEST_EXAMPLE)


def object_name(key: str) -> str:
    """Shorten a raw object's key to its name below the folder of its day, for people."""
    _, _, below = key.partition("/ingestion_date=")
    return printable(below.partition("/")[2] or key, limit=_LONGEST_NAME)


def without_example(text: str) -> str:
    """Leave out from a message the raw line that it shows, or the raw values, and what is behind them."""
    before, words, reason = text.partition(f"; {VALUES_WORDS}")[0].partition(MOST_WORDS)
    return f"{before}{words}{reason.partition(_EXAMPLE_WORDS)[0]}"


def values_in(text: str) -> str:
    """Return the part of a message that shows raw values, empty where it shows none."""
    _, words, behind = text.partition(f"; {VALUES_WORDS}")
    return f"{words}{behind.rpartition('; report ')[0] or behind}" if words else ""


def printable(text: str, *, limit: int) -> str:
    """Escape what a terminal or a mail would obey or hide, as JSON does, and cut off what is beyond the limit."""
    shown, length = [], 0
    for character in text:
        piece = _escaped(character) if unicodedata.category(character) in _UNPRINTABLE else character
        length += len(piece)
        shown.append(piece)
        if length > limit:
            return _cut(shown, limit)
    return "".join(shown)


def read_rejections(metrics: Mapping[str, Any], *, source: str) -> tuple[RejectedLines, ...]:
    """Read those of a metrics object; one of a release that did not tell them has none.

    Raises:
        InvalidDocument: naming ``source`` and the key that is missing or of the wrong kind.
    """
    with refused_metrics(source):
        return tuple(map(_read, metrics.get("rejected_lines") or ()))


def _read(document: Mapping[str, Any]) -> RejectedLines:
    example, detail = document["example"], document.get("detail")
    return rejected_lines(
        str(document["reason"]),
        document["lines"] + 0,
        example=None if example is None else str(example),
        object_=str(document["object"]),
        detail=None if detail is None else str(detail),
    )


def _cut(pieces: Sequence[str], limit: int) -> str:
    """Join as many whole pieces as leave room for the mark of a cut."""
    kept, length = [], 0
    for piece in pieces:
        length += len(piece)
        if length > limit - 1:
            break
        kept.append(piece)
    return f"{''.join(kept)}…"


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
