"""Words that many messages share: counts, lists that are cut, names not known, commands of `pipeline` to be pasted."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

# What the command line means without --environment.
DEFAULT_ENVIRONMENT: Final = "prod"
_COMMAND: Final = re.compile(
    r"\bpipeline (?:run|accept|backfill|status|report|rollback|repair|follow|query|doctor)\b"
    r"(?: (?:[0-9]{4}-[0-9]{2}-[0-9]{2}|DATE)\b)*"
)


def plural(value: int, noun: str) -> str:
    """Write a count with its noun."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def first_of(texts: Sequence[str], most: int) -> list[str]:
    """Return the first texts of a list, and behind them how many more there are."""
    more = len(texts) - most
    return [*texts[:most], *([f"and {more} more"] if more > 0 else [])]


def first_named(names: Sequence[str], most: int) -> str:
    """Name the first of a list, and say how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def not_known(value: object, allowed: Iterable[str]) -> str:
    """Say that a value is not known, what is allowed, and which one was probably meant."""
    names = list(allowed)
    return f"{value!r} is not known; allowed: {', '.join(names)}{did_you_mean(value, names)}"


def did_you_mean(value: object, allowed: Iterable[str]) -> str:
    by_lower_case = {name.lower(): name for name in allowed}
    close = get_close_matches(str(value).lower(), by_lower_case, n=1, cutoff=0.6)
    return f"; did you mean {by_lower_case[close[0]]!r}?" if close else ""


def with_options(text: str, options: str) -> str:
    """Let every command of `pipeline` in a text name its dataset; ``options`` begin with a space, or are empty.

    Who writes a message may know no more than the date: which dataset it is, and where, knows who sends it.
    """
    if not options:
        return text
    return _COMMAND.sub(lambda found: found.group() + _missing(options, text[found.end() :]), text)


def backfill_flags(*, concurrency: int, goes_on: bool, is_forced: bool) -> str:
    """Return the options with which `pipeline backfill` does the same again, each behind a space."""
    flags = {f" --concurrency {concurrency}": concurrency > 1, " --continue": goes_on, " --force": is_forced}
    return "".join(flag for flag, is_given in flags.items() if is_given)


def has_command(text: str) -> bool:
    """Tell whether a text holds a command of `pipeline`."""
    return _COMMAND.search(text) is not None


def _missing(options: str, behind: str) -> str:
    return "" if behind.startswith(options) else options
