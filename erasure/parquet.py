"""A person's rows in Parquet: counted in versions, and taken out of quarantine, a row group at a time.

Knows the columns of both; must not know which runs wrote them.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any, Final

from erasure.objects import Found, NotReadable
from erasure.subject import Subject
from erasure.texts import Judge, Judged

# Columns of a quarantine with the whole text of a line, or of all records that lie in it.
_LINES: Final = ("line", "line_bytes")
_OF_NO_LINE: Final = Judged(b"")


def count_rows(content: IO[bytes], subject: Subject) -> int:
    """Count the rows of a version's file that hold the value in the column. Raises NotReadable."""
    file, arrow = _opened(content), _arrow()
    name = subject.column.name
    if name not in file.schema_arrow.names:
        return 0
    kind = file.schema_arrow.field(name).type
    value = subject.value if arrow.types.is_string(kind) or arrow.types.is_large_string(kind) else None
    wanted = _scalar(arrow, subject, kind) if value is None else arrow.scalar(value, kind)
    if wanted is None:  # of a type that cannot hold the value
        return 0
    values = (group.column(name) for group in _groups(file, [name]))
    return sum(arrow.compute.sum(arrow.compute.equal(group, wanted)).as_py() or 0 for group in values)


@dataclass(frozen=True)
class Quarantine:
    """The malformed lines of a run; ``unreadable`` are raw objects whose lines tell nothing, such as packed ones.

    ``on_erased`` hears each of the person's lines.
    """

    judge: Judge
    unreadable: Collection[str] = ()
    on_erased: Callable[[bytes], object] = field(default=lambda _: None)

    def look(self, content: IO[bytes]) -> Found:
        """Say what is in a file. Raises NotReadable."""
        found = Found()
        for group in _groups(_opened(content, texts=_LINES), ["line_bytes", "source_object"]):
            self._kept(group, found)
        return found

    def rewrite(self, content: IO[bytes], into: IO[bytes]) -> tuple[Found, int]:
        """Write a file without the person's lines; return what was found and how many lines are left.

        Raises:
            NotReadable: when it cannot be decoded.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415  slow to load

        file, found, rows = _opened(content, texts=_LINES), Found(), 0
        # Without Arrow's own schema, by which readers of Arrow would get dictionaries in place of texts.
        with pq.ParquetWriter(into, file.schema_arrow, compression="zstd", store_schema=False) as writer:
            for group in _groups(file):
                kept = _without_unused(group.filter(self._kept(group, found)))
                rows += kept.num_rows
                writer.write_table(kept)
        return found, rows

    def _kept(self, group: Any, found: Found) -> Any:
        with _read():
            lines, objects = group.column("line_bytes"), iter(group.column("source_object").to_pylist())
        kept = []
        for chunk in lines.chunks:
            texts = [line or b"" for line in chunk.dictionary.to_pylist()]
            judged = [self.judge.judge(text) for text in texts]  # each once: records of one text have it in common
            for index in chunk.indices.to_pylist():
                at = (b"", _OF_NO_LINE) if index is None else (texts[index], judged[index])
                kept.append(self._is_kept(at, next(objects), found))
        return _arrow().array(kept, "bool")

    def _is_kept(self, at: tuple[bytes, Judged], source_object: str, found: Found) -> bool:
        line, judged = at
        if source_object in self.unreadable or judged.erased:
            found.erased += 1
            self.on_erased(line)
            return False
        found.add(judged)
        return True


def _without_unused(table: Any) -> Any:
    """Leave out of dictionaries the texts that no row of the table has any more: they would be written with it."""
    arrow = _arrow()
    for name in _LINES:
        chunks = []
        for chunk in table.column(name).chunks:
            used = arrow.compute.unique(chunk.indices.drop_null())
            indices = arrow.compute.index_in(chunk.indices, value_set=used)
            chunks.append(arrow.DictionaryArray.from_arrays(indices, chunk.dictionary.take(used)))
        position, type_ = table.schema.get_field_index(name), table.schema.field(name).type
        table = table.set_column(position, table.schema.field(name), arrow.chunked_array(chunks, type_))
    return table


def _scalar(arrow: Any, subject: Subject, kind: Any) -> Any:
    try:
        return arrow.scalar(Decimal(subject.value)).cast(kind)
    except arrow.ArrowException:
        return None


def _opened(content: IO[bytes], *, texts: Sequence[str] = ()) -> Any:
    """Open a file; equal values of the columns that are ``texts`` are held once."""
    import pyarrow.parquet as pq  # noqa: PLC0415  slow to load

    content.seek(0)
    with _read():
        return pq.ParquetFile(content, read_dictionary=list(texts))


def _groups(file: Any, columns: Sequence[str] | None = None) -> Iterator[Any]:
    """Read the row groups of a file one by one."""
    for number in range(file.num_row_groups):
        with _read():
            group = file.read_row_group(number, columns=columns)
        yield group


@contextmanager
def _read() -> Iterator[None]:
    """Say of a file that cannot be decoded that it is none; a run that was killed leaves such ones."""
    try:
        yield
    except (_arrow().ArrowException, OSError, UnicodeDecodeError) as error:
        raise NotReadable(f"is no complete Parquet file ({error})") from error


def _arrow() -> Any:
    import pyarrow as pa  # noqa: PLC0415  slow to load
    import pyarrow.compute  # noqa: PLC0415

    return pa
