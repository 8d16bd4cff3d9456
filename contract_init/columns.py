"""From the profile of a sample to its columns: which fields become one each, and which are kept as a whole.

An object whose fields are known becomes a column for each of them; one whose fields differ stays a map or a text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from contract.sources import Entry, Source
from contract_init.array_types import ONE_OF_MANY, array_type
from contract_init.entries import EntryValue, Proposal, entry_values
from contract_init.envelopes import ARRAY, RecordsPath
from contract_init.misfits import Usual, affordable, moments, unreadable_moments, usual_parts
from contract_init.names import Steps, column_names, have_clash, words
from contract_init.profile import FEW, Field
from contract_init.sample import Sample
from contract_init.types import ColumnType, map_type, numbers_in_strings_type, simple_type

_MOST_STEPS: Final = 6
_MOST_LEAVES: Final = 30
_MOST_KNOWN_FIELDS: Final = 40
# Objects that have fewer of each other's fields than this share of them have not much in common.
_COMMON: Final = 0.9
_OPEN_ENDED: Final = frozenset(
    "metadata properties props attributes attrs tags labels extra extras custom headers params parameters traits "
    "annotations dimensions integrations variables elements facets".split()
)
_LOOKS_LIKE_A_VALUE: Final = re.compile(r"[0-9]{3}|[ @:/]|^[0-9]+$")
_CALLED_NUMBERS: Final = frozenset("intValue doubleValue int_value float_value double_value".split())
_SETS: Final = {"SS": "strings", "NS": "numbers, each kept as the text it is sent as", "BS": "binary values in base64"}
# The letters by which DynamoDB names the type of each value.
_DYNAMODB: Final = frozenset("S N B BOOL NULL SS NS BS M L".split())


@dataclass(frozen=True, eq=False)
class DraftColumn:
    """A column, the places of its values and what was seen of them; ``paths`` is empty for a field of its own name."""

    name: str
    paths: tuple[str, ...]
    places: tuple[Steps, ...]
    level: int | None
    type: ColumnType
    field: Field
    nulls: int
    misfits: tuple[Usual, ...] = ()
    proposals: tuple[Proposal, ...] = ()

    @property
    def depth(self) -> int:
        return len(self.places[0])


@dataclass(frozen=True)
class _Leaf:
    """A column before it has its name; ``called`` are the parts of it."""

    places: tuple[Steps, ...]
    called: Steps
    type: ColumnType
    field: Field
    count: int
    level: int | None = None


@dataclass
class _Notes:
    """What could not become a column, and of which fields a few values are not what the others are.

    Such values are only looked for in a sample that still has them: ``usual`` is None for another.
    """

    left_out: list[str] = field(default_factory=list)
    usual: list[Usual] | None = None


def usual_values(sample: Sample) -> tuple[Usual, ...]:
    """Return which fields would have a better type without the few lines whose value is something else."""
    found: list[Usual] = []
    for level, profile in ((None, sample.profile), *enumerate(sample.around)):
        notes = _Notes(usual=[])
        list(_record_leaves(profile, notes) if level is None else _leaves(profile, (), (), notes))
        found += (replace(one, level=level) for one in notes.usual or ())
    left = sample.rows_read * FEW - sample.malformed_rows
    return affordable(found, left if left >= 0 else sample.records * FEW)


def draft_columns(sample: Sample) -> tuple[list[DraftColumn], list[str]]:
    """Return the columns of a sample in the order of their fields, and what could not become one, with the reason."""
    notes = _Notes()
    if sample.profile.has_more_fields:
        notes.left_out.append(f"all fields beyond the first {len(sample.profile.fields)} of a record")
    leaves = list(_record_leaves(sample.profile, notes))
    for level, profile in enumerate(sample.around):
        taken = {"_".join(leaf.called) for leaf in leaves}
        for leaf in _leaves(profile, (), (), notes):
            called = leaf.called if "_".join(leaf.called) not in taken else ("envelope", *leaf.called)
            leaves.append(replace(leaf, called=called, level=level))
    names = column_names([leaf.called for leaf in leaves])
    columns = [_column(leaf, name, sample) for leaf, name in zip(leaves, names, strict=True)]
    return list(_with_proposals(_with_misfits(columns, sample), names, sample)), notes.left_out


def _column(leaf: _Leaf, name: str, sample: Sample) -> DraftColumn:
    is_own_name = leaf.level is None and leaf.places == ((name,),)
    paths = () if is_own_name else tuple(_path(place, leaf.level, sample) for place in leaf.places)
    return DraftColumn(name, paths, leaf.places, leaf.level, leaf.type, leaf.field, sample.records - leaf.count)


def _with_misfits(columns: Sequence[DraftColumn], sample: Sample) -> Iterator[DraftColumn]:
    """Yield the columns, each place where values did not fit told at the first column that reads something of it."""
    left = list(sample.misfits.counts)
    for column in columns:
        here = [one for one in left if _reads(column, one)]
        left = [one for one in left if one not in here]
        yield replace(column, misfits=tuple(here)) if here else column


def _with_proposals(columns: Iterable[DraftColumn], names: Sequence[str], sample: Sample) -> Iterator[DraftColumn]:
    """Yield the columns, arrays of keys and values with the columns that could be in place of them."""
    taken = list(names)
    for column in columns:
        entries = [] if column.type.logical == "object" else entry_values(column.field, _entry_values)
        called = column_names([*((name,) for name in taken), *((column.name, value.key) for _, value in entries)])
        proposals = tuple(
            Proposal(name, tuple(_entry_path(column, entry, place, sample) for place in value.places), value.type)
            for name, (entry, value) in zip(called[len(taken) :], entries, strict=True)
        )
        taken = called
        yield replace(column, proposals=proposals)


def _entry_values(key: str, found: Field, steps: Steps) -> list[EntryValue]:
    """Return what the values of one key become; nothing where it is more than one column, or none."""
    leaves = list(_of_field(found, steps, (key,), _Notes()))
    return [EntryValue(key, leaf.places, _entry_type(leaf, key)) for leaf in leaves if len(leaves) == 1]


def _entry_type(leaf: _Leaf, key: str) -> ColumnType:
    """Return the type of a key's values; where their field is called a number, numbers in strings are numbers."""
    is_number = len(leaf.places) == 1 and leaf.places[0][-1] in _CALLED_NUMBERS and leaf.field.strings.count
    return numbers_in_strings_type(leaf.field, key) if is_number else leaf.type


