"""A person's value in the documents of the pipeline: what may be replaced in metrics, acceptances and records.

Only texts that quote data or people are changed; ids, counts and places stay as they are.
"""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Final

from core.rejections import LONGEST_EXAMPLE, printable, values_in
from erasure.words import Words

ERASED: Final = "(erased)"


def example_digest(line: bytes) -> str:
    """Name a line by what metrics show of it as an example, which may end within the value."""
    shown = printable(line.decode("utf-8", "replace").strip(), limit=LONGEST_EXAMPLE)
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()


def without_value(metrics: Mapping[str, Any], words: Words, *, examples: Collection[str] = ()) -> dict[str, Any]:
    """Return a run's metrics without the value, and without the examples that are the person's lines."""
    metrics = _without_values(metrics, words, examples)
    quoted = _quoted_lines(metrics, words, examples)
    cleaned = {name: _cleaned(metrics[name], words, quoted, only) for name, only in _TEXTS.items() if metrics.get(name)}
    return {**metrics, **cleaned}


def shown(text: str, words: Words) -> str:
    """Return a name, or a sentence of the pipeline or of people, without the value; numbers in them are others'."""
    return words.replaced(text, ERASED) if words.is_distinctive else text


# What of metrics quotes data or people: of an object in them the fields whose text is changed, or None for a text.
_TEXTS: Final[Mapping[str, Collection[str] | None]] = {
    "message": None,
    "warnings": None,
    "rejected_lines": ("reason", "example", "detail"),
    "accepted": ("reason",),
    "schema_drift": ("unknown_fields",),
}


def _without_values(metrics: Mapping[str, Any], words: Words, examples: Collection[str]) -> Mapping[str, Any]:
    """Leave out the values that broke rules, of which nobody knows whose they are, on a day with lines of the person.

    Without such lines, as where the source has delivered again, they go where they hold the value.
    """
    message = metrics.get("message")
    values = values_in(message) if isinstance(message, str) else ""
    if not isinstance(message, str) or not values or not (examples or words.found(values)):
        return metrics
    return {**metrics, "message": message.replace(values, "")}


def _quoted_lines(metrics: Mapping[str, Any], words: Words, examples: Collection[str]) -> list[str]:
    """Return what is quoted of the person's lines: examples that hold the value or begin such a line, and details."""
    return [
        text
        for one in metrics.get("rejected_lines") or ()
        for text in _quotes(one)
        if any(_digest(quoted) in examples or words.found(quoted) for quoted in _quotes(one))
    ]


def _quotes(rejected: Mapping[str, Any]) -> list[str]:
    """Return what a reason's entry quotes of its example; the longer before what may be a part of it."""
    found = (rejected.get("example"), rejected.get("detail"))
    return sorted((text for text in found if isinstance(text, str)), key=len, reverse=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _cleaned(value: Any, words: Words, quoted: Collection[str], only: Collection[str] | None) -> Any:
    if isinstance(value, str):
        for line in quoted:
            value = value.replace(line, ERASED)
        return shown(value, words)
    if isinstance(value, list):
        return [_cleaned(inner, words, quoted, only) for inner in value]
    if isinstance(value, dict):
        return {
            name: _cleaned(inner, words, quoted, None) if only is None or name in only else inner
            for name, inner in value.items()
        }
    return value
