"""Going back, looking back, and what stays behind of runs that were killed and of versions that were replaced."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from pyiceberg.table import Table

from benchmarks.recording import Measurement
from benchmarks.table_formats.growth import timed
from benchmarks.table_formats.iceberg import (
    delete_and_add,
    new_table,
    opened,
    overwrite_files,
    restore,
    rows_by_day,
    unreferenced,
    written,
)
from benchmarks.table_formats.killed import STAGES
from benchmarks.table_formats.places import Place
from benchmarks.table_formats.races import outcome
from benchmarks.table_formats.rows import days

_BAD, _OTHER, _LATER = days(3)
_GOOD_ROWS, _BAD_ROWS = 100, 7


def rollbacks(place: Place) -> Iterator[Measurement]:
    """Withdraw a bad version of one date, after which another date was published."""
    table, before = _with_a_bad_version(place)
    yield {"act": "look back", "rows": rows_by_day(table, snapshot_id=before)}
    times = timed(lambda: opened(place, table).manage_snapshots().rollback_to_snapshot(before).commit())
    yield {"act": "roll the table back", **times, "rows": rows_by_day(opened(place, table))}
    table, before = _with_a_bad_version(place)
    times = timed(lambda: restore(opened(place, table), _BAD, snapshot_id=before))
    yield {"act": "publish the date's older files again", **times, "rows": rows_by_day(opened(place, table))}
    table, before = _with_a_bad_version(place)
    _expire(place, table)
    end = outcome(lambda: restore(opened(place, table), _BAD, snapshot_id=before))
    look = partial(rows_by_day, opened(place, table), snapshot_id=before)
    yield {"act": "look back, snapshots expired", "end": outcome(look)}
    yield {
        "act": "publish the older files again, snapshots expired",
        "end": end,
        "rows": rows_by_day(opened(place, table)),
    }
    yield {"act": "look back between the two snapshots of a commit", **_between(place)}


def leftovers(place: Place) -> Iterator[Measurement]:
    """Kill runs at two moments; replace a version and expire its snapshot; count what nothing names any more."""
    for stage in STAGES:
        table = new_table(place)
        delete_and_add(opened(place, table), _BAD, [written(table, _BAD)])
        _kill(table, stage)
        yield {"after": f"killed {stage}", **_left(place, table)}
    table = new_table(place)
    for _ in range(3):
        overwrite_files(opened(place, table), _BAD, [written(table, _BAD)])
    _expire(place, table)
    yield {"after": "two versions replaced and expired", **_left(place, table)}


def _with_a_bad_version(place: Place) -> tuple[Table, int]:
    table = new_table(place)
    for day in (_BAD, _OTHER):
        overwrite_files(opened(place, table), day, [written(table, day, rows=_GOOD_ROWS)])
    before: Final = opened(place, table).current_snapshot().snapshot_id
    overwrite_files(opened(place, table), _BAD, [written(table, _BAD, rows=_BAD_ROWS)])
    overwrite_files(opened(place, table), _LATER, [written(table, _LATER, rows=_GOOD_ROWS)])
    return opened(place, table), before


def _between(place: Place) -> Measurement:
    table = new_table(place)
    for rows in (_GOOD_ROWS, _BAD_ROWS):
        delete_and_add(opened(place, table), _BAD, [written(table, _BAD, rows=rows)])
    now = opened(place, table)
    return {"rows": rows_by_day(now, snapshot_id=now.current_snapshot().parent_snapshot_id)}


def _expire(place: Place, table: Table) -> None:
    tomorrow = datetime.now().astimezone() + timedelta(days=1)
    opened(place, table).maintenance.expire_snapshots().older_than(tomorrow).commit()


def _kill(table: Table, stage: str) -> None:
    command = [sys.executable, "-m", "benchmarks.table_formats.killed", ".".join(table.name()), _BAD, stage]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the run was to be killed {stage}, but ended with {done.returncode}: {done.stderr}")


def _left(place: Place, table: Table) -> Measurement:
    left = unreferenced(place, opened(place, table))
    kinds = {"data": ".parquet", "metadata": ".json", "manifests": ".avro"}
    counts = {kind: sum(path.endswith(ending) for path in left) for kind, ending in kinds.items()}
    return {"unreferenced": counts, "rows": rows_by_day(opened(place, table))}