def _entry_path(column: DraftColumn, entry: Entry, place: Steps, sample: Sample) -> str:
    return _path((*column.places[0], entry, *place), column.level, sample)


def _reads(column: DraftColumn, usual: Usual) -> bool:
    return column.level == usual.level and any(place[: len(usual.steps)] == usual.steps for place in column.places)


def _path(place: Sequence[str | Entry], level: int | None, sample: Sample) -> str:
    arrays = () if level is None else sample.records_path.prefix(level)
    return str(Source((*arrays, *place), in_envelope=level is not None, each=_each(arrays)))


def records_path_text(path: RecordsPath) -> str:
    """Return where the records of a text lie, as a contract writes it."""
    return "[]" if path.names == ARRAY else str(Source(path.names, each=_each(path.names[:-1])))


def _each(arrays: Steps) -> tuple[int, ...]:
    return tuple(range(1, len(arrays) + 1))


def _record_leaves(profile: Field, notes: _Notes) -> Iterator[_Leaf]:
    wrapper = _wrapper(profile, notes)
    if wrapper is None:
        yield from _leaves(profile, (), (), notes)
    else:
        yield from _leaves(profile.fields[wrapper], (wrapper,), (), notes)


def _wrapper(profile: Field, notes: _Notes) -> str | None:
    """Return the field that is all of a record: its name says nothing about the columns in it."""
    names = list(profile.fields)
    if sorted(names) == ["payload", "schema"] and "type" in profile.fields["schema"].fields:
        notes.left_out.append("schema: the schema that Kafka Connect repeats in each record")
        names = ["payload"]
    if len(names) != 1 or profile.fields[names[0]].kinds.keys() != {"object"}:
        return None
    return None if _is_typed(profile.fields[names[0]]) else names[0]


