"""One date's publication as Iceberg would have it: the files lie there already, one commit shows them.

Every way to commit that is compared is here; it must not know what is measured.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import pyarrow.parquet as pq
from pyiceberg.expressions import EqualTo
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, TableProperties

from benchmarks.table_formats.places import DATABASE, Place
from benchmarks.table_formats.rows import SCHEMA, day_rows

RUN: Final = "pipeline.run-id"


def new_table(place: Place, properties: Mapping[str, str] | None = None) -> Table:
    """Create a table with the columns of the sample contract, partitioned by date."""
    location = place.new_location()
    name = f"{DATABASE}.events_{location.rpartition('/')[2]}"
    table = place.catalog().create_table(name, SCHEMA, location=location, properties=dict(properties or {}))
    with table.transaction() as transaction:
        with transaction.update_spec() as spec:
            spec.add_identity("ingestion_date")
        # Files that Spark writes as plain Parquet have no ids of Iceberg's columns, so they are told by name.
        names = table.schema().name_mapping.model_dump_json()
        transaction.set_properties({TableProperties.DEFAULT_NAME_MAPPING: names})
    return table


def opened(place: Place, table: Table, **properties: Any) -> Table:
    """Read a table anew through a catalog of its own, as a run that starts now would see it."""
    return place.catalog(**properties).load_table(table.name())


def written(table: Table, day: str, *, rows: int = 100) -> str:
    """Write the file of a new version, which no table shows yet; return its path."""
    path = f"{table.location()}/data/ingestion_date={day}/run_id={uuid4().hex}/part-0.parquet"
    with table.io.new_output(path).create() as file:
        pq.write_table(day_rows(day, count=rows), file)
    return path


def delete_and_add(table: Table, day: str, paths: Sequence[str], *, run: str = "") -> None:
    """Publish through the documented calls: what the date had goes, the files come, in one commit of two snapshots."""
    with table.transaction() as transaction:
        transaction.delete(EqualTo("ingestion_date", day), snapshot_properties={RUN: run})
        transaction.add_files(list(paths), snapshot_properties={RUN: run}, check_duplicate_files=False)


def overwrite_files(table: Table, day: str, paths: Sequence[str], *, run: str = "") -> None:
    """Publish as one snapshot that names the files it takes away and the files it adds."""
    _replace(table, day, [parquet_file_to_data_file(table.io, table.metadata, path) for path in paths], run=run)


def restore(table: Table, day: str, *, snapshot_id: int, run: str = "") -> None:
    """Let a date show the files again that it had in an older snapshot, and leave every other date as it is.

    Raises:
        LookupError: when the snapshot shows none, which is also what planning answers for a snapshot that has expired.
    """
    files = data_files(table, day, snapshot_id=snapshot_id)
    if not files:
        raise LookupError(f"{day}: snapshot {snapshot_id} of {table.location()} shows no files")
    _replace(table, day, files, run=run)


def data_files(table: Table, day: str, *, snapshot_id: int | None = None) -> list[DataFile]:
    """List the files that a date has in a snapshot (default: the current one)."""
    tasks: Any = table.scan(EqualTo("ingestion_date", day), snapshot_id=snapshot_id).plan_files()
    return [task.file for task in tasks]


def rows_by_day(table: Table, *, snapshot_id: int | None = None) -> dict[str, int]:
    """Count the rows of each date by reading them."""
    found = table.scan(selected_fields=("ingestion_date",), snapshot_id=snapshot_id).to_arrow()
    return dict(sorted(Counter(found["ingestion_date"].to_pylist()).items()))


def runs(table: Table) -> set[str]:
    """Name the runs whose snapshots the table still has."""
    return {snapshot.summary.additional_properties.get(RUN, "") for snapshot in table.snapshots() if snapshot.summary}


def unreferenced(place: Place, table: Table) -> list[str]:
    """List the objects below the table's location that no snapshot it still has, and no metadata of it, names."""
    named = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    for snapshot in table.snapshots():
        named.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            named.add(manifest.manifest_path)
            named |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
    paths = {name.partition("://")[2] for name in named}
    return sorted(set(place.stored(table.location())) - paths)


def _replace(table: Table, day: str, files: Sequence[DataFile], *, run: str) -> None:
    replaced = data_files(table, day)
    with table.transaction() as transaction:
        update = transaction.update_snapshot(snapshot_properties={RUN: run})
        with update.overwrite() as overwrite:
            overwrite.delete_by_predicate(EqualTo("ingestion_date", day))
            for file in replaced:
                overwrite.delete_data_file(file)
            for file in files:
                overwrite.append_data_file(file)


# The ways to publish a date, each in one commit.
WAYS: Final = {"delete and add": delete_and_add, "overwrite": overwrite_files}
