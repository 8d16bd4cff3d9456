"""Rules that hold for the sample, with some room: warnings, until somebody who knows the data makes errors of them.

Knows what was counted of a column; must not know how a rule is written.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from contract.rules import LONGEST_ID
from contract_init.columns import DraftColumn
from contract_init.keys import Key
from contract_init.names import is_identifier, words
from contract_init.profile import FEW
from contract_init.sample import Sample

_MOST_VALUES: Final = 20
_REPEATED_AT_LEAST: Final = 10
_ENOUGH: Final = 30
_LONGEST_VALUE: Final = 60
# Values that nobody wants in a contract, which is read by more people than the data.
_PERSONAL: Final = frozenset("email mail phone ip address login user username password secret token agent arn".split())
_PERSONS: Final = frozenset("first last full given family middle customer user person display contact".split())
_LOOKS_PERSONAL: Final = re.compile(r"@|://|\d{1,3}(?:\.\d{1,3}){3}")
_USELESS_PERCENT: Final = 95


@dataclass(frozen=True)
class DraftRule:
    """A rule as the contract states it, and what was measured."""

    id: str
    metric: str
    operator: str
    limit: int
    unit: str
    measured: str
    valid_values: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def column_rules(column: DraftColumn, sample: Sample, *, key: Key) -> Iterator[DraftRule]:
    """Yield the rules of one column. What a key column has to be, it is by being one."""
    is_key = column in key.columns
    if not is_key and column.field.count:
        yield from _null_rule(column, sample)
    if key.columns == (column,):
        yield _repeats_rule(_rule_id(column, "duplicates"), key, sample)
    if not is_key:
        yield from _values_rule(column)


def table_rules(key: Key, sample: Sample) -> Iterator[DraftRule]:
    """Yield the rules of the table beside that it has rows."""
    if len(key.columns) > 1:
        yield _repeats_rule("key_duplicates", key, sample)


def _null_rule(column: DraftColumn, sample: Sample) -> Iterator[DraftRule]:
    name, share = _rule_id(column, "nulls"), 100 * column.nulls / sample.records
    if not column.nulls:
        yield DraftRule(name, "nullValues", "mustBe", 0, "rows", "never null")
        return
    limit = with_room(share, sample.records)
    if limit < _USELESS_PERCENT:
        yield DraftRule(name, "nullValues", "mustBeLessOrEqualTo", limit, "percent", f"{share:.3g} % are null")


def _rule_id(column: DraftColumn, what: str) -> str:
    """Name a rule by its column; of a long name stands the beginning, and a digest in place of the rest."""
    rule_id = f"{column.name}_{what}"
    if len(rule_id) <= LONGEST_ID:
        return rule_id
    digest = hashlib.sha256(column.name.encode()).hexdigest()[:8]
    return f"{column.name[: LONGEST_ID - len(digest) - len(what) - 2]}_{digest}_{what}"


def with_room(percent: float, rows: int) -> int:
    """Return a limit above a share: by what chance adds in a sample of so many rows, and at least by half of it."""
    share = percent / 100
    chance = 300 * math.sqrt(share * (1 - share) / rows)
    return math.ceil(percent + max(chance, percent / 2, 1))


def _repeats_rule(name: str, key: Key, sample: Sample) -> DraftRule:
    share = 100 * key.extra_rows / sample.records
    limit = min(with_room(share, sample.records), 99)
    columns = tuple(key.names) if len(key.columns) > 1 else ()
    measured = f"{share:.3g} % repeat one before them; if many more do, this is no key"
    return DraftRule(name, "duplicateValues", "mustBeLessOrEqualTo", limit, "percent", measured, columns=columns)


def _values_rule(column: DraftColumn) -> Iterator[DraftRule]:
    """Yield the rule that values are among those seen, where they are few and each was seen often."""
    strings = column.field.strings
    values = strings.values
    are_texts = strings.count >= (1 - FEW) * column.field.count and not strings.are_values
    if column.type.logical != "string" or column.type.instead or not values or not are_texts:
        return
    if is_identifier(column.name) or is_personal(column.name, values):
        return
    is_list = len(values) <= _MOST_VALUES and strings.count >= max(_ENOUGH, _REPEATED_AT_LEAST * len(values))
    if not is_list or not any(values) or len(column.places) > 1 or any(len(value) > _LONGEST_VALUE for value in values):
        return
    seen = "1 value" if len(values) == 1 else f"{len(values)} values"
    measured = f"{seen} in {strings.count:,}"
    yield DraftRule(
        _rule_id(column, "values"),
        "invalidValues",
        "mustBeLessOrEqualTo",
        1,
        "percent",
        measured,
        tuple(sorted(values)),
    )


def is_personal(name: str, values: Iterable[str]) -> bool:
    """Say whether values may name persons."""
    named = words(name)
    is_of_person = not _PERSONAL.isdisjoint(named[-1:]) or (named[-1:] == ["name"] and not _PERSONS.isdisjoint(named))
    return is_of_person or any(_LOOKS_PERSONAL.search(value) for value in values)
