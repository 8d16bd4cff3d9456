"""The objects of a sample: found by path, unpacked, and refused by name where they are no text.

Reads files; must not know what JSON is.
"""

import bz2
import gzip
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final

from core.layout import date_in
from core.raw_objects import RawObjects, compression_of

READ_ERRORS: Final = (OSError, EOFError, zlib.error)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_HEAD: Final = 512
_COMPRESSIONS: Final = ((b"\x1f\x8b", ".gz", "gzip"), (b"BZh", ".bz2", "bzip2"))
_NO_TEXT: Final = (
    (b"\x28\xb5\x2f\xfd", "is compressed by Zstandard, which is not unpacked here; give a .gz of it"),
    (b"PAR1", "is Parquet and no JSON"),
    (b"PK\x03\x04", "is a zip archive, which is not read; give what is in it"),
    (b"\xfd7zXZ\x00", "is compressed by xz, which is not read; compress it as .gz"),
    (b"Obj\x01", "is Avro and no JSON"),
    (b"\xff\xfe", "is UTF-16, which is not read; write it as UTF-8"),
    (b"\xfe\xff", "is UTF-16, which is not read; write it as UTF-8"),
)


class SampleError(ValueError):
    """A sample from which no contract can be drafted; the message names the reason and the next step."""


class NotReadable(ValueError):
    """Say why an object is not read; the caller adds its name."""


@dataclass(frozen=True)
class SampleObject:
    """An object of the sample; ``key`` is its name below the day's folder, as far as the path tells it."""

    path: Path
    key: str

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size


@dataclass(frozen=True)
class Found:
    """The objects to look at, in the order of their paths, and what was left out: by key, each with the reason."""

    objects: tuple[SampleObject, ...]
    left_out: Mapping[str, str]
    source_system: str | None

    @property
    def keys(self) -> list[str]:
        return [found.key for found in self.objects]


def find_objects(paths: Sequence[Path]) -> Found:
    """Find the objects that paths name: files, and what lies below folders and looks like records.

    Raises SampleError when there are none, and naming what cannot be looked at: it may hold any.
    """
    with _told_by_name():
        named = {path: SampleObject(path, _key(path, path.parent)) for path in paths if path.is_file()}
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise SampleError(f"no file or folder {missing[0]}; give raw objects, or folders that hold some")
        inside, left_out = _inside([path for path in paths if path.is_dir()])
    objects = sorted({**inside, **named}.values(), key=lambda found: str(found.path))
    if not objects:
        why = f": {'; '.join(f'{key}: {reason}' for key, reason in islice(left_out.items(), 3))}" if left_out else ""
        raise SampleError(f"no raw objects in {', '.join(map(str, paths))}{why}")
    return Found(tuple(objects), left_out, _source_system(objects))


def naming_problem(found: SampleObject) -> str | None:
    """Say why a run would not read an object as it is named, though it was read here; None when it would."""
    try:
        said, is_ = compression_of(found.path.name), _compression(_head(found.path))
    except OSError:
        return None
    if is_ and not said:
        return f"is {is_[1]} though its name does not end in {is_[0]}, so a run takes it for plain text; rename it"
    if said and not is_:
        return f"is not compressed though its name ends in {said}, so a run cannot read it; rename it"
    return None


def is_unread(key: str) -> bool:
    """Say whether a run would leave an object of such a name unread without a word in the contract."""
    return RawObjects().classify(f"day/{key}", 1, day_prefix="day/").kind == "unread"


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open the text of an object, unpacked and behind its byte order mark. Raises NotReadable."""
    stream = _unpacked(path)
    with stream:
        head = stream.peek(_HEAD)[:_HEAD] if isinstance(stream, gzip.GzipFile | bz2.BZ2File) else _head(path)
        problem = _text_problem(head)
        if problem is not None:
            raise NotReadable(problem)
        if head.startswith(_BYTE_ORDER_MARK):
            stream.read(len(_BYTE_ORDER_MARK))
        yield stream


def _unpacked(path: Path) -> IO[bytes]:
    compression = _compression(_head(path))
    if compression is None:
        return path.open("rb")
    return gzip.open(path, "rb") if compression[1] == "gzip" else bz2.open(path, "rb")  # type: ignore[return-value]


def _inside(folders: Iterable[Path]) -> tuple[dict[Path, SampleObject], dict[str, str]]:
    objects: dict[Path, SampleObject] = {}
    left_out: dict[str, str] = {}
    for folder in folders:
        files = sorted(path for path in _entries_below(folder) if path.is_file())
        of_days = [path for path in files if date_in(str(path)) is not None]
        for path in of_days or files:
            key = _key(path, folder)
            reason = _left_out_because(path, key)
            if reason is None:
                objects[path] = SampleObject(path, key)
            elif reason:
                left_out[key] = reason
    return objects, left_out


def _entries_below(folder: Path) -> Iterator[Path]:
    """Walk through a folder, and raise where one in it cannot be read: it is not taken for an empty one."""

    def fail(error: OSError) -> None:
        raise error

    return (Path(parent) / name for parent, _, names in os.walk(folder, onerror=fail) for name in names)


@contextmanager
def _told_by_name() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SampleError(
            f"{error.filename} cannot be read: {error.strerror}; make it readable, or give the paths beside it"
        ) from error


def _left_out_because(path: Path, key: str) -> str | None:
    """Say why a file of a folder is not looked at; the text is empty for what no run looks at either."""
    found = RawObjects().classify(f"day/{key}", path.stat().st_size, day_prefix="day/")
    if found.kind == "ignored":
        return ""
    if found.kind == "input" or _begins_like_json(path):
        return None
    return found.reason


def _begins_like_json(path: Path) -> bool:
    try:
        with opened(path) as stream:
            return stream.read(_HEAD).lstrip()[:1] in (b"{", b"[")
    except (NotReadable, *READ_ERRORS):
        return False


def _key(path: Path, folder: Path) -> str:
    parts = path.absolute().parts
    days = [number for number, part in enumerate(parts) if date_in(part) is not None]
    return "/".join(parts[days[-1] + 1 :]) if days else path.relative_to(folder).as_posix()


def _source_system(objects: Iterable[SampleObject]) -> str | None:
    found = {
        part.partition("=")[2]
        for sample in objects
        for part in sample.path.absolute().parts
        if part.startswith("source_system=")
    }
    return found.pop() if len(found) == 1 else None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _compression(head: bytes) -> tuple[str, str] | None:
    return next(((suffix, name) for magic, suffix, name in _COMPRESSIONS if head.startswith(magic)), None)


def _text_problem(head: bytes) -> str | None:
    for magic, problem in _NO_TEXT:
        if head.startswith(magic):
            return problem
    if b"\x00" in head[:4]:
        return "is UTF-16 or UTF-32, or no text at all; write it as UTF-8"
    return None