def _leaves(profile: Field, steps: Steps, called: Steps, notes: _Notes) -> Iterator[_Leaf]:
    for name, found in profile.fields.items():
        if name == "":
            notes.left_out.append("a field with an empty name, which no path can name")
        else:
            yield from _of_field(found, (*steps, name), (*called, name), notes)


def _of_field(found: Field, steps: Steps, called: Steps, notes: _Notes) -> Iterator[_Leaf]:
    def of(part: Field) -> list[_Leaf]:
        if part.kinds.keys() == {"object"}:
            return list(_of_object(part, steps, called, notes))
        name = " ".join(called)
        type_ = array_type(part, name) if part.kinds.keys() == {"array"} else simple_type(part, name)
        return [_leaf(part, steps, called, type_)]

    yield from _of_usual(found, steps, of, notes)


def _of_usual(found: Field, steps: Steps, of: Callable[[Field], list[_Leaf]], notes: _Notes) -> list[_Leaf]:
    """Return what a field becomes; where that is text because of a few values, what it becomes without them."""
    whole = of(found)
    if notes.usual is None:
        return whole
    if not _is_one_text(whole, steps):
        notes.usual += _unreadable(whole, steps, found)
        return whole
    for fit, part in usual_parts(found):
        leaves = of(part)
        if leaves and not _is_one_text(leaves, steps):
            type_ = leaves[0].type
            reads_strings = type_.is_sent_as_string or type_.ddl.startswith("decimal")
            exact = replace(fit, epoch_unit=type_.epoch_unit, any_number_in_strings=reads_strings)
            notes.usual.append(Usual(steps, exact, found.count - part.count))
            return leaves
    return whole


def _unreadable(leaves: Sequence[_Leaf], steps: Steps, found: Field) -> Iterator[Usual]:
    """Yield what is usual of moments some of which are beyond the years that a timestamp has."""
    unit = leaves[0].type.epoch_unit if leaves and leaves[0].places == (steps,) else None
    fit = None if unit is None else unreadable_moments(found, unit)
    if unit is not None and fit is not None:
        yield Usual(steps, fit, found.count - moments(found, unit))


def _is_one_text(leaves: Sequence[_Leaf], steps: Steps) -> bool:
    return len(leaves) == 1 and leaves[0].places == (steps,) and leaves[0].type.logical == "string"


def _of_object(found: Field, steps: Steps, called: Steps, notes: _Notes) -> Iterator[_Leaf]:
    if _is_typed(found):
        yield from _typed(found, steps, called, notes)
    elif _is_open_ended(found, called[-1]):
        yield _leaf(found, steps, called, map_type(found, is_by_name=_is_called_open_ended(called[-1])))
    elif len(steps) >= _MOST_STEPS or _count_leaves(found) > _MOST_LEAVES:
        yield _leaf(
            found,
            steps,
            called,
            ColumnType("string", measured=(f"objects of {_count_leaves(found)} fields, kept as JSON text",)),
        )
    else:
        yield from _leaves(found, steps, called, notes)


def _leaf(found: Field, steps: Steps, called: Steps, type_: ColumnType) -> _Leaf:
    return _Leaf((steps,), called, type_, found, found.count)


def _is_open_ended(found: Field, name: str) -> bool:
    """Say whether another day may bring other fields: they are many, look like values, or differ between objects."""
    fields = found.fields
    if not fields or found.has_more_fields or len(fields) > _MOST_KNOWN_FIELDS:
        return True
    if "" in fields or have_clash(fields):
        return True
    if _is_called_open_ended(name):
        return True
    if sum(_LOOKS_LIKE_A_VALUE.search(inner) is not None for inner in fields) * 2 > len(fields):
        return True
    given = [(inner.count + inner.nulls) / found.count for inner in fields.values()]
    has_no_core = len(given) >= 3 and max(given) < _COMMON
    return has_no_core or (len(given) >= 6 and sum(share < 0.5 for share in given) > len(given) * 0.6)


