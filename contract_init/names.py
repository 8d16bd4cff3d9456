"""Names of fields: what lies behind them, names of columns for them, their words, and what these tell of values."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from contract.columns import COLUMN_NAME, RESERVED_NAMES

Steps: TypeAlias = tuple[str, ...]

_LONGEST: Final = 128
_FIELD_IN_STRUCT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# What words in names tell of the values, where these alone could mean several things.
_MONEY: Final = frozenset(
    "price amount total subtotal cost fee fees tax taxes discount balance revenue refund paid due charge gross net "
    "salary payment tip shipping".split()
)
_MOMENT: Final = frozenset(
    "time timestamp ts tstamp date datetime day dt created updated modified deleted at epoch expires expiry expiration "
    "started ended finished occurred seen unix nano nanos micros millis ms when published received sent changed "
    "since until start end first last touch ttl".split()
)
_NO_MOMENT: Final = frozenset(
    "duration elapsed latency timeout timezone offset id number count size bytes length amount price total".split()
)
_IDENTIFIER: Final = frozenset(
    "id ids uuid guid key code number no num phone zip postal postcode sku account version".split()
)
_COUNTED: Final = frozenset("quantity qty count size bytes length duration elapsed latency age views clicks".split())


def value_behind(steps: Steps, value: Any) -> Any:
    """Return what lies behind the names of fields within each other, or None."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def is_legal(name: str) -> bool:
    """Say whether a column can have a name."""
    return COLUMN_NAME.fullmatch(name) is not None and name.lower() not in RESERVED_NAMES


def is_legal_inside(name: str) -> bool:
    """Say whether a field of a struct can have a name."""
    return _FIELD_IN_STRUCT.fullmatch(name) is not None


def column_names(paths: Sequence[Steps]) -> list[str]:
    """Return a legal name for each path, unique ignoring case; a field that has a legal name of its own keeps it.

    ``detail-type`` becomes detail_type, ``_id`` id, and ``meta.id`` meta_id; a name that is taken gets a number.
    """
    joined = ["_".join(_part(step) if len(path) > 1 else step for step in path) for path in paths]
    names: dict[int, str] = {}
    taken: set[str] = set()
    # Fields that keep their names come first, so that none of them is renamed because of one that cannot.
    for position in sorted(
        range(len(paths)), key=lambda position: (len(paths[position]) > 1, not is_legal(joined[position]))
    ):
        names[position] = _free(_legal(joined[position]), taken)
        taken.add(names[position].lower())
    return [names[position] for position in range(len(paths))]


def words(name: str) -> list[str]:
    """Return the words of a name in lower case: userId, user_id and user-id are user and id."""
    return [word.lower() for word in _WORD.findall(_ascii(name))]


def have_clash(names: Iterable[str]) -> bool:
    """Say whether two names differ in case only."""
    lower = [name.lower() for name in names]
    return len(set(lower)) < len(lower)


def _part(step: str) -> str:
    """Return a part of a longer name without the characters that no name can have around it."""
    return step if is_legal_inside(step) else re.sub(r"[^A-Za-z0-9]+", "_", _ascii(step)).strip("_") or "field"


def _legal(name: str) -> str:
    if is_legal(name):
        return name
    legal = re.sub(r"[^A-Za-z0-9_]+", "_", _ascii(name)).strip("_")[: _LONGEST - len("source_")]
    if not legal:
        return "field"
    if legal.lower() in RESERVED_NAMES:
        return f"source_{legal}"
    return legal if legal[0].isalpha() else f"field_{legal}"


def _ascii(name: str) -> str:
    """Return a name with its letters as plain as they can be."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _free(name: str, taken: Iterable[str]) -> str:
    candidate, number = name, 2
    while candidate.lower() in taken:
        candidate, number = f"{name[: _LONGEST - 4]}_{number}", number + 1
    return candidate


def is_money(name: str) -> bool:
    return not _MONEY.isdisjoint(words(name))


def is_identifier(name: str) -> bool:
    """Say whether a name is one of things that are named by digits, with which nobody calculates."""
    return not _IDENTIFIER.isdisjoint(words(name)[-1:])


def is_version(name: str) -> bool:
    """Say whether a name is one of versions, which look like dates and numbers until one does not."""
    return "version" in words(name)[-1:]


def names_a_moment(name: str) -> bool:
    found = set(words(name))
    return not found.isdisjoint(_MOMENT) and _NO_MOMENT.isdisjoint(words(name)[-1:])


def is_count(name: str) -> bool:
    """Say whether a name is one of things that are counted or measured from zero."""
    return not _COUNTED.isdisjoint(words(name)[-1:])
