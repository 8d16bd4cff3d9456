"""What reads files for one query: DuckDB, which reaches nothing but one folder."""

from pathlib import Path
from typing import Final

import duckdb

from local_cloud.athena.errors import QueryFailed

_SETTINGS: Final = ("SET TimeZone = 'UTC'", "SET threads = 2")


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open one."""
    options: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(folder / "spill"),
    }
    connection = duckdb.connect(":memory:", config=options)
    for statement in _SETTINGS:
        connection.execute(statement)
    connection.execute(f"SET allowed_directories = ['{folder}/']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def failure(error: duckdb.Error) -> QueryFailed:
    """Say that a file could not be read as declared."""
    message = str(error).partition("\n")[0].partition("Error: ")[2] or str(error)
    return QueryFailed(f"HIVE_BAD_DATA: {message}")
