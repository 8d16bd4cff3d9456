"""A raw object without a person's records: unpacked, judged text by text and packed again as it was.

Holds one text or block at a time; must not know where the object lies.
"""

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Final

from erasure.texts import Judge, Judged

# What tells of a packed object that it is one, whatever its name says.
PACKED: Final = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zstd"))
_SUFFIXES: Final = {"gzip": ".gz", "bz2": ".bz2", "zstd": ".zst"}
LONGEST_HEAD: Final = 4
UNPACKING_ERRORS: Final = (OSError, EOFError, zlib.error)
_BLOCK_BYTES: Final = 1 << 20
_GZIP_LEVEL: Final = 6
# An object of zero bytes is ignored, and a date without any other has no raw data; one with a blank line is an input
# without rows.
_NOTHING: Final = b"\n"


class NotReadable(Exception):
    """An object that is damaged, so that nobody can tell what it holds."""


@dataclass
class Found:
    """What was found in an object: records of the person, and texts that stay with the value in them."""

    erased: int = 0
    left_words: int = 0
    left_parts: int = 0
    packing: str | None = None

    def is_packed_otherwise(self, key: str) -> bool:
        """Tell whether the job reads the object as text, as its name does not say how it is packed."""
        return self.packing is not None and not key.lower().endswith(_SUFFIXES[self.packing])

    def add(self, judged: Judged) -> None:
        self.erased += len(judged.erased)
        self.left_words += judged.left == "word"
        self.left_parts += judged.left == "part"


@dataclass(frozen=True)
class RawText:
    """How to go over a raw object: as lines or as one text; ``on_erased`` hears each of the person's records."""

    judge: Judge
    on_erased: Callable[[bytes], object] = field(default=lambda _: None)

    def look(self, content: IO[bytes]) -> Found:
        """Say what is in an object. Raises NotReadable."""
        found = Found()
        with unpacked(content) as (texts, found.packing):
            for judged in self._judged(texts):
                found.add(judged)
        return found

    def rewrite(self, content: IO[bytes], into: IO[bytes]) -> Found:
        """Write an object without the person's records, packed as it is. Raises NotReadable."""
        found, size = Found(), 0
        with unpacked(content) as (texts, packing), _packed(into, packing) as rest:
            for judged in self._judged(texts):
                found.add(judged)
                size += rest.write(judged.rest or b"")
            if not size:
                rest.write(_NOTHING)
        return found

    def _judged(self, texts: IO[bytes]) -> Iterator[Judged]:
        is_document = self.judge.subject.contract.object_format == "document"
        for judged in self._whole(texts) if is_document else self._lines(texts):
            for record in judged.erased:
                self.on_erased(record)
            yield judged

    def _whole(self, texts: IO[bytes]) -> Iterator[Judged]:
        if content := texts.read():
            yield self.judge.judge(content)

    def _lines(self, texts: IO[bytes]) -> Iterator[Judged]:
        """Judge whole blocks of lines where the value cannot be in any of them."""
        while block := texts.read(_BLOCK_BYTES):
            block += b"" if block.endswith(b"\n") else texts.readline()
            if not self.judge.subject.may_be_in(block):
                yield Judged(block)
                continue
            yield from map(self._line, _lines_of(block))

    def _line(self, line: bytes) -> Judged:
        end = b"\n" if line.endswith(b"\n") else b""
        judged = self.judge.judge(line.removesuffix(end))
        return judged if judged.rest is None else Judged(judged.rest + end, judged.erased, judged.left)


@contextmanager
def unpacked(content: IO[bytes]) -> Iterator[tuple[IO[bytes], str | None]]:
    """Open what an object holds, and say how it is packed, by its first bytes.

    Raises:
        NotReadable: when what is packed is damaged.
    """
    packing = packing_of(content)
    content.seek(0)
    try:
        yield _opened(content, packing), packing
    except UNPACKING_ERRORS as error:
        if packing is None:
            raise
        raise NotReadable(f"is no complete {packing} file ({error})") from error


def packing_of(content: IO[bytes]) -> str | None:
    content.seek(0)
    head = content.read(LONGEST_HEAD)
    return next((name for magic, name in PACKED if head.startswith(magic)), None)


def _opened(content: IO[bytes], packing: str | None) -> Any:
    if packing == "gzip":
        return gzip.GzipFile(fileobj=content, mode="rb")
    if packing == "bz2":
        return bz2.BZ2File(content, "rb")
    if packing == "zstd":
        return _zstd(content)
    return content


def _zstd(content: IO[bytes]) -> IO[bytes]:
    import pyarrow as pa  # noqa: PLC0415  slow to load, and most objects are packed otherwise or not at all

    stream: Any = pa.CompressedInputStream(pa.PythonFile(_StaysOpen(content), mode="r"), "zstd")
    return io.BufferedReader(stream, _BLOCK_BYTES)


@contextmanager
def _packed(into: IO[bytes], packing: str | None) -> Iterator[IO[bytes]]:
    """Open a file to be packed, which stays open itself."""
    if packing is None:
        yield into
        return
    writer = _writer(into, packing)
    yield writer
    writer.close()


def _writer(into: IO[bytes], packing: str) -> Any:
    if packing == "gzip":
        return gzip.GzipFile(fileobj=into, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0)
    if packing == "bz2":
        return bz2.BZ2File(into, "wb")
    import pyarrow as pa  # noqa: PLC0415  as above

    return _Zstd(pa, into)


class _StaysOpen:
    """A file that pyarrow does not close together with its own."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self.read, self.write, self.flush, self.seek, self.tell = (
            file.read,
            file.write,
            file.flush,
            file.seek,
            file.tell,
        )

    def close(self) -> None:
        """Leave it open."""


class _Zstd:
    """A file that is packed by Zstandard, which tells how much was written to it."""

    def __init__(self, arrow: Any, into: IO[bytes]) -> None:
        self._stream = arrow.CompressedOutputStream(arrow.PythonFile(_StaysOpen(into), mode="w"), "zstd")

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()


def _lines_of(block: bytes) -> list[bytes]:
    """Split at newlines alone, as the job does, and keep them."""
    *lines, last = block.split(b"\n")
    return [*(line + b"\n" for line in lines), *([last] if last else [])]
