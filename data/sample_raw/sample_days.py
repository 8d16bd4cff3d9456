"""Own the composition of a sample day: which rows carry which defect, in chunks that any process can render.

It must not know how chunks are distributed over processes, nor where objects are written.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from random import Random

from raw_store import SampleDataError
from sample_events import COLUMNS, Event, draw_events, render, resend, stream

CHUNK_ROWS = 20_000
ALL_PERCENT = Decimal(100)
UNKNOWN_TYPES = ("logout", "add_to_wishlist", "PURCHASE", "refund")
BAD_VALUES: tuple[Event, ...] = (
    {"quantity": '"three"'},
    {"event_ts": '"yesterday"'},
    {"price": "{}"},
    {"quantity": "1.5"},
    {"properties": '"none"'},
    {"price": '"free"'},
)
MALFORMED_FORMS: tuple[Callable[[str], str], ...] = (
    lambda row: row[: len(row) // 2],
    lambda _: "ERROR connection reset by peer",
    lambda _: '["login",1]',
    lambda row: f"[{row}]",
    lambda _: '"login"',
)


@dataclass(frozen=True, kw_only=True)
class Defects:
    """How much of a date carries each defect.

    Percentages are of the well-formed rows (all but bad types and malformed lines), because the quality gate
    counts them so; they are rounded half up to whole rows.

    Raises SampleDataError for a value outside its range.
    """

    null_user_percent: Decimal = Decimal(1)
    null_event_id_rows: int = 0
    null_event_type_rows: int = 0
    unknown_type_percent: Decimal = Decimal(0)
    duplicate_percent: Decimal = Decimal("0.5")
    bad_type_rows: int = 0
    malformed_rows: int = 0
    unknown_field: str | None = None
    unknown_field_percent: Decimal = ALL_PERCENT
    misdated_rows: int = 0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name.endswith("_percent") and not (value.is_finite() and 0 <= value <= ALL_PERCENT):
                raise SampleDataError(f"{_switch(name)} {value} is outside 0 to 100")
            if name.endswith("_rows") and value < 0:
                raise SampleDataError(f"{_switch(name)} {value} is below 0")
        if self.unknown_field is None and self.unknown_field_percent != ALL_PERCENT:
            raise SampleDataError("--unknown-field-percent needs the field's name; add --unknown-field NAME")
        if self.unknown_field == "" or self.unknown_field in COLUMNS:
            raise SampleDataError(
                f"--unknown-field {self.unknown_field!r} is not unknown; give a name other than {', '.join(COLUMNS)}"
            )


def _switch(name: str) -> str:
    return "--" + name.replace("_", "-")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Exact numbers of rows of a chunk or an object: all of them, and those with each defect."""

    rows: int
    malformed_rows: int
    bad_type_rows: int
    duplicate_rows: int
    null_event_id_rows: int
    misdated_rows: int
    null_user_rows: int
    null_event_type_rows: int
    unknown_type_rows: int
    unknown_field_rows: int

    @property
    def well_formed_rows(self) -> int:
        """Rows that parse as events."""
        return self.rows - self.malformed_rows - self.bad_type_rows

    @property
    def original_rows(self) -> int:
        """Well-formed rows that have an event_id and lie on their day, each event_id for the first time."""
        return self.well_formed_rows - self.duplicate_rows - self.null_event_id_rows - self.misdated_rows

    @property
    def defects(self) -> dict[str, int]:
        """Rows with each defect, by its name."""
        return {name: count for name, count in asdict(self).items() if name != "rows"}


def add_up(parts: Sequence[Counts]) -> Counts:
    """Return the counts of several chunks together."""
    return Counts(**{field.name: sum(getattr(part, field.name) for part in parts) for field in fields(Counts)})


@dataclass(frozen=True, kw_only=True)
class Series:
    """Names the random streams of a date's objects; another label gives events that were never drawn before."""

    seed: int
    day: date
    label: str

    def stream(self, index: int, purpose: str) -> Random:
        """Return the random stream of one chunk, which depends on no other chunk."""
        return stream(self.seed, self.day, self.label, index, purpose)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Events that are sent again later; whoever sends them draws them anew, so resends can cross chunks and objects."""

    series: Series
    index: int
    rows: int

    def draw(self) -> list[Event]:
        """Draw the events, the same ones at every call."""
        return draw_events(self.series.stream(self.index, "origin"), self.series.day, self.rows)


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A piece of an object that any process can render without the others."""

    counts: Counts
    origin: Origin
    resent_origin: Origin
    unknown_field: str | None
    compress: bool

    def render(self) -> bytes:
        """Return the chunk's part of the object; gzip members may follow each other in one file."""
        day, first_form = self.origin.series.day, self.origin.index
        rng = self.origin.series.stream(self.origin.index, "chunk")
        lines = [render(event) for event in self._well_formed_events(rng)]
        for number, event in enumerate(draw_events(rng, day, self.counts.bad_type_rows), start=first_form):
            lines.append(render(event | BAD_VALUES[number % len(BAD_VALUES)]))
        for number, event in enumerate(draw_events(rng, day, self.counts.malformed_rows), start=first_form):
            lines.append(MALFORMED_FORMS[number % len(MALFORMED_FORMS)](render(event)))
        rng.shuffle(lines)
        return encode(lines, compress=self.compress)

    def _well_formed_events(self, rng: Random) -> list[Event]:
        counts, day = self.counts, self.origin.series.day
        other_day = day - timedelta(days=1) if day > date.min else day + timedelta(days=1)
        events = self.origin.draw() + draw_events(rng, day, counts.original_rows - self.origin.rows)
        events += [event | {"event_id": "null"} for event in draw_events(rng, day, counts.null_event_id_rows)]
        events += draw_events(rng, other_day, counts.misdated_rows)
        sent_before = self.resent_origin.draw()
        events += [resend(sent_before[n % len(sent_before)], n) for n in range(counts.duplicate_rows)]
        unknown_types = (UNKNOWN_TYPES[n % len(UNKNOWN_TYPES)] for n in range(counts.unknown_type_rows))
        types = ["null"] * counts.null_event_type_rows + [f'"{unknown}"' for unknown in unknown_types]
        events = _change_some(rng, events, "user_id", ["null"] * counts.null_user_rows)
        events = _change_some(rng, events, "event_type", types)
        if self.unknown_field is None:
            return events
        # The name is a command-line argument: anything in it must come out as valid JSON.
        name = json.dumps(self.unknown_field)[1:-1]
        return _change_some(rng, events, name, ['"unexpected"'] * counts.unknown_field_rows)


