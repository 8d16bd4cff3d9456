"""Which columns could identify a row, and which one says when it happened; decided by names and by what was counted.

A second reading of the sample is only made for keys of several columns.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any, Final

from contract_init.columns import DraftColumn
from contract_init.names import value_behind, words
from contract_init.objects import SampleError
from contract_init.sample import Row, Sample

_ENOUGH_TO_TRUST_ANY_NAME: Final = 100
_MOST_REPEATS: Final = 0.05
_LONGEST_KEY: Final = 128
_MOST_CANDIDATES: Final = 12
_MOST_SIMPLE: Final = 60
_NULL: Final = hash(None)
_OWN_IDS: Final = frozenset(
    "id uuid guid pk event record message msg log insert row document doc delivery transaction".split()
)
_ID_WORDS: Final = frozenset("id uuid guid".split())
_IDENTIFYING: Final = (*_ID_WORDS, "pk", "sk", "key", "hash", "number", "code", "lsn", "sequence", "seq")
# What many records may be about or belong to.
_OF_OTHERS: Final = frozenset(
    "user customer account client session visitor anonymous device actor repo org tenant tx txn trace span parent "
    "request order product item page".split()
)
_FOREIGN: Final = 3
_ABOUT_NOTHING: Final = frozenset(
    "meta metadata item data payload event record envelope message header body after detail".split()
)
_EVENT_TIME: Final = (
    ("event time", "event timestamp", "event ts", "event date time", "event datetime", "event date"),
    (
        "timestamp",
        "time",
        "ts",
        "datetime",
        "dt",
        "date time",
        "occurred at",
        "happened at",
        "occurred",
        "collector tstamp",
        "time unix nano",
    ),
    (
        "created at",
        "created",
        "create time",
        "creation time",
        "created time",
        "published",
        "published at",
        "ordered at",
    ),
    ("start time", "started at", "updated at", "sent at", "received at", "ts ms", "modified at"),
)
_NO_EVENT_TIME: Final = frozenset(
    "ttl expires expiry expiration deleted birth birthday until end ended finished".split()
)


@dataclass(frozen=True)
class Key:
    """The columns that identify a row, how many rows of the sample repeat one before, and why these were chosen."""

    columns: tuple[DraftColumn, ...]
    extra_rows: int
    reason: str
    others: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def find_key(columns: Sequence[DraftColumn], sample: Sample, *, dataset: str, limit: int) -> Key:
    """Find the column that identifies a row; if there is none, the fewest that do so together."""
    simple = [column for column in columns if _can_be_key(column)]
    ranked = sorted(
        (
            (rank, column.depth, number)
            for number, column in enumerate(simple)
            if (rank := _rank(column, sample, dataset)) is not None
        )
    )
    if not ranked:
        return _several(simple, sample, limit)
    rank, best = ranked[0][0], simple[ranked[0][2]]
    others = tuple(simple[number].name for _, _, number in ranked[1:6])
    extra = sample.records - _distinct(best)
    return Key((best, *_beside(best, rank, columns)), extra, _measured_key(sample, extra, rank), others)


def _beside(best: DraftColumn, rank: int, columns: Sequence[DraftColumn]) -> tuple[DraftColumn, ...]:
    """Return the event's time, where a column is unique in the sample and its name says that it may not stay so."""
    time = find_event_time(columns)
    return (time,) if rank >= _FOREIGN and time is not None and not time.nulls and time is not best else ()


def find_event_time(columns: Sequence[DraftColumn]) -> DraftColumn | None:
    """Return the timestamp that most likely says when something happened: by its name, and by how seldom it is null."""
    candidates = [
        (rank, column.nulls > 0, column.level is not None, column.depth, position, column)
        for position, column in enumerate(columns)
        if column.type.is_time and (rank := _time_rank(column)) is not None
    ]
    return min(candidates, key=lambda entry: entry[:5])[5] if candidates else None


def value_at(row: Row, column: DraftColumn) -> Any:
    """Return a column's raw value in a row: of its places the first that holds one."""
    around, record = row
    for place in column.places:
        value = value_behind(place, record if column.level is None else around[column.level])
        if value is not None:
            return value
    return None


def _can_be_key(column: DraftColumn) -> bool:
    return column.type.logical in ("string", "integer", "timestamp", "date", "boolean") and not (
        column.field.kinds.keys() & {"object", "array"}
    )


def _distinct(column: DraftColumn) -> int:
    return column.field.distinct.count if column.field.distinct is not None and len(column.places) == 1 else 0


def _rank(column: DraftColumn, sample: Sample, dataset: str) -> int | None:
    """Say how good a key a column is, 0 being best; None for one that is none."""
    if column.nulls or column.level is not None or column.type.logical not in ("string", "integer"):
        return None
    extra = sample.records - _distinct(column)
    named = [word for word in words(column.name) if word not in _ABOUT_NOTHING] or words(column.name)
    is_own = set(named) <= _own_words(dataset) and not _ID_WORDS.isdisjoint(
        {*named, *({"id"} if named == ["pk"] else ())}
    )
    if is_own and not extra:
        return 0
    # What is sent twice has the same id; as long as few are, it still is one.
    is_sent_twice = 0 < extra <= sample.records * _MOST_REPEATS
    if is_own and is_sent_twice:
        return 1
    is_equal = is_sent_twice and extra == sample.equal_records
    if (extra and not is_equal) or column.field.strings.longest > _LONGEST_KEY:
        return None
    if named[-1:] and named[-1] in _IDENTIFYING:
        return 2 if _OF_OTHERS.isdisjoint(named) else _FOREIGN
    return _FOREIGN + 1 if sample.records >= _ENOUGH_TO_TRUST_ANY_NAME else None


