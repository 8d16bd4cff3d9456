"""Compressed objects that Spark would read in part without a word, told by their bytes before anything is read.

Looks at the beginning and the end of an object, and at the rest of it only where these leave a doubt.
"""

import re
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from pyspark.sql import SparkSession

from core.errors import PipelineError

# Reads so many bytes from a position; fewer, where the object ends.
Read = Callable[[int, int], bytes]

_READERS: Final = 16
_BZIP2: Final = b"BZh"
# Behind it and a digit comes the first block or, without any content, the end.
_BZIP2_START: Final = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
# Behind the last block of a bzip2 file: a mark of 48 bits, a checksum of 32, and up to 7 that fill the byte.
_BZIP2_HEADER: Final = 10
_BZIP2_END, _BZIP2_MASK, _BZIP2_END_BYTES = 0x177245385090, (1 << 48) - 1, 11
# The format of Zstandard: https://datatracker.ietf.org/doc/html/rfc8878#section-3.1
_FRAME, _SKIPPABLE_END, _SKIPPABLE_TYPES = b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18", range(0x50, 0x60)
_LONGEST_HEADER, _SKIPPABLE_HEADER, _BLOCK_HEADER, _CHECKSUM = 18, 8, 3, 4
_REPEATED_BYTE, _NO_BLOCK = 1, 3
# Its reader in Java misses a cut only in a frame that begins in the last piece that it reads, of 131,075 bytes.
_TAIL_BYTES: Final = 256 * 1024


def require_whole(spark: SparkSession, sizes: Collection[tuple[str, int]]) -> None:
    """Look at objects, each given by its URI and its size in bytes; those of other suffixes count as whole.

    Raises:
        PipelineError: naming an object that Spark would read as empty, or without its end.
    """
    with ThreadPoolExecutor(_READERS) as readers:
        found = readers.map(lambda object_: _problem(spark, *object_), sizes)
        problem = next((problem for problem in found if problem is not None), None)
    if problem is not None:
        raise PipelineError(f"{problem}, then run the date again")


def _problem(spark: SparkSession, uri: str, size: int) -> str | None:
    if uri.lower().endswith(".bz2"):
        with _opened(spark, uri) as read:
            return _bzip2_problem(read, uri, size)
    if uri.lower().endswith(".zst"):
        with _opened(spark, uri) as read:
            if is_cut_off(read, size):
                return f"{uri} is not a complete Zstandard file; deliver it again"
    return None


def _bzip2_problem(read: Read, uri: str, size: int) -> str | None:
    header = read(0, _BZIP2_HEADER)
    if not header.startswith(_BZIP2) or (len(header) == _BZIP2_HEADER and _BZIP2_START.match(header) is None):
        return (
            f"{uri} is not compressed by bzip2, as its name says, and Spark would read no line of it; deliver it "
            "without .bz2 in its name, or compressed"
        )
    bits = int.from_bytes(read(max(0, size - _BZIP2_END_BYTES), _BZIP2_END_BYTES), "big")
    if any(bits >> (32 + unused) & _BZIP2_MASK == _BZIP2_END for unused in range(8)):
        return None
    return (
        f"{uri} does not end as a bzip2 file does, and Spark would leave out what it does not know: it was cut "
        "off, or something else was appended; deliver it again"
    )


def is_cut_off(read: Read, size: int) -> bool:
    """Tell whether a Zstandard object was cut off within a frame, at least where its reader would not say so.

    Another format, or anything else behind a frame, is the reader's to tell.
    """
    start = max(0, size - _TAIL_BYTES)
    tail = read(start, size - start)
    if start > 0:
        # What looks like a frame's beginning may be compressed data.
        ends = [_frames_end(_within(tail), place, len(tail)) for place in _places_of(_FRAME, tail)]
        if len(tail) in ends or not (any(ends) or any(tail.endswith(_FRAME[:count]) for count in (1, 2, 3))):
            return False
    end = _frames_end(_within(tail) if start == 0 else read, 0, size)
    return end is not None and end > size


def _places_of(mark: bytes, data: bytes) -> Iterator[int]:
    place = data.find(mark)
    while place >= 0:
        yield place
        place = data.find(mark, place + 1)


def _frames_end(read: Read, position: int, size: int) -> int | None:
    """Return where frames that follow each other would end, beyond ``size`` if cut off; None if something else stands.

    Each step reads a header only.
    """
    while position < size:
        header = read(position, _LONGEST_HEADER)
        if header[:1] and header[0] in _SKIPPABLE_TYPES and header[1:4] == _SKIPPABLE_END:
            position += _SKIPPABLE_HEADER + int.from_bytes(header[4:_SKIPPABLE_HEADER], "little")
            continue
        if not header.startswith(_FRAME):
            return size + 1 if _FRAME.startswith(header) else None
        end = _frame_end(read, position, header, size)
        if end is None:
            return None
        position = end
    return position


def _frame_end(read: Read, position: int, header: bytes, size: int) -> int | None:
    if len(header) <= len(_FRAME):
        return size + 1
    descriptor = header[len(_FRAME)]
    has_one_segment, has_checksum = bool(descriptor & 0x20), bool(descriptor & 0x04)
    content_size = (int(has_one_segment), 2, 4, 8)[descriptor >> 6]
    position += len(_FRAME) + 1 + int(not has_one_segment) + (0, 1, 2, 4)[descriptor & 3] + content_size
    is_last = False
    while not is_last:
        if position + _BLOCK_HEADER > size:
            return size + 1
        block = int.from_bytes(read(position, _BLOCK_HEADER), "little")
        is_last, kind, length = bool(block & 1), block >> 1 & 3, block >> 3
        if kind == _NO_BLOCK:
            return None
        position += _BLOCK_HEADER + (1 if kind == _REPEATED_BYTE else length)
    return position + (_CHECKSUM if has_checksum else 0)


def _within(data: bytes) -> Read:
    return lambda position, length: data[position : position + length]


@contextmanager
def _opened(spark: SparkSession, uri: str) -> Iterator[Read]:
    """Read an object as it is stored, through the file system that Spark would use."""
    path = spark._jvm.org.apache.hadoop.fs.Path(uri)  # type: ignore[union-attr]  # noqa: SLF001
    stream = path.getFileSystem(spark._jsc.hadoopConfiguration()).open(path)  # noqa: SLF001

    def read(position: int, length: int) -> bytes:
        stream.seek(position)
        return bytes(stream.readNBytes(length))

    try:
        yield read
    finally:
        stream.close()
