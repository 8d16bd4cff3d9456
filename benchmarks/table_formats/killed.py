"""A run that kills itself: `python -m benchmarks.table_formats.killed TABLE DATE STAGE`; it must not know who asks."""

import os
import signal
import sys
from typing import Any, Final

from benchmarks.table_formats.iceberg import overwrite_files, written
from benchmarks.table_formats.places import glue

_WRITTEN: Final = "with its data files written"
_COMMITTING: Final = "just before the catalog is called"
STAGES: Final = (_WRITTEN, _COMMITTING)


def main(name: str, day: str, stage: str) -> None:
    """Publish a date, and die on the way."""
    table = glue().catalog().load_table(name)
    path = written(table, day)
    if stage == _WRITTEN:
        _die()
    table.catalog.glue.meta.events.register("before-send.glue.UpdateTable", _die)
    overwrite_files(table, day, [path])


def _die(**_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
