"""The same questions to a Delta table: commits are files of its log, which a conditional write makes one after another.

No catalog takes part; it must not know how the figures are shown.
"""

import json
import os
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, Final
from uuid import uuid4

import boto3
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.transaction import AddAction, create_table_with_add_actions

from benchmarks.recording import Measurement
from benchmarks.table_formats.growth import DATES, acts, medians, timed
from benchmarks.table_formats.places import Place, glue
from benchmarks.table_formats.races import AT_ONCE, at_once, both, outcome
from benchmarks.table_formats.rows import SCHEMA, day_rows, days

_LOG: Final = "_delta_log"


def commit_times() -> Iterator[Measurement]:
    """Publish a new date and one from the middle again, a few times each, per number of dates with a checkpoint."""
    place = glue()
    for dates in DATES:
        location = _table_with(place, dates)
        for act, chosen in acts(dates).items():
            found = [_commit(place, location, day) for day in chosen]
            facts = {"format": "delta", "catalog": "none", "upkeep": "checkpoint", "dates": dates, "act": act}
            yield {**facts, **medians(found)}


def one_date() -> Iterator[Measurement]:
    """Let two runs of a date start from the same table, and the second commit after the first has; then go back."""
    place, (day, other) = glue(), days(2)
    for start, has in {"other dates only": [other], "the date as well": [other, day]}.items():
        location = _new_table(place, has)
        first, second = _opened(location), _opened(location)
        actions = [_written(place, location, day, rows=rows) for rows in (200, 300)]
        ends = [outcome(partial(_publish, *run, day)) for run in zip((first, second), actions, strict=True)]
        shown = [uri for uri in _opened(location).file_uris() if day in uri]
        yield {"format": "delta", "starts_from": start, **both(ends), "files_shown": len(shown)}
    yield _restored(place)


def many_dates() -> Iterator[Measurement]:
    """Publish a date each from several threads that start together."""
    place = glue()
    for number in AT_ONCE:
        location = _new_table(place, [days(number + 1)[-1]])
        runs = [(_opened(location), _written(place, location, day), day) for day in days(number)]
        found = at_once([partial(_publish, *run) for run in runs])
        shown = len(_opened(location).file_uris()) - 1
        yield {"format": "delta", "catalog": "none", "at_once": number, **found, "dates_shown": shown}


def _restored(place: Place) -> Measurement:
    bad, other, later = days(3)
    location = _new_table(place, [bad, other])
    before = _opened(location).version()
    for day in (bad, later):
        _publish(_opened(location), _written(place, location, day), day)
    _opened(location).restore(before)
    shown = sorted({_date_of(uri) for uri in _opened(location).file_uris()})
    return {"format": "delta", "act": "restore the version before the bad one", "dates_shown": shown}


def _new_table(place: Place, has: list[str]) -> str:
    location = place.new_location()
    schema, options = Schema.from_arrow(SCHEMA), _options()
    create_table_with_add_actions(location, schema, [], partition_by=["ingestion_date"], storage_options=options)
    for day in has:
        _publish(_opened(location), _written(place, location, day), day)
    return location


def _table_with(place: Place, dates: int) -> str:
    """Return a table whose log has a commit for each date, repeated from one that was made, and a checkpoint."""
    first = days(1)[0]
    location = _new_table(place, [first])
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    storage: Any = boto3.client("s3")
    made = storage.get_object(Bucket=bucket, Key=f"{prefix}/{_LOG}/{1:020}.json")["Body"].read().decode()
    for number, day in enumerate(days(dates)[1:], start=2):
        storage.put_object(
            Bucket=bucket, Key=f"{prefix}/{_LOG}/{number:020}.json", Body=made.replace(first, day).encode()
        )
    _opened(location).create_checkpoint()
    return location


def _commit(place: Place, location: str, day: str) -> dict[str, float]:
    action, before = _written(place, location, day), place.stored(f"{location}/{_LOG}")
    times = timed(lambda: _publish(_opened(location), action, day))
    after = place.stored(f"{location}/{_LOG}")
    new = [size for name, size in after.items() if name not in before]
    return {**times, "objects_written": len(new), "bytes_written": sum(new)}


def _written(place: Place, location: str, day: str, *, rows: int = 100) -> AddAction:
    path = f"ingestion_date={day}/run_id={uuid4().hex}/part-0.parquet"
    target = f"{location}/{path}".removeprefix("s3://")
    pq.write_table(day_rows(day, count=rows).drop_columns("ingestion_date"), target, filesystem=place.files)
    size = place.files.get_file_info(target).size
    stats = json.dumps({"numRecords": rows})
    return AddAction(path, size, {"ingestion_date": day}, int(time.time() * 1000), data_change=True, stats=stats)


def _publish(table: DeltaTable, action: AddAction, day: str) -> None:
    table.create_write_transaction(
        [action],
        mode="overwrite",
        schema=Schema.from_arrow(SCHEMA),
        partition_by=["ingestion_date"],
        partition_filters=[("ingestion_date", "=", day)],
    )


def _opened(location: str) -> DeltaTable:
    return DeltaTable(location, storage_options=_options())


def _date_of(uri: str) -> str:
    return uri.partition("ingestion_date=")[2].partition("/")[0]


def _options() -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"], "AWS_ALLOW_HTTP": "true"}
