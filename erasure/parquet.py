"""A person's rows in Parquet: counted in versions, and taken out of quarantine, a row group at a time.

Knows the columns of both; must not know which runs wrote them.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any

from erasure.objects import Found, NotReadable
from erasure.subject import Subject
from erasure.texts import Judge


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
        for group in _groups(_opened(content)):
            self._kept(group, found)
        return found

    def rewrite(self, content: IO[bytes], into: IO[bytes]) -> tuple[Found, int]:
        """Write a file without the person's lines; return what was found and how many lines are left.

        Raises:
            NotReadable: when it cannot be decoded.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415  slow to load

        file, found, rows = _opened(content), Found(), 0
        with pq.ParquetWriter(into, file.schema_arrow, compression="zstd") as writer:
            for group in _groups(file):
                kept = group.filter(self._kept(group, found))
                rows += kept.num_rows
                writer.write_table(kept)
        return found, rows

    def _kept(self, group: Any, found: Found) -> Any:
        with _read():
            lines, objects = group.column("line_bytes").to_pylist(), group.column("source_object").to_pylist()
        kept = [self._is_kept(line, object_, found) for line, object_ in zip(lines, objects, strict=True)]
        return _arrow().array(kept, "bool")

    def _is_kept(self, line: bytes | None, source_object: str, found: Found) -> bool:
        judged = self.judge.judge(line or b"")
        if source_object in self.unreadable or judged.erased:
            found.erased += 1
            self.on_erased(line or b"")
            return False
        found.add(judged)
        return True


def _scalar(arrow: Any, subject: Subject, kind: Any) -> Any:
    try:
        return arrow.scalar(Decimal(subject.value)).cast(kind)
    except arrow.ArrowException:
        return None


def _opened(content: IO[bytes]) -> Any:
    import pyarrow.parquet as pq  # noqa: PLC0415  slow to load

    content.seek(0)
    with _read():
        return pq.ParquetFile(content)


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
