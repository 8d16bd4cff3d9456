"""How messages say that a name is not known: with what is allowed, and which one was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def not_known(value: object, allowed: Iterable[str]) -> str:
    """Say that a value is not known, what is allowed, and which one was probably meant."""
    names = list(allowed)
    return f"{value!r} is not known; allowed: {', '.join(names)}{did_you_mean(value, names)}"


def did_you_mean(value: object, allowed: Iterable[str]) -> str:
    by_lower_case = {name.lower(): name for name in allowed}
    close = get_close_matches(str(value).lower(), by_lower_case, n=1, cutoff=0.6)
    return f"; did you mean {by_lower_case[close[0]]!r}?" if close else ""
