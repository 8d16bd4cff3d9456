"""Where in a raw record a value lies: paths as contracts write them, and the steps that they mean.

Knows nothing of types or of how records are parsed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeAlias


@dataclass(frozen=True)
class Entry:
    """The first element of an array, each an object, that has a text in a field: ``[key=http.method]``."""

    field: str
    text: str


# A name of an object's field, or which element of an array.
Step: TypeAlias = str | int | Entry
Steps: TypeAlias = tuple[Step, ...]
# The fields of an object, or of an array: each with its DDL type or what is inside.
Fields: TypeAlias = dict[str | int, "str | Fields"]
ENVELOPE: Final = "/"
_LONGEST_PATH, _MOST_STEPS, _LAST_POSITION = 500, 20, 9_999
# Fields of a parsed line that are the job's own, which no path may lead to: a text that the parser refuses, and what
# stands for no field where there has to be one.
REFUSED: Final = "_refused_by_the_parser"
NO_FIELD: Final = "_no_field_of_a_line"
_STEP: Final = re.compile(
    r"(?P<dot>\.)?(?P<name>[^.\[\]'\"`]+)|\['(?P<quoted>(?:[^'\\]|\\['\\])+)'\]|\[(?P<position>[0-9]+)\]|(?P<each>\[\])"
    r"|\[(?P<field>[^.\[\]'\"`=]+)=(?:(?P<text>[^\[\]'\"`]+)|'(?P<quoted_text>(?:[^'\\]|\\['\\])+)')\]"
)
_PLAIN_NAME: Final = re.compile(r"[^.\[\]'\"`/]+")
_PLAIN_TEXT: Final = re.compile(r"[^\[\]'\"`]+")
PATH_RULE: Final = (
    "names with dots between them, such as meta.id; ['a.b'] for a name that holds a dot, bracket or quote; [0] for the "
    "first element of an array; [key=color] for the first whose field key is color; a / before it for a field of the "
    "envelope"
)


class PathNotUsableError(ValueError):
    """Say why a text is no path; the caller adds where it stands."""


@dataclass(frozen=True)
class Source:
    """One place in a record: ``steps`` lead to it, from the envelope around the record when ``in_envelope``.

    ``each`` counts the steps behind which an envelope's array stands, one entry for each ``[]``.
    """

    steps: Steps
    in_envelope: bool = False
    each: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The last name on the way, which is the key before the value in the record's text."""
        return next((step for step in reversed(self.steps) if isinstance(step, str)), "")

    @property
    def level(self) -> int | None:
        """The array of the envelope, counted from the outermost, beside which the place is; None in the record."""
        return len(self.each) if self.in_envelope else None

    @property
    def inner_steps(self) -> Steps:
        """The steps behind the last array of the envelope."""
        return self.steps[self.each[-1] :] if self.each else self.steps

    @property
    def arrays(self) -> list[tuple[str, ...]]:
        """The names that lead to each of the arrays in which records lie, from the outermost on."""
        return [tuple(map(str, self.steps[start:end])) for start, end in pairwise((0, *self.each))]

    def __str__(self) -> str:
        text = ""
        for count, step in enumerate(self.steps):
            text += "[]" * self.each.count(count)
            text += _written(step, first=not text)
        return (ENVELOPE if self.in_envelope else "") + text + "[]" * self.each.count(len(self.steps))


def parse_source(text: str) -> Source:
    """Read a column's path. Raises PathNotUsableError."""
    in_envelope = text.startswith(ENVELOPE)
    steps, each = _steps(text.removeprefix(ENVELOPE), text)
    if each and not in_envelope:
        raise PathNotUsableError(
            f"{text!r} goes into every element of an array, which makes many values of one record; name one element, "
            "such as [0], or read the array whole; where each element is a row, state recordsPath"
        )
    if not steps or not isinstance(steps[0], str):
        raise PathNotUsableError(f"{text!r} begins with no field's name; a path is {PATH_RULE}")
    if isinstance(steps[-1], Entry):
        raise PathNotUsableError(f"{text!r} ends with an element of a list; name a field of it, such as {text}.value")
    return Source(steps, in_envelope, each)


def parse_records_path(text: str) -> Source:
    """Read where the records of an envelope lie: ``Records``, ``a[].b``; ``[]`` is an array itself.

    The last array is meant without its brackets too. Raises PathNotUsableError.
    """
    steps, each = _steps(text, text)
    if not all(isinstance(step, str) for step in steps):
        raise PathNotUsableError(f"{text!r} names one element of an array; records are all elements: write []")
    if len(steps) not in each:
        each = (*each, len(steps))
    if len(set(each)) < len(each):
        raise PathNotUsableError(f"{text!r} has an array directly in an array; name one array of objects for each []")
    return Source(steps, in_envelope=True, each=each)


