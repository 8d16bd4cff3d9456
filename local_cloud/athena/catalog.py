"""What the Glue catalog of the emulator says at one moment, and the objects at a location; knows no SQL."""

import base64
import contextlib
import copy
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ministack.services import glue, s3

from local_cloud.athena.errors import QueryFailed

_VIEW: Final = re.compile(r"/\* Presto View: (\S+) \*/")


@dataclass(frozen=True)
class Part:
    """A folder that belongs to a table, with the values of its partition keys and its columns, if it states some."""

    location: str
    values: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Table:
    """A table with its parts as they were when the query began. Columns are pairs of name and Hive type."""

    database: str
    name: str
    columns: tuple[tuple[str, str], ...]
    keys: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    serde: str
    view: str | None = None
    view_database: str = ""
    projected: bool = False


@dataclass(frozen=True)
class StoredObject:
    """An object as it was listed."""

    bucket: str
    key: str
    size_bytes: int
    record: Any = field(repr=False, compare=False)


def databases() -> list[str]:
    return sorted(glue._databases)


def tables(database: str) -> list[dict[str, Any]]:
    """Return the definitions in a database."""
    found = [item for key, item in list(glue._tables.items()) if key.startswith(f"{database}/")]
    return sorted(copy.deepcopy(found), key=lambda item: str(item["Name"]))


def table(database: str, name: str) -> Table | None:
    """Take a snapshot of one table and of all its partitions."""
    definition = copy.deepcopy(glue._tables.get(f"{database}/{name}"))
    if definition is None:
        return None
    partitions = copy.deepcopy(list(glue._partitions.get(f"{database}/{name}") or []))
    storage = definition.get("StorageDescriptor") or {}
    view, view_database = _view(definition)
    keys = _columns(definition.get("PartitionKeys"))
    parts = [_part(item) for item in partitions]
    return Table(
        database=database,
        name=name,
        columns=_columns(storage.get("Columns")),
        keys=keys,
        parts=tuple(parts) if keys else (Part(storage.get("Location") or ""),),
        serde=(storage.get("SerdeInfo") or {}).get("SerializationLibrary") or "",
        view=view,
        view_database=view_database,
        projected=str((definition.get("Parameters") or {}).get("projection.enabled", "")).lower() == "true",
    )


def _part(partition: dict[str, Any]) -> Part:
    storage = partition["StorageDescriptor"]
    return Part(storage["Location"], tuple(partition["Values"]), _columns(storage.get("Columns")))


def _columns(listed: Sequence[dict[str, Any]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((str(item["Name"]).lower(), str(item.get("Type") or "string")) for item in listed or ())


def _view(definition: dict[str, Any]) -> tuple[str | None, str]:
    if definition.get("TableType") != "VIRTUAL_VIEW":
        return None, ""
    stored = _VIEW.search(definition.get("ViewOriginalText") or "")
    if stored is None:
        raise QueryFailed(f"INVALID_VIEW: the view {definition['Name']} has no text of Athena's")
    content = json.loads(base64.b64decode(stored[1]))
    return str(content["originalSql"]), str(content.get("schema") or "default")


def view_text(*, sql: str, database: str, columns: Sequence[tuple[str, str]]) -> str:
    """Write a view's text as Athena keeps it in the catalog."""
    listed = [{"name": name, "type": kind} for name, kind in columns]
    content = {"originalSql": sql, "catalog": "awsdatacatalog", "schema": database, "columns": listed}
    return f"/* Presto View: {base64.b64encode(json.dumps(content).encode()).decode()} */"


def objects_at(location: str) -> list[StoredObject]:
    """List what is read at a location: everything below it but names that begin with an underscore or a dot."""
    address = urlsplit(location)
    bucket = s3._buckets.get(address.netloc)
    if bucket is None:
        raise QueryFailed(f"HIVE_METASTORE_ERROR: the bucket of {location} does not exist")
    prefix = address.path.lstrip("/").rstrip("/") + "/"
    return [
        StoredObject(address.netloc, key, int(record["size"]), record)
        for key, record in sorted(bucket["objects"].copy().items())
        if key.startswith(prefix) and not key.endswith("/") and not _hidden(key[len(prefix) :])
    ]


def _hidden(name: str) -> bool:
    return any(part.startswith(("_", ".")) for part in name.split("/"))


def fetch(listed: StoredObject, target: Path) -> None:
    """Bring an object to a file that stays what it was, whatever becomes of the object.

    Raises:
        QueryFailed: when it is no longer the object that was listed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    stored = s3._object_disk_path(listed.bucket, listed.key) if listed.record.get("body") is None else None
    if stored is not None:
        with contextlib.suppress(OSError):  # another file system: the bytes are copied below
            os.link(stored, target)
    if not target.exists():
        target.write_bytes(s3._get_object_data(listed.bucket, listed.key) or b"")
    now = (s3._buckets.get(listed.bucket) or {"objects": {}})["objects"].get(listed.key)
    changed = now is None or now.get("etag") != listed.record.get("etag")
    if changed or target.stat().st_size != listed.size_bytes:
        raise QueryFailed(
            f"HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://{listed.bucket}/{listed.key}: it was replaced or "
            "deleted while the query read it"
        )
