"""Tables with years behind them: the metadata that so many single publications leave, written at once.

A thousand commits take an hour here; what they leave is known from one. So one date is published by a real commit, and
its manifest and snapshot are repeated for each further date. The data files of those dates do not exist; no commit
reads them.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final
from uuid import uuid4

from pyiceberg.manifest import (
    DATA_FILE_TYPE,
    DataFile,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    write_manifest,
    write_manifest_list,
)
from pyiceberg.serializers import ToOutputFile
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRef, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot, SnapshotLogEntry
from pyiceberg.typedef import Record

from benchmarks.table_formats.iceberg import data_files, delete_and_add, new_table, written
from benchmarks.table_formats.places import Place
from benchmarks.table_formats.rows import days

_FIRST_ID: Final = 1_000_000_000_000_000_000  # as long as the client's own, which are random
_FORMAT: Final = 2
_WRITERS: Final = 8


@dataclass(frozen=True)
class Upkeep:
    """What is done so that metadata does not grow: old snapshots expired, manifests merged."""

    name: str
    keeps_snapshots: bool
    merges_manifests: bool

    @property
    def properties(self) -> dict[str, str]:
        return {"commit.manifest-merge.enabled": str(self.merges_manifests).lower()}


UPKEEPS: Final = (
    Upkeep("none", keeps_snapshots=True, merges_manifests=False),
    Upkeep("snapshots expired", keeps_snapshots=False, merges_manifests=False),
    Upkeep("expired, manifests merged", keeps_snapshots=False, merges_manifests=True),
)


def tables_with(place: Place, dates: int) -> Iterator[tuple[Upkeep, Table]]:
    """Make a table per upkeep, each of which shows so many dates that were published once."""
    for merges in (False, True):
        upkeeps = [upkeep for upkeep in UPKEEPS if upkeep.merges_manifests == merges]
        table = new_table(place, upkeeps[0].properties)
        first = days(1)[0]
        delete_and_add(table, first, [written(table, first)])
        history = _repeated_commits(table, dates, merged=merges)
        for upkeep in upkeeps:
            yield upkeep, _registered(place, table, history if upkeep.keeps_snapshots else history[-1:])


def _repeated_commits(table: Table, dates: int, *, merged: bool) -> list[Snapshot]:
    """Write what further commits would leave; return all snapshots, oldest first."""
    first = table.current_snapshot()
    if dates == 1:
        return [first]
    model = data_files(table, days(1)[0])[0]
    snapshots = [_repeated(first, number) for number in range(1, dates)]
    groups = [days(dates)[1:]] if merged else [[day] for day in days(dates)[1:]]
    with ThreadPoolExecutor(_WRITERS) as pool:
        manifests = list(pool.map(partial(_manifest, table, model), groups, count(1)))
    _write_list(table, snapshots[-1], [*first.manifests(table.io), *manifests])
    return [first, *snapshots]


def _repeated(first: Snapshot, number: int) -> Snapshot:
    own = _FIRST_ID + number
    changed = {
        "snapshot_id": own,
        "parent_snapshot_id": first.snapshot_id if number == 1 else own - 1,
        "sequence_number": first.sequence_number + number,
        "timestamp_ms": first.timestamp_ms + number,
        "manifest_list": first.manifest_list.replace(str(first.snapshot_id), str(own)),
    }
    return first.model_copy(update=changed)


def _manifest(table: Table, model: DataFile, dates: list[str], number: int) -> ManifestFile:
    output = table.io.new_output(f"{table.location()}/metadata/repeated-{number}-m0.avro")
    snapshot_id = _FIRST_ID + number
    with write_manifest(_FORMAT, table.spec(), table.schema(), output, snapshot_id, "gzip") as writer:
        for day in dates:
            writer.add_entry(_entry(table, model, day, snapshot_id=snapshot_id))
    manifest = writer.to_manifest_file()
    manifest.sequence_number = manifest.min_sequence_number = number + 1
    return manifest


def _entry(table: Table, model: DataFile, day: str, *, snapshot_id: int) -> ManifestEntry:
    file = deepcopy(model)
    names = [field.name for field in DATA_FILE_TYPE[_FORMAT].fields]
    file[names.index("file_path")] = model.file_path.replace(model.partition[0], day)
    file[names.index("partition")] = Record(day)
    column = table.schema().find_field("ingestion_date").field_id
    for bounds in (file.lower_bounds, file.upper_bounds):
        bounds[column] = day.encode()
    return ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=snapshot_id, data_file=file)


def _write_list(table: Table, snapshot: Snapshot, manifests: list[ManifestFile]) -> None:
    output = table.io.new_output(snapshot.manifest_list)
    numbers = (snapshot.snapshot_id, snapshot.parent_snapshot_id, snapshot.sequence_number)
    with write_manifest_list(_FORMAT, output, *numbers, "gzip") as writer:
        writer.add_manifests(manifests)


def _registered(place: Place, table: Table, snapshots: list[Snapshot]) -> Table:
    last = snapshots[-1]
    changed = {
        "snapshots": snapshots,
        "snapshot_log": [
            SnapshotLogEntry(snapshot_id=one.snapshot_id, timestamp_ms=one.timestamp_ms) for one in snapshots
        ],
        "current_snapshot_id": last.snapshot_id,
        "last_sequence_number": last.sequence_number,
        "last_updated_ms": last.timestamp_ms,
        "refs": {MAIN_BRANCH: SnapshotRef(snapshot_id=last.snapshot_id, snapshot_ref_type=SnapshotRefType.BRANCH)},
    }
    path = table.location_provider().new_table_metadata_file_location(len(snapshots))
    ToOutputFile.table_metadata(table.metadata.model_copy(update=changed), table.io.new_output(path))
    return place.catalog().register_table((*table.name()[:-1], f"events_{uuid4().hex[:12]}"), path)