def _change_some(rng: Random, events: list[Event], column: str, values: Sequence[str]) -> list[Event]:
    changes = dict(zip(rng.sample(range(len(events)), len(values)), values, strict=True))
    return [event | {column: changes[n]} if n in changes else event for n, event in enumerate(events)]


def encode(lines: Sequence[str], *, compress: bool) -> bytes:
    """Return the lines as NDJSON, the same bytes for the same lines."""
    text = "".join([f"{line}\n" for line in lines]).encode()
    return gzip.compress(text, compresslevel=6, mtime=0) if compress else text


def plan_chunks(object_rows: Sequence[int], *, series: Series, defects: Defects, compress: bool) -> list[list[Chunk]]:
    """Divide the rows and the defects of a date into the chunks of each object; an empty object has one empty chunk.

    Raises SampleDataError when the defects do not fit into the rows.
    """
    sizes = [even_parts(rows, max(1, -(-rows // CHUNK_ROWS))) for rows in object_rows]
    counts = _divide(defects, [size for chunk_sizes in sizes for size in chunk_sizes])
    origins = [Origin(series=series, index=index, rows=rows) for index, rows in enumerate(_rows_sent_again(counts))]
    chunks = (
        Chunk(
            counts=count,
            origin=origins[index],
            resent_origin=origins[index - 1],
            unknown_field=defects.unknown_field,
            compress=compress,
        )
        for index, count in enumerate(counts)
    )
    return [list(islice(chunks, len(chunk_sizes))) for chunk_sizes in sizes]


def even_parts(number: int, parts: int) -> list[int]:
    """Divide a number into parts that differ by at most one."""
    return [number // parts + (part < number % parts) for part in range(parts)]


def _divide(defects: Defects, sizes: Sequence[int]) -> list[Counts]:
    columns: dict[str, list[int]] = {"rows": list(sizes)}

    def give(name: str, wanted: int, room: Sequence[int]) -> list[int]:
        """Note each chunk's share of the wanted rows and return the room that is left."""
        columns[name] = _shares(_switch(name), wanted, room)
        return [space - share for space, share in zip(room, columns[name], strict=True)]

    well_formed = give("malformed_rows", defects.malformed_rows, sizes)
    well_formed = give("bad_type_rows", defects.bad_type_rows, well_formed)
    rows = sum(well_formed)
    originals = give("duplicate_rows", _percent_of(rows, defects.duplicate_percent), well_formed)
    originals = give("null_event_id_rows", defects.null_event_id_rows, originals)
    give("misdated_rows", defects.misdated_rows, originals)
    give("null_user_rows", _percent_of(rows, defects.null_user_percent), well_formed)
    typed = give("null_event_type_rows", defects.null_event_type_rows, well_formed)
    give("unknown_type_rows", _percent_of(rows, defects.unknown_type_percent), typed)
    unknown_field_percent = Decimal(0) if defects.unknown_field is None else defects.unknown_field_percent
    give("unknown_field_rows", _percent_of(rows, unknown_field_percent), well_formed)
    return [Counts(**dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)]


def _percent_of(rows: int, percent: Decimal) -> int:
    return int((rows * percent / ALL_PERCENT).quantize(Decimal(1), ROUND_HALF_UP))


def _shares(switch: str, wanted: int, room: Sequence[int]) -> list[int]:
    all_room = sum(room)
    if wanted > all_room:
        raise SampleDataError(f"{switch}: {wanted} rows do not fit, there is room for {all_room}; ask for more --rows")
    passed = given = 0
    shares = []
    for space in room:
        passed += space
        shares.append(wanted * passed // max(1, all_room) - given)
        given += shares[-1]
    return shares


def _rows_sent_again(counts: Sequence[Counts]) -> list[int]:
    """Return how many events of each chunk the next one sends again; a tenth of the resends are a second resend."""
    rows = []
    for sender, chunk in zip([*counts[1:], counts[0]], counts, strict=True):
        wanted = sender.duplicate_rows - sender.duplicate_rows // 10
        if wanted and not chunk.original_rows:
            raise SampleDataError("--duplicate-percent leaves no first rows to send again; lower it")
        rows.append(min(wanted, chunk.original_rows))
    return rows
