"""The folder that the story is told in: made anew each time, used by one story at a time, never somebody else's."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.errors import CommandFailed

_MARK = ".story"


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """Empty the folder and hold it; what the story leaves in it stays.

    Raises:
        CommandFailed: when the folder holds something that no story made, or another story is being told in it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandFailed(f"{folder} is in use by another run; wait for it or give --folder") from None
        _empty(folder)
        yield folder


def _empty(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise CommandFailed(f"{folder} holds files that no story made; remove them or give another --folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / _MARK).touch()
