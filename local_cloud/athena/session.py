"""The engine that one query gets for itself: DuckDB with Trino's defaults, which reaches nothing but one folder."""

import re
from pathlib import Path
from typing import Final

import duckdb

from local_cloud.athena import macros
from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.translation import unknown_column

# Before the macros, because DuckDB settles what `/` means when it reads them.
_SETTINGS: Final = (
    "SET TimeZone = 'UTC'",
    "SET integer_division = true",
    "SET ieee_floating_point_ops = true",
    "SET default_null_order = 'nulls_last'",
    "SET threads = 2",
)
_COLUMN: Final = re.compile(
    r'Referenced (?:column|table) "([^"]+)" not found|does not have a column named "([^"]+)"'
    r'|find key "([^"]+)" in struct'
)
_REASON: Final = re.compile(r"\b([A-Z]{3,}(?:_[A-Z]+)+: .*)")


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open one that may still be told what its tables are; `locked` ends that."""
    options: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(folder / "spill"),
    }
    connection = duckdb.connect(":memory:", config=options)
    for statement in (*_SETTINGS, *macros.definitions()):
        connection.execute(statement)
    connection.execute(f"SET allowed_directories = ['{folder}/']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def failure(error: duckdb.Error, *, sql: str) -> QueryFailed:
    """Put DuckDB's complaint in Athena's words."""
    message = str(error)
    reason = macros.failure_in(message)
    if reason is not None:
        return QueryFailed(reason)
    named = _REASON.search(message)
    if named and isinstance(error, duckdb.InvalidInputException):
        return QueryFailed(named[1])
    column = _COLUMN.search(message)
    if column:
        return unknown_column(sql, next(filter(None, column.groups())))
    return _by_class(error, message.partition("\n")[0].partition("Error: ")[2] or message)


def _by_class(error: duckdb.Error, message: str) -> QueryFailed:
    match error:
        case duckdb.BinderException() if "GROUP BY" in message or "aggregate" in message:
            return QueryFailed(f"EXPRESSION_NOT_AGGREGATE: {message}")
        case duckdb.BinderException() if "Ambiguous" in message:
            return QueryFailed(f"AMBIGUOUS_NAME: {message}")
        case duckdb.BinderException() | duckdb.CatalogException() | duckdb.ParserException():
            return NotSupported(f"this query, of which the engine says: {message}")
        case duckdb.ConversionException():
            return QueryFailed(f"INVALID_CAST_ARGUMENT: {message}")
        case duckdb.OutOfRangeException():
            return QueryFailed(f"NUMERIC_VALUE_OUT_OF_RANGE: {message}")
        case _:
            return QueryFailed(f"GENERIC_INTERNAL_ERROR: {message}")
