"""The search after an erasure: every object is unpacked and decoded, and what still holds the value is told.

It looks for the value's bytes in any spelling, by one pattern, and for numbers that are spelt otherwise. Shares with
what erases only when a value of JSON is the person's. Must change nothing.
"""

import bz2
import gzip
import io
import json
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import IO, Any, Final, Literal

from erasure.subject import Number, Subject

Where = Literal["column", "text", "field", "document"]

_BACKSLASHES: Final = rb"\\{1,8}"
_LONGEST_ESCAPE: Final = 16
_DAMAGED: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)
_LINES: Final = ("line", "line_bytes")  # columns of a quarantine that hold raw text
_PACKED: Final = (b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00")
_UNKNOWN: Final = ((b"\x04\x22\x4d\x18", "lz4"), (b"\xff\x06\x00\x00sNaPpY", "snappy"), (b"7z\xbc\xaf\x27\x1c", "7z"))


class NotSearchable(Exception):
    """An object that cannot be decoded, and why."""


@dataclass
class Hits:
    """Where a value stands in one object: texts or rows that hold it as a word, by the kind of place, and in others.

    ``column`` is the erased column, ``field`` another one, ``text`` what is no JSON, ``document`` a document of the
    pipeline. ``longer_words`` counts where it is only a part of a word.
    """

    words: Counter[Where] = field(default_factory=Counter)
    columns: Counter[str] = field(default_factory=Counter)
    longer_words: int = 0

    def add(self, kind: Where, *, is_word: bool, count: int = 1, column: str = "") -> None:
        if not is_word:
            self.longer_words += count
            return
        self.words[kind] += count
        if column:
            self.columns[column] += count

    @property
    def is_anything(self) -> bool:
        return bool(self.words.total() or self.longer_words)


@dataclass(frozen=True)
class Search:
    """Looks for the value of a subject."""

    subject: Subject

    def in_name(self, key: str) -> bool:
        """Tell whether the name of an object holds the value, and not by chance."""
        is_distinctive = self.subject.words.is_distinctive
        return is_distinctive and self._pattern.search(key.encode("utf-8", "surrogatepass")) is not None

    def in_object(self, content: IO[bytes], *, is_raw: bool, is_document: bool) -> Hits:
        """Look into one object, by what it holds and not by its name.

        Raises:
            NotSearchable: when it cannot be decoded.
        """
        hits = Hits()
        content.seek(0)
        head = content.read(16)
        content.seek(0)
        try:
            if head.startswith(b"PAR1"):
                self._parquet(content, hits)
            else:
                for texts in _decoded(content, head):
                    self._texts(texts, hits, is_raw=is_raw, is_document=is_document)
        except _DAMAGED as error:
            raise NotSearchable(f"cannot be decoded: {error}") from error
        return hits

    def _texts(self, texts: IO[bytes], hits: Hits, *, is_raw: bool, is_document: bool) -> None:
        is_whole = is_document or (is_raw and self.subject.contract.object_format == "document")
        for text in [texts.read()] if is_whole else texts:
            found = self._in_bytes(text)
            if not found and is_raw and self._has_number(text, digits_stand_there=found is not None):
                hits.add("column", is_word=True)
            elif found is not None:
                kind = self._place(text) if is_raw else "document"
                hits.add(kind, is_word=found)

    def _place(self, text: bytes) -> Where:
        """Tell in which kind of place a raw text holds the value; what is no JSON is a place of its own."""
        leaves = self._leaves(text)
        if leaves is None:
            return "text"
        return "column" if self._is_in_column(leaves) else "field"

    def _has_number(self, text: bytes, *, digits_stand_there: bool) -> bool:
        """Tell whether the column has the value as a number of JSON that is spelt otherwise, such as ``1e6``."""
        is_number = self.subject.is_number or self.subject.double is not None
        if not (is_number and digits_stand_there) and not self.subject.may_be_a_number_in(text):
            return False
        return self._is_in_column(self._leaves(text) or ())

    def _is_in_column(self, leaves: Iterable[tuple[tuple[str, ...], Any]]) -> bool:
        return any(path in self._paths and self.subject.is_value(leaf) for path, leaf in leaves)

    def _leaves(self, text: bytes) -> list[tuple[tuple[str, ...], Any]] | None:
        """Return the simple values of a raw text, each with the names that lead to it; None where it is no record."""
        try:
            values = list(_json_values(text.decode("utf-8-sig")))
            if not all(isinstance(value, dict) or self._paths_begin_with_array for value in values):
                return None
            return [leaf for value in values for leaf in _leaves(value, ())]
        except (ValueError, RecursionError):
            return None

    def _parquet(self, content: IO[bytes], hits: Hits) -> None:
        import pyarrow as pa  # noqa: PLC0415  slow to load

        try:
            self._rows(content, hits)
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise NotSearchable(f"cannot be decoded: {error}") from error

    def _rows(self, content: IO[bytes], hits: Hits) -> None:
        import pyarrow as pa  # noqa: PLC0415  as above
        import pyarrow.parquet as pq  # noqa: PLC0415  as above

        schema = pq.read_schema(content)
        texts = [name for name in schema.names if schema.field(name).type in (pa.string(), pa.binary())]
        content.seek(0)
        file = pq.ParquetFile(content, read_dictionary=texts)
        is_quarantine = "line_bytes" in schema.names
        for number in range(file.num_row_groups):
            for name in schema.names:
                column = file.read_row_group(number, columns=[name]).column(name)
                for chunk in column.chunks:
                    self._values(name, chunk, hits, is_quarantine=is_quarantine)
        kept = b"\n".join([*(file.metadata.metadata or {}).values(), *_statistics(file.metadata)])
        if not hits.is_anything and (found := self._in_bytes(kept)) is not None:
            hits.add("document", is_word=found)

    def _values(self, name: str, chunk: Any, hits: Hits, *, is_quarantine: bool) -> None:
        """Count the rows of a column by what they hold; of texts each different one is looked at once."""
        import pyarrow as pa  # noqa: PLC0415  as above

        if pa.types.is_dictionary(chunk.type):
            rows = Counter(chunk.indices.drop_null().to_pylist())
            for index, value in enumerate(chunk.dictionary.to_pylist()):
                self._value(name, value, hits, rows=max(1, rows[index]), is_quarantine=is_quarantine)
        else:
            for value in chunk.to_pylist():
                self._value(name, value, hits, rows=1, is_quarantine=is_quarantine)

    def _value(self, name: str, value: Any, hits: Hits, *, rows: int, is_quarantine: bool) -> None:
        for leaf in _flat(value):
            if isinstance(leaf, str | bytes):
                data = leaf if isinstance(leaf, bytes) else leaf.encode("utf-8", "surrogatepass")
                found = self._in_bytes(data)
            else:
                data, found = b"", self._is_value(leaf) or None
            if not found and is_quarantine and name in _LINES:
                found = self._has_number(data, digits_stand_there=found is not None) or found
            if found is None:
                continue
            kind: Where = "column" if name == self.subject.column.name and self._is_value(leaf) else "field"
            if is_quarantine:
                kind = self._place(data) if name in _LINES else "text"
            hits.add(kind, is_word=found, count=rows, column=name)

    def _is_value(self, leaf: object) -> bool:
        if not self.subject.is_number:
            return isinstance(leaf, str) and leaf == self.subject.value
        if isinstance(leaf, bool) or not isinstance(leaf, int | float | Decimal | str):
            return False
        try:
            return Decimal(str(leaf)) == Decimal(self.subject.value)
        except InvalidOperation:
            return False

    def _in_bytes(self, data: bytes) -> bool | None:
        """Tell whether the value stands there as a word (True), in longer words only (False), or not at all (None)."""
        if b"\\" not in data and not any(spelling in data for spelling in self._plain):
            return None
        found: bool | None = None
        for match in self._pattern.finditer(data):
            if self._is_word(data, match):
                return True
            found = False
        return found

    def _is_word(self, data: bytes, match: re.Match[bytes]) -> bool:
        if match.lastgroup == "other":  # in another encoding
            return True
        before = _last_character(data[max(0, match.start() - _LONGEST_ESCAPE) : match.start()])
        behind = data[match.end() : match.end() + _LONGEST_ESCAPE].decode("utf-8", "replace")
        if self.subject.is_number:
            return re.search(r"[\w.+-]$", before) is None and re.match(r"\w|\.\d", _first_characters(behind)) is None
        return re.search(r"\w$", before) is None and re.match(r"\w", _first_characters(behind)) is None

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        """The value in UTF-8, each character as it is or as an escape of JSON; or all of it in another encoding."""
        utf8 = b"".join(map(_spellings, self.subject.value))
        _, *others = self._plain
        return re.compile(b"(?:" + utf8 + b")|(?P<other>" + b"|".join(map(re.escape, others)) + b")")

    @cached_property
    def _plain(self) -> tuple[bytes, ...]:
        """The value without escapes: in UTF-8, and in each other encoding in which it has other bytes."""
        value = self.subject.value
        names = ("utf-16-le", "utf-16-be", *(() if value.isascii() else ("latin-1", "cp1252")))
        utf8 = value.encode("utf-8", "surrogatepass")
        return (utf8, *sorted({found for name in names if (found := _encoded(value, name)) is not None}))

    @cached_property
    def _paths(self) -> set[tuple[str, ...]]:
        """The names that lead from the outside of a raw text to the fields of the column."""
        path = self.subject.contract.records_path
        around = () if path is None else _names(path.steps)
        sources = self.subject.column.sources
        return {(() if source.in_envelope else around) + _names(source.steps) for source in sources}

    @property
    def _paths_begin_with_array(self) -> bool:
        path = self.subject.contract.records_path
        return path is not None and path.each[0] == 0


def _names(steps: Sequence[object]) -> tuple[str, ...]:
    return tuple(step for step in steps if isinstance(step, str))


def _spellings(character: str) -> bytes:
    """Return a pattern of all that JSON may write for a character, also in strings of strings."""
    units = character.encode("utf-16-be", "surrogatepass")
    codes = [units[start : start + 2].hex().encode() for start in range(0, len(units), 2)]
    escape = b"".join(_BACKSLASHES + b"u(?i:" + code + b")" for code in codes)
    short = {"\b": b"b", "\f": b"f", "\n": b"n", "\r": b"r", "\t": b"t", "/": b"/", '"': b'"', "\\": b"\\\\"}
    plain = re.escape(character.encode("utf-8", "surrogatepass"))
    ways = [plain, escape, *([_BACKSLASHES + short[character]] if character in short else [])]
    return b"(?:" + b"|".join(ways) + b")"


def _encoded(value: str, encoding: str) -> bytes | None:
    try:
        return value.encode(encoding)
    except UnicodeEncodeError:
        return None


def _last_character(before: bytes) -> str:
    """Return the character that ends some bytes; an escape is the character that it spells."""
    escape = re.search(rb"(?<!\\)(?:\\\\)*\\+(?:u([0-9a-fA-F]{4})|[bfnrt])$", before)
    if escape is not None:
        return chr(int(escape[1], 16)) if escape[1] else "\n"
    return before.decode("utf-8", "ignore")[-1:]


def _first_characters(behind: str) -> str:
    escape = re.match(r"\\+u([0-9a-fA-F]{4})", behind)
    return chr(int(escape[1], 16)) if escape is not None else behind


def _decoded(content: IO[bytes], head: bytes) -> Iterator[IO[bytes]]:
    """Open what an object holds: itself, what is packed in it, or the members of an archive."""
    unknown = next((name for magic, name in _UNKNOWN if head.startswith(magic)), None)
    if unknown is not None:
        raise NotSearchable(f"is packed by {unknown}, which is not decoded here")
    if head.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(content) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    yield from _decoded(io.BytesIO(member.read()), member_head(archive, name))
    elif head.startswith(_PACKED):
        with _unpacked(content, head) as stream:
            yield stream
    else:
        yield content


def member_head(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the first bytes of a member of an archive."""
    with archive.open(name) as member:
        return member.read(16)


def _unpacked(content: IO[bytes], head: bytes) -> Any:
    if head.startswith(b"\x1f\x8b"):
        return gzip.open(content, "rb")
    if head.startswith(b"BZh"):
        return bz2.open(content, "rb")
    if head.startswith(b"\xfd7zXZ"):
        return lzma.open(content, "rb")
    import pyarrow as pa  # noqa: PLC0415  slow to load

    stream: Any = pa.CompressedInputStream(pa.PythonFile(content, mode="r"), "zstd")
    return io.BufferedReader(stream)


def _json_values(text: str) -> Iterator[Any]:
    """Yield the JSON texts that follow each other; a number or word alone is none that tells anything."""
    decoder = json.JSONDecoder(object_pairs_hook=_with_all_values, parse_float=Number, parse_int=Number, strict=False)
    position = 0
    while (position := _behind_space(text, position)) < len(text):
        value, position = decoder.raw_decode(text, position)
        yield value


def _with_all_values(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keep each value of a name that stands twice, as the elements of an array."""
    names = Counter(name for name, _ in pairs)
    found: dict[str, Any] = {}
    for name, value in pairs:
        found[name] = [*found.get(name, []), value] if names[name] > 1 else value
    return found


def _behind_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield path, value


def _flat(value: Any) -> Iterator[Any]:
    """Yield the simple values in one of Parquet, whatever holds them."""
    if isinstance(value, dict):
        for inner in (*value, *value.values()):
            yield from _flat(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _flat(inner)
    elif value is not None:
        yield value


def _statistics(metadata: Any) -> Iterator[bytes]:
    """Yield the least and greatest values that a file tells of its columns."""
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            found = metadata.row_group(group).column(number).statistics
            if found is not None and found.has_min_max:
                yield from (str(value).encode("utf-8", "replace") for value in (found.min_raw, found.max_raw))
