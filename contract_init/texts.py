"""The JSON texts of an object, however they are put together: on lines, several on a line, or one over many lines.

Holds one text at a time, of a bounded size; must not know what the texts mean.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from itertools import chain
from typing import IO, Any, Final, Literal

from contract_init.objects import NotReadable

Form = Literal["lines", "concatenated", "document"]
FORMS: Final[tuple[Form, ...]] = ("lines", "concatenated", "document")
LONGEST_TEXT_BYTES: Final = 64 * 1024 * 1024
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_HALF_CHARACTER: Final = re.compile(r"\\u[dD][89a-fA-F]")
_MOST_DIGITS: Final = 1000
_LINES_TO_SEE: Final = 100


class _NoText(ValueError):
    """Say that something is no JSON text."""


@dataclass
class Reading:
    """What was found in an object while its texts were read: the forms that all of it has, and lines that have none."""

    forms: set[Form] = field(default_factory=lambda: set(FORMS))
    texts: int = 0
    bytes_read: int = 0
    malformed: int = 0


def read_texts(stream: IO[bytes], reading: Reading) -> Iterator[Any]:
    """Yield the values of an object's texts, and say in ``reading`` what was found on the way.

    Raises NotReadable for what has texts that cannot be told apart, or one that is too large.
    """
    for number, line in enumerate(_lines(stream, reading)):
        values = _values(line)
        if values is None and number == 0 and _begins_a_text(line):
            yield from _whole_object(line, stream, reading)
            return
        yield from _of_line(values, reading)


def _of_line(values: list[Any] | None, reading: Reading) -> Iterator[Any]:
    if values is None:
        reading.malformed += 1
        return
    if len(values) > 1:
        reading.forms &= {"concatenated"}
    reading.texts += len(values)
    if reading.texts + reading.malformed > 1:
        reading.forms.discard("document")
    yield from values


def _whole_object(first: bytes, stream: IO[bytes], reading: Reading) -> Iterator[Any]:
    """Yield the one text that an object is; if it is none, what its lines hold."""
    content = first + stream.read(LONGEST_TEXT_BYTES - len(first))
    values = _values(content)
    if values is None:
        if len(content) >= LONGEST_TEXT_BYTES and not _has_texts_on_lines(content):
            raise NotReadable(_too_large("its one JSON text"))
        lines = _lines(BytesIO(content + stream.readline(LONGEST_TEXT_BYTES)), reading)
        for line in chain(lines, _lines(stream, reading)):
            yield from _of_line(_values(line), reading)
        return
    reading.bytes_read += len(content) - len(first)
    if len(values) > 1:
        raise NotReadable(
            f"has {len(values)} JSON texts that go over several lines each, which is not read; write each on one"
        )
    reading.forms &= {"document"}
    reading.texts += 1
    yield values[0]


def _has_texts_on_lines(content: bytes) -> bool:
    """Say whether any of the first lines is a text by itself."""
    return any(
        line.strip() and _values(line) is not None for line in content.split(b"\n", _LINES_TO_SEE)[:_LINES_TO_SEE]
    )


def _lines(stream: IO[bytes], reading: Reading) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_TEXT_BYTES + 1):
        reading.bytes_read += len(line)
        if len(line) > LONGEST_TEXT_BYTES:
            raise NotReadable(_too_large("a line"))
        if line.strip():
            yield line


def _too_large(what: str) -> str:
    return f"has more than {LONGEST_TEXT_BYTES // 1024**2} MiB in {what}; give a smaller object as the sample"


def _begins_a_text(line: bytes) -> bool:
    return line.lstrip()[:1] in (b"{", b"[")


def _values(content: bytes) -> list[Any] | None:
    """Return the values of texts that follow one another, or None when there is anything else between them."""
    try:
        text = content.decode("utf-8")
        values, position = [], _SPACE.match(text).end()  # type: ignore[union-attr]
        while position < len(text):
            value, end = _DECODER.raw_decode(text, position)
            values.append(value)
            position = _SPACE.match(text, end).end()  # type: ignore[union-attr]
        if _HALF_CHARACTER.search(text):
            json.dumps(values, ensure_ascii=False, default=str).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    # Numbers and words could be pieces of a text: records are objects, alone or in arrays.
    return values if all(isinstance(value, dict | list) for value in values) else None


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _MOST_DIGITS else Decimal(digits)


def _fraction(number: str) -> Decimal:
    """Read a number with a fraction or an exponent; one beyond all types stays so, and none takes long to compute."""
    return Decimal(_HUGE_EXPONENT.sub(r"\g<1>99999", number))


def _no_constant(name: str) -> Any:
    raise _NoText(f"{name} is no JSON")


_HUGE_EXPONENT: Final = re.compile(r"([eE][-+]?)0*[1-9][0-9]{5,}")
_DECODER: Final = json.JSONDecoder(parse_float=_fraction, parse_int=_whole, parse_constant=_no_constant, strict=False)
