"""SQL over what is published, on this machine, with DuckDB where it is installed.

Reads exactly the locations that the records name, as the catalog's partitions do; other versions stay unseen.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cli.dataset import Dataset

DATABASE = "prod_data_pipeline"


@dataclass(frozen=True)
class Result:
    """A query's column names and rows."""

    names: Sequence[str]
    rows: Sequence[Sequence[Any]]


def is_available() -> bool:
    """Tell whether DuckDB is installed."""
    return importlib.util.find_spec("duckdb") is not None


def query_published(dataset: Dataset, sql: str) -> Result:
    """Run a query over ``prod_data_pipeline.<table>``; the data root must be a local directory."""
    import duckdb  # noqa: PLC0415  only a test dependency, and slow to load

    files = [f"{record.current.location.removeprefix('file://')}*.parquet" for record in dataset.records()]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE SCHEMA {DATABASE}")
        connection.execute(f"USE {DATABASE}")
        connection.read_parquet(files, hive_partitioning=True, union_by_name=True).create_view(dataset.contract.table)
        return _result(connection.execute(sql))


def quarantined_lines(folder_uri: str, *, most: int) -> Result:
    """Return one line of quarantine per kind of reason, and how many there are of that kind."""
    import duckdb  # noqa: PLC0415  as above

    sql = """
        SELECT count(*) AS lines, min_by(reason, line) AS reason, left(min(line), 40) AS line
        FROM lines GROUP BY regexp_replace(reason, ': [^:]*$', '') ORDER BY lines DESC, 2 LIMIT $most
    """
    with duckdb.connect() as connection:
        connection.read_parquet(f"{folder_uri.removeprefix('file://')}*.parquet").create_view("lines")
        return _result(connection.execute(sql, {"most": most}))


def _result(answer: Any) -> Result:
    return Result([column[0] for column in answer.description], answer.fetchall())