def _is_called_open_ended(name: str) -> bool:
    return not _OPEN_ENDED.isdisjoint(words(name)[-1:])


def _count_leaves(found: Field) -> int:
    if found.kinds.keys() != {"object"} or not found.fields:
        return 1
    return sum(_count_leaves(inner) for inner in found.fields.values())


def _is_typed(found: Field) -> bool:
    """Say whether objects are values as DynamoDB writes them, each with the one letter of its type."""
    given = sum(inner.count + inner.nulls for inner in found.fields.values())
    is_known = found.fields.keys() <= _DYNAMODB or found.fields.keys() <= ONE_OF_MANY
    return bool(found.fields) and is_known and given == found.count


def _typed(found: Field, steps: Steps, called: Steps, notes: _Notes) -> Iterator[_Leaf]:
    letters = [letter for letter in found.fields if letter != "NULL"]
    if not letters:
        yield _never_typed(found, steps, called)
        return
    if ONE_OF_MANY.issuperset(letters):
        yield from _one_of_many(found, letters, steps, called, notes)
        return
    inner = found.fields[letters[0]]
    if letters == ["M"] and not _is_open_ended(inner, called[-1]):
        yield from _leaves(inner, (*steps, "M"), called, notes)
    elif set(letters) <= {"S", "N"} and len(letters) > 1:
        places = tuple((*steps, letter) for letter in sorted(letters, reverse=True))
        measured = ("strings and numbers, so each is kept as text",)
        yield _Leaf(places, called, ColumnType("string", measured=measured), found, found.count)
    elif len(letters) > 1:
        yield _leaf(
            found, steps, called, ColumnType("string", measured=("of different types, kept as DynamoDB's JSON",))
        )
    else:
        place, name = (*steps, letters[0]), " ".join(called)
        yield from _of_usual(
            inner, place, lambda part: [_leaf(part, place, called, _typed_type(part, letters[0], name))], notes
        )


def _never_typed(found: Field, steps: Steps, called: Steps) -> _Leaf:
    """Return the column of values that are all null, {"NULL": true}: it reads whichever simple type comes later."""
    measured = ("always null in the sample, so that it is a string, number or boolean, kept as text, is a guess",)
    return _Leaf(
        tuple((*steps, letter) for letter in ("S", "N", "BOOL")),
        called,
        ColumnType("string", measured=measured),
        found,
        0,
    )


def _one_of_many(found: Field, names: list[str], steps: Steps, called: Steps, notes: _Notes) -> Iterator[_Leaf]:
    if len(names) == 1:
        inner, place = found.fields[names[0]], (*steps, names[0])
        name = "" if inner.kinds.keys() & {"object", "array"} else " ".join(called)
        yield from _of_usual(inner, place, lambda part: [_leaf(part, place, called, simple_type(part, name))], notes)
    elif all(not inner.kinds.keys() & {"object", "array"} for inner in found.fields.values()):
        measured = (f"of different types ({', '.join(names)}), so each is kept as text",)
        places = tuple((*steps, name) for name in names)
        yield _Leaf(places, called, ColumnType("string", measured=measured), found, found.count)
    else:
        yield _leaf(found, steps, called, ColumnType("string", measured=("of different types, kept as JSON text",)))


def _typed_type(found: Field, letter: str, name: str) -> ColumnType:
    if letter in ("M", "L"):
        return ColumnType("string", measured=("kept as DynamoDB's JSON text",))
    if letter in ("SS", "NS", "BS"):
        return ColumnType("array", "array<string>", measured=(f"a set of {_SETS[letter]}, which has no order",))
    return numbers_in_strings_type(found, name) if letter == "N" else simple_type(found, name)
