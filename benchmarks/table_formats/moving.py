"""Whether files that the job writes can be shown as they are; it must not know how the answer is shown."""

from collections.abc import Iterator
from typing import Final

import pyarrow.parquet as pq

from benchmarks.recording import Measurement
from benchmarks.table_formats.iceberg import delete_and_add, new_table, opened, rows_by_day
from benchmarks.table_formats.places import Place
from benchmarks.table_formats.races import outcome
from benchmarks.table_formats.rows import day_rows, days

_DATE: Final = days(1)[0]


def files_of_the_job(place: Place) -> Iterator[Measurement]:
    """Add a file whose date stands in its folder's name only, as it does in the files of the job."""
    table = new_table(place)
    path = f"{table.location()}/data/ingestion_date={_DATE}/run_id=one/part-0.parquet"
    with table.io.new_output(path).create() as file:
        pq.write_table(day_rows(_DATE).drop_columns("ingestion_date"), file)
    end = outcome(lambda: delete_and_add(opened(place, table), _DATE, [path]))
    rows = {str(day): count for day, count in rows_by_day(opened(place, table)).items()}
    yield {"format": "iceberg", "end": end, "rows": rows}
