"""A data root in a local directory.

Writes are renames of finished files; conditional writes are serialised by a lock that the kernel drops when a process
dies.
"""

import fcntl
import hashlib
import io
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import get_ident
from types import MappingProxyType
from typing import IO

from core.errors import PipelineError, ServiceError
from core.ports import Content, StoredObject, WriteConflict

_HASH_BLOCK_BYTES = 1 << 20
_LOCK = ".lock"


class DirectoryStore:
    """Objects are files below ``root``, but this store's own, and Hadoop's checksums of some.

    Folders and links whose names are passed over are not looked at, wherever they lead.
    """

    writes_late = False

    def __init__(self, root: str, *, is_passed_over: Callable[[str], bool] = lambda _: False) -> None:
        self._root = Path(root).resolve()  # one place has one name, so that records agree
        self._is_passed_over = is_passed_over

    def uri(self, key: str) -> str:
        return f"file://{self._root / key}" + ("/" if key.endswith("/") else "")

    def objects(self, prefix: str) -> list[StoredObject]:
        files = _files_below(self._root / prefix, self._is_passed_over)
        listed = (self._listed(path) for path in files if not _is_own(path))
        return sorted((item for item in listed if item is not None), key=lambda item: item.key)

    def folders(self, prefix: str) -> list[str]:
        below, _ = _content_of(self._root / prefix, self._is_passed_over)
        return sorted(f"{prefix}{folder.name}/" for folder in below if not folder.name.startswith("."))

    def etag(self, listed: StoredObject) -> str:
        if (why := _unreadable_because(listed.key)) is not None:
            shown = self.uri(listed.key).encode(errors="backslashreplace").decode()
            raise PipelineError(f"{shown} {why}, which Spark cannot read here; rename it, then run the date again")
        with _translated("read", self.uri(listed.key)), (self._root / listed.key).open("rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def read(self, key: str) -> Content | None:
        with _translated("read", self.uri(key)):
            try:
                data = (self._root / key).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return Content(data, _version_of(data))

    def write(self, key: str, data: bytes) -> None:
        self._write(key, io.BytesIO(data))

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        with self._locked():
            found = self.read(key)
            if (found.version if found else None) != expected:
                raise WriteConflict(key)
            self.write(key, data)
        return _version_of(data)

    def download(self, key: str, into: IO[bytes]) -> str | None:
        with _translated("read", self.uri(key)):
            try:
                file = (self._root / key).open("rb")
            except (FileNotFoundError, NotADirectoryError):
                return None
            with file:
                return _copied(file, into)

    def upload(self, key: str, content: IO[bytes], *, expected: str) -> None:
        with self._locked():
            if self._version(key) != expected:
                raise WriteConflict(key)
            content.seek(0)
            self._write(key, content)
            with _translated("delete", self.uri(key)):
                self._checksum_of(key).unlink(missing_ok=True)

    def remove(self, key: str, *, expected: str) -> None:
        with self._locked():
            if self._version(key) != expected:
                raise WriteConflict(key)
            self.delete([key])

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            with _translated("delete", self.uri(key)):
                (self._root / key).unlink(missing_ok=True)

    def delete_prefix(self, prefix: str) -> None:
        folder = self._root / prefix
        with _translated("delete", self.uri(prefix)):
            if folder.is_symlink():  # what it leads to may be of somebody else
                folder.unlink()
            while folder.is_dir():
                with suppress(FileNotFoundError):  # another run sweeps it too
                    shutil.rmtree(folder)

    def _write(self, key: str, content: IO[bytes]) -> None:
        path = self._root / key
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.tmp")
        with _translated("write", self.uri(key)):
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)

    def _version(self, key: str) -> str | None:
        with Path(os.devnull).open("wb") as nowhere:
            return self.download(key, nowhere)

    def _checksum_of(self, key: str) -> Path:
        """Return where Hadoop keeps a checksum of a local file that it wrote; it reads no other content with it."""
        path = self._root / key
        return path.with_name(f".{path.name}.crc")

    def _listed(self, path: Path) -> StoredObject | None:
        with _translated("list", f"file://{path}"):
            try:
                found = path.stat()
            except FileNotFoundError:
                if path.is_symlink():
                    raise PipelineError(
                        f"{path} is a link to a file that is not there; restore the file or remove it"
                    ) from None
                return None  # deleted since its folder was read
        return StoredObject(
            key=path.relative_to(self._root).as_posix(),
            size_bytes=found.st_size,
            version=f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_ctime_ns:x}-{found.st_size:x}",
            modified_at=datetime.fromtimestamp(found.st_mtime, UTC),
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with _translated("lock", self.uri("")):
            self._root.mkdir(parents=True, exist_ok=True)
            file = (self._root / _LOCK).open("wb")
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _files_below(
    folder: Path,
    is_passed_over: Callable[[str], bool],
    above: Mapping[tuple[int, int], Path] = MappingProxyType({}),
) -> Iterator[Path]:
    """Walk through a folder and the folders that links in it lead to; ``above`` are those that it lies in."""
    below, files = _content_of(folder, is_passed_over)
    yield from files
    if not below:
        return
    with _translated("list", f"file://{folder}"):
        try:
            found = folder.stat()
        except FileNotFoundError:  # deleted since its content was read
            return
    identity = (found.st_dev, found.st_ino)
    if identity in above:
        link = next((path for path in (folder, *folder.parents) if path.is_symlink()), folder)
        raise PipelineError(f"{link} is a link that leads back to {above[identity]}; remove the link")
    for one in below:
        yield from _files_below(one, is_passed_over, {**above, identity: folder})


def _content_of(folder: Path, is_passed_over: Callable[[str], bool]) -> tuple[list[Path], list[Path]]:
    """Return the folders and the files in a folder; of one that is not there, or not any more, nothing.

    A folder that cannot be read is never taken for an empty one: what lies in it would be lost without a word.
    """
    with _translated("list", f"file://{folder}"):
        try:
            entries = [
                (Path(entry.path), entry.is_dir())
                for entry in os.scandir(folder)
                if not (is_passed_over(entry.name) and (entry.is_symlink() or entry.is_dir()))
            ]
        except (FileNotFoundError, NotADirectoryError):
            return [], []
    return [path for path, is_folder in entries if is_folder], [path for path, is_folder in entries if not is_folder]


def _is_own(path: Path) -> bool:
    """Tell whether a file is no object but Hadoop's checksum of one, what is being written, or the lock."""
    return path.name == _LOCK or (path.name.startswith(".") and path.suffix in (".crc", ".tmp"))


def _unreadable_because(key: str) -> str | None:
    """Say what keeps Hadoop from opening a local file, or None.

    Its checksum would lie in ``.<name>.crc``, which a colon turns into a URI's scheme; what is no UTF-8 has no spelling
    in Java.
    """
    if ":" in Path(key).name:
        return "has a ':' in its name"
    try:
        key.encode()
    except UnicodeEncodeError:
        return "has bytes in its name that are no UTF-8"
    return None


def _copied(file: IO[bytes], into: IO[bytes]) -> str:
    """Copy a file and return the version of what was copied."""
    digest = hashlib.sha256()
    while block := file.read(_HASH_BLOCK_BYTES):
        digest.update(block)
        into.write(block)
    return digest.hexdigest()


def _version_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def _translated(action: str, uri: str) -> Iterator[None]:
    """Say what the file system would not do."""
    try:
        yield
    except OSError as error:
        raise ServiceError(f"cannot {action} {uri}: {error.strerror or error}") from error
