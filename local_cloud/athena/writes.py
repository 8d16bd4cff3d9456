"""CREATE TABLE AS: a query's rows as objects of a new table."""

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from ministack.services import glue, s3

from local_cloud.athena import catalog
from local_cloud.athena.engine import Answer, Query, Session
from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.relations import JSON, PARQUET, duckdb_type
from local_cloud.athena.trino import texts
from local_cloud.athena.trino.datatypes import Type
from local_cloud.athena.trino.scope import Field, Row

_PROPERTY: Final = re.compile(r"\s*(\w+)\s*=\s*('(?:[^']|'')*'|ARRAY\s*\[[^\]]*\]|\w+)\s*(?:,|$)", re.IGNORECASE)
_KNOWN: Final = {"format", "external_location", "partitioned_by", "write_compression", "parquet_compression"}
_SERDES: Final = {"PARQUET": PARQUET, "JSON": JSON[0]}


def create_table(session: Session, found: re.Match[str], *, address: tuple[str, str]) -> Answer:
    """Run `CREATE TABLE name WITH (...) AS query WITH [NO] DATA`.

    Raises:
        QueryFailed: when the table exists, its folder is not empty, or the query fails.
    """
    schema, name = address
    if schema not in catalog.databases():
        raise QueryFailed(f"SCHEMA_NOT_FOUND: line 1:1: Schema '{schema}' does not exist")
    if catalog.table(schema, name) is not None:
        if found["exists"]:
            return Answer([], [], [])
        raise QueryFailed(f"TABLE_ALREADY_EXISTS: line 1:1: Table 'awsdatacatalog.{schema}.{name}' already exists")
    settings = _settings(found["properties"] or "")
    location = f"{settings.get('external_location', session.output).rstrip('/')}/"
    if catalog.objects_at(location):
        raise QueryFailed(
            f"HIVE_PATH_ALREADY_EXISTS: Target directory for table '{schema}.{name}' already exists: {location}"
        )

    def work(query: Query) -> Answer:
        relation = query.bound(found["query"])
        fields = [Field(_named(item, index), item.type) for index, item in enumerate(relation.fields, 1)]
        rows = [] if found["no_data"] else list(relation.rows())
        _write(query, (schema, name), fields, rows, settings, location)
        return Answer([], [], [], query.relations.scanned_bytes)

    answer: Answer = session.run(work)
    return answer


def _named(item: Field, position: int) -> str:
    if item.name is None:
        raise QueryFailed(f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {position}")
    return item.name.lower()


def _settings(written: str) -> dict[str, Any]:
    found, rest = {}, written
    while rest.strip():
        match = _PROPERTY.match(rest)
        if match is None:
            raise QueryFailed(f"INVALID_TABLE_PROPERTY: {rest.strip()}")
        key, value = match[1].lower(), match[2]
        if key not in _KNOWN:
            raise NotSupported(f"the table property {key}")
        found[key] = re.findall(r"'([^']*)'", value) if value[:1] in "aA" else value.strip("'").replace("''", "'")
        rest = rest[match.end() :]
    return found


def _write(
    query: Query,
    address: tuple[str, str],
    fields: list[Field],
    rows: list[Row],
    settings: dict[str, Any],
    location: str,
) -> None:
    kind = str(settings.get("format", "PARQUET")).upper()
    if kind not in _SERDES:
        raise NotSupported(f"the format {kind}; PARQUET and JSON are known")
    keys = [key.lower() for key in settings.get("partitioned_by", [])]
    own = len(fields) - len(keys)
    if [item.name for item in fields[own:]] != keys or own < 1:
        raise QueryFailed(
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order"
        )
    groups: dict[tuple[str, ...], list[Row]] = {} if keys else {(): []}
    for row in rows:
        groups.setdefault(_values(fields[own:], row[own:]), []).append(row[:own])
    storage = {"SerdeInfo": {"SerializationLibrary": _SERDES[kind]}}
    columns = [{"Name": item.name, "Type": item.type.hive()} for item in fields]
    definition = {
        "Name": address[1],
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": columns[own:],
        "StorageDescriptor": {**storage, "Columns": columns[:own], "Location": location},
    }
    for values, members in groups.items():
        folder = location + "".join(f"{key}={value}/" for key, value in zip(keys, values, strict=True))
        if members:
            _put(folder, _body(query, fields[:own], members, kind))
    glue._create_table({"DatabaseName": address[0], "TableInput": definition})
    for values in groups if keys else ():
        folder = location + "".join(f"{key}={value}/" for key, value in zip(keys, values, strict=True))
        partition = {"Values": list(values), "StorageDescriptor": {**storage, "Location": folder}}
        glue._create_partition({"DatabaseName": address[0], "TableName": address[1], "PartitionInput": partition})


def _values(keys: Sequence[Field], row: Row) -> tuple[str, ...]:
    if any(value is None or (isinstance(value, str) and not re.fullmatch(r"[\w .-]+", value)) for value in row):
        raise NotSupported(f"a partition key that is NULL, or whose value needs escapes: {row}")
    return tuple((texts.writer(item.type) or str)(value) for item, value in zip(keys, row, strict=True))


def _put(folder: str, body: bytes) -> None:
    place = urlsplit(folder)
    headers = {"content-type": "application/octet-stream", "content-length": str(len(body))}
    if s3._put_object(place.netloc, f"{place.path.lstrip('/')}part-00000", body, headers)[0] >= 300:
        raise QueryFailed(f"HIVE_WRITER_CLOSE_ERROR: nothing can be written to {folder}")


def _body(query: Query, fields: Sequence[Field], rows: Sequence[Row], kind: str) -> bytes:
    writers = [(str(item.name), _plain(item.type)) for item in fields]
    lines = (
        json.dumps(
            {name: None if value is None else write(value) for (name, write), value in zip(writers, row, strict=True)}
        )
        for row in rows
    )
    written = query.relations.folder / f"written-{query.relations.made}"
    query.relations.made += 1
    written.write_text("".join(f"{line}\n" for line in lines))
    if kind == "JSON":
        return written.read_bytes()
    declared = ", ".join(f"'{item.name}': '{duckdb_type(item.type.hive())}'" for item in fields)
    target = written.with_suffix(".parquet")
    query.connection.execute(
        f"COPY (SELECT * FROM read_json('{written}', columns = {{{declared}}}, format = 'newline_delimited', "  # noqa: S608
        f"maximum_object_size = 268435456)) TO '{target}' (FORMAT parquet)"
    )
    return target.read_bytes()


def _plain(kind: Type) -> Callable[[Any], Any]:
    """Return what makes a value one that JSON has."""
    if kind.name == "timestamp":
        return lambda value: texts.timestamp(value, digits=6)
    if kind.name in {"varbinary", "time", "json", "unknown"} or " " in kind.name:
        raise NotSupported(f"a new table with a column of the type {kind}")
    inner = [_or_null(_plain(item)) for item in kind.items]
    if kind.name == "array":
        return lambda value: [inner[0](item) for item in value]
    if kind.name == "row":
        return lambda value: dict(zip(kind.fields, (w(i) for w, i in zip(inner, value, strict=True)), strict=True))
    if kind.name == "map":
        return lambda value: {str(key): inner[1](item) for key, item in value.items()}
    return _scalar


def _scalar(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise NotSupported("NaN or Infinity in a new table")
    return value if isinstance(value, bool | int | float | str) else _as_text(value)


def _as_text(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value.date() if isinstance(value, datetime) else value)


def _or_null(write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else write(value)
