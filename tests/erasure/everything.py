"""An independent search over every byte below a folder, and the rows of everybody else."""

import bz2
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_UNICODE = re.compile(r"\\+u([0-9a-fA-F]{4})")


def holding(root: Path, value: str) -> set[str]:
    """Return the files that hold a value in some spelling, in their content or in their name."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix() for path in files if any(value in text for text in _texts(path))}


def _texts(path: Path) -> Iterator[str]:
    yield str(path.name)
    data = path.read_bytes()
    for content in (data, *_unpacked(data)):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1"):
            for start in (0, 1):  # half a character off
                yield from _spellings(content[start:].decode(encoding, "replace"))
    if data.startswith(b"PAR1"):
        table = pq.read_table(path, partitioning=None)
        for column in table.columns:
            for value in column.to_pylist():
                text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                yield from _spellings(text)
                if isinstance(value, bytes):
                    yield from (value.decode(name, "replace") for name in ("utf-16-le", "utf-16-be", "latin-1"))


def _unpacked(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    if data.startswith(b"BZh"):
        yield bz2.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        yield pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()


def _spellings(text: str) -> Iterator[str]:
    yield text
    if "\\" in text:
        plain = _UNICODE.sub(lambda found: chr(int(found[1], 16)), text)
        yield re.sub(r"\\+/", "/", plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def published_rows(root: Path, day: str) -> list[str]:
    """Return the rows that readers see of a date, in a form that compares."""
    [path] = (root / "publications").rglob(f"ingestion_date={day}.json")
    folder = Path(json.loads(path.read_bytes())["current"]["location"].removeprefix("file://"))
    rows = [row for file in sorted(folder.glob("*.parquet")) for row in pq.ParquetFile(file).read().to_pylist()]
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