def _steps(text: str, whole: str) -> tuple[Steps, tuple[int, ...]]:
    if len(whole) > _LONGEST_PATH:
        raise PathNotUsableError(f"a path of {len(whole)} characters is longer than {_LONGEST_PATH}")
    if text.startswith(("$.", "$[")):
        raise PathNotUsableError(f"{whole!r} begins as a JSONPath does; leave out the $ and what follows it directly")
    steps: list[Step] = []
    each: list[int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (match["name"] is not None and (match["dot"] is None) != (position == 0)):
            raise PathNotUsableError(f"{whole!r} cannot be read at {text[position:][:20]!r}; a path is {PATH_RULE}")
        position = match.end()
        if match["each"]:
            each.append(len(steps))
        else:
            steps.append(_step(match, whole))
    if len(steps) > _MOST_STEPS:
        raise PathNotUsableError(f"{whole!r} has {len(steps)} steps; the most are {_MOST_STEPS}")
    return tuple(steps), tuple(each)


def _step(match: re.Match[str], whole: str) -> Step:
    if match["field"]:
        return Entry(match["field"], match["text"] or _unescaped(match["quoted_text"]))
    if match["position"] is None:
        name = _unescaped(match["quoted"]) if match["quoted"] else match["name"]
        if name in (REFUSED, NO_FIELD):
            raise PathNotUsableError(f"{whole!r}: the job keeps {name!r} for itself; give the field another name")
        return name
    if len(match["position"]) > len(str(_LAST_POSITION)):
        raise PathNotUsableError(f"{whole!r} has position {match['position']}; the last is {_LAST_POSITION:,}")
    return int(match["position"])


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _written(step: Step, *, first: bool) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if isinstance(step, Entry):
        return f"[{step.field}={step.text if _PLAIN_TEXT.fullmatch(step.text) else _in_quotes(step.text)}]"
    if _PLAIN_NAME.fullmatch(step) and not (first and step == "$"):
        return step if first else f".{step}"
    return f"[{_in_quotes(step)}]"


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class SourceConflictError(ValueError):
    """Say which other column reads a field otherwise; the caller adds where it stands."""


def merged(reads: Iterable[tuple[str, Source, str]]) -> Fields:
    """Merge what columns read, each (column, source, DDL type), into the fields of one record.

    A field is parsed once: as a value of one type, as an object of fields, or as an array, whose elements are the
    field 0, whichever of them is wanted. Raises SourceConflictError.
    """
    fields: Fields = {}
    readers: dict[Steps, tuple[str, Source]] = {}
    for column, source, type_ in (every for read in reads for every in _with_keys(*read)):
        steps = tuple(step if isinstance(step, str) else 0 for step in source.steps)
        for count, step in enumerate(steps):
            inside = _inside(fields, steps[:count])
            if inside and isinstance(next(iter(inside)), int) != isinstance(step, int):
                raise SourceConflictError(_conflict(source, count, "as an object and as an array", readers, steps))
            is_last = count == len(steps) - 1
            found = inside.setdefault(step, type_ if is_last else {})
            if isinstance(found, str) != is_last:
                raise SourceConflictError(_conflict(source, count + 1, "as one value and by its parts", readers, steps))
            if isinstance(found, str) and found != type_:
                how = f"as {found} and as {type_}"
                raise SourceConflictError(_conflict(source, count + 1, how, readers, steps))
            readers.setdefault(steps[: count + 1], (column, source))
    return fields


def _with_keys(column: str, source: Source, type_: str) -> Iterator[tuple[str, Source, str]]:
    """Yield what is read, and the texts by which elements of lists are found."""
    for count, step in enumerate(source.steps):
        if isinstance(step, Entry):
            yield column, replace(source, steps=(*source.steps[: count + 1], step.field)), "string"
    yield column, source, type_


def _inside(fields: Fields, steps: tuple[str | int, ...]) -> Fields:
    for step in steps:
        inside = fields[step]
        fields = {} if isinstance(inside, str) else inside  # never a value: that would have been a conflict before
    return fields


def _conflict(source: Source, count: int, how: str, readers: Mapping[Steps, tuple[str, Source]], steps: Steps) -> str:
    place = Source(source.steps[:count], source.in_envelope)
    reader, other = readers[steps[:count]]
    at = "" if place == source else f"{place} "
    if other.steps[:count] != source.steps[:count]:
        return (
            f"{source}: {at}would be read {how}, by {reader} ({other}) too; a field is the same behind each key of a "
            "list, and read once: give both columns one type, and derive what needs another by transformLogic"
        )
    return (
        f"{source}: {at}would be read {how}, by {reader} too; a field is read once: declare one column of it, and "
        "derive the other by transformLogic"
    )