def _own_words(dataset: str) -> set[str]:
    of_dataset = words(dataset)
    return {
        *_OWN_IDS,
        *of_dataset,
        *(word.removesuffix("s") for word in of_dataset),
        *(word.removesuffix("es") for word in of_dataset),
    }


def _measured_key(sample: Sample, extra: int, rank: int) -> str:
    unsure = ", though not named as a record's own id: make sure" if rank > 1 else ""
    if extra:
        same = ", equal in all fields" if extra == sample.equal_records else ""
        return (
            f"never null; {extra:,} of {sample.records:,} records repeat one before them{same}, to be removed as "
            f"duplicates where both are of one date{unsure}"
        )
    if sample.records == 1:
        return "never null in the only record: make sure"
    return f"never null and different in all {sample.records:,} records{unsure}"


def _several(simple: Sequence[DraftColumn], sample: Sample, limit: int) -> Key:
    """Return the fewest columns that tell apart whatever all simple columns together tell apart."""
    if not simple:
        raise SampleError("no field holds simple values, and a row needs some to be identified by; see recordsPath")
    simple = sorted(simple, key=lambda column: column.nulls)[:_MOST_SIMPLE]
    hashes = _Hashes(simple, sample, limit)
    wanted = hashes.distinct(range(len(simple)))
    order = sorted(range(len(simple)), key=lambda number: _preference(simple[number], hashes.distinct((number,))))
    first = order[:_MOST_CANDIDATES]
    pairs = (pair for pair in combinations(first, 2) if hashes.distinct(pair) == wanted)
    alone = ((number,) for number in first if not simple[number].nulls and hashes.distinct((number,)) == wanted)
    chosen: tuple[int, ...] = next(chain(alone, pairs), ()) or _greedy(order, hashes.distinct, wanted)
    columns = tuple(simple[number] for number in chosen)
    with_nulls, extra = hashes.with_nulls(chosen), hashes.repeats(chosen)
    return Key(columns, extra, _measured_together(sample, wanted, extra=extra, with_nulls=with_nulls))


def _measured_together(sample: Sample, distinct: int, *, extra: int, with_nulls: int) -> str:
    records = f"{sample.records:,} records"
    nulls = (
        f"; {with_nulls:,} of {records} have a null in it, and such rows are never removed as duplicates"
        if with_nulls
        else ""
    )
    if distinct == sample.records:
        return f"no column alone is never null and different in all {records}; these together are{nulls}"
    return (
        f"no key was found; these tell apart whatever any column does, and {extra:,} of {records} "
        f"repeat one before them and would be removed as duplicates where both are of one date{nulls}"
    )


def _preference(column: DraftColumn, distinct: int) -> tuple[bool, bool, int]:
    return (column.nulls > 0, column.type.logical == "boolean", -distinct)


def _greedy(order: Sequence[int], distinct: Callable[[Iterable[int]], int], wanted: int) -> tuple[int, ...]:
    """Add the column that tells most records apart until nothing more can be told."""
    chosen: tuple[int, ...] = tuple(order[:1])
    while distinct(chosen) < wanted:
        left = [number for number in order if number not in chosen]
        chosen = max(((*chosen, number) for number in left), key=distinct)
    return chosen


class _Hashes:
    """The hashes of simple columns in each record, a list for each column."""

    def __init__(self, columns: Sequence[DraftColumn], sample: Sample, limit: int) -> None:
        self._columns = [array("q") for _ in columns]
        for row in sample.rows(limit):
            for column, hashes in zip(columns, self._columns, strict=True):
                hashes.append(hash(value_at(row, column)))

    def distinct(self, numbers: Iterable[int]) -> int:
        return len(set(self._keys(numbers)))

    def with_nulls(self, numbers: Iterable[int]) -> int:
        """Return how many records have a null in one of these columns."""
        return sum(_NULL in key for key in self._keys(numbers))

    def repeats(self, numbers: Iterable[int]) -> int:
        """Return how many records a run would remove as duplicates: those with a null are none."""
        keys = [key for key in self._keys(numbers) if _NULL not in key]
        return len(keys) - len(set(keys))

    def _keys(self, numbers: Iterable[int]) -> Iterator[tuple[int, ...]]:
        return zip(*(self._columns[number] for number in numbers), strict=True)


def _time_rank(column: DraftColumn) -> int | None:
    named = words(column.name)
    if not _NO_EVENT_TIME.isdisjoint(named):
        return None
    short = " ".join(word for word in named if word not in (_ABOUT_NOTHING - {"event"}))
    for rank, known in enumerate(_EVENT_TIME):
        if short in known or " ".join(named) in known:
            return rank
    return len(_EVENT_TIME) + (column.depth > 1)
