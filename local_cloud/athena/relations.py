"""Makes a catalog's table a view in a query's own engine: files fetched, columns by name, declared types."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
from sqlglot import exp

from local_cloud.athena import catalog, partition_types
from local_cloud.athena.catalog import Part, StoredObject, Table
from local_cloud.athena.errors import NotSupported, QueryFailed, ScanCutoff

PATH: Final = "$path"
PARQUET: Final = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
JSON: Final = ("org.openx.data.jsonserde.JsonSerDe", "org.apache.hive.hcatalog.data.JsonSerDe")
_JSON_OPTIONS: Final = "compression = 'auto_detect', maximum_object_size = 268435456"
_DESCRIBED_AS: Final = {"TEXT": "VARCHAR", "INT": "INTEGER", "REAL": "FLOAT"}
_WIDER: Final = {
    "BIGINT": {"TINYINT", "SMALLINT", "INTEGER"},
    "INTEGER": {"TINYINT", "SMALLINT"},
    "SMALLINT": {"TINYINT"},
    "DOUBLE": {"FLOAT"},
    "TIMESTAMP": {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"},
    "VARCHAR": {"JSON"},
}


def duckdb_type(hive_type: str) -> str:
    """Translate a declared type, into the names under which DuckDB describes what a file holds."""
    written = exp.DataType.build(hive_type, dialect="hive").sql(dialect="duckdb")
    for name, described in _DESCRIBED_AS.items():
        written = re.sub(rf"\b{name}\b", described, written)
    return written


@dataclass
class Relations:
    """The views of one query and what they cost."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    cutoff_bytes: int | None = None
    scanned_bytes: int = 0
    made: int = 0
    _listed: dict[str, list[StoredObject]] = field(default_factory=dict)
    _fetched: dict[tuple[str, str], str] = field(default_factory=dict)

    def view(self, table: Table, parts: Sequence[Part]) -> str:
        """Make a view of some parts of a table and return its name.

        Raises:
            QueryFailed: when an object vanished, or a partition or an object has other types than the table declares.
            ScanCutoff: when the workgroup forbids to read that much.
        """
        for part in parts:
            partition_types.require_fit(table, part)
        listed = [(part, self._objects(part.location)) for part in parts]
        self._account([item for _, items in listed for item in items])
        selects = [self._part(table, part, items) for part, items in listed if items]
        name = f"athena_table_{self.made}"
        self.made += 1
        body = " UNION ALL ".join(selects) or _nothing(table)
        self.connection.execute(f'CREATE VIEW "{name}" AS {body}')
        return name

    def _objects(self, location: str) -> list[StoredObject]:
        if location not in self._listed:
            self._listed[location] = catalog.objects_at(location)
        return self._listed[location]

    def _account(self, items: Sequence[StoredObject]) -> None:
        self.scanned_bytes += sum(item.size_bytes for item in items if (item.bucket, item.key) not in self._fetched)
        if self.cutoff_bytes is not None and self.scanned_bytes > self.cutoff_bytes:
            raise ScanCutoff("Query exhausted resources: Bytes scanned limit was exceeded")

    def _part(self, table: Table, part: Part, items: Sequence[StoredObject]) -> str:
        files = [self._file(item) for item in items]
        reader = self._reader(table, files)
        keys = [
            f"CAST({_quoted(value)} AS {duckdb_type(kind)}) AS {_name(key)}"
            for (key, kind), value in zip(table.keys, part.values, strict=True)
        ]
        columns = [f"{_value(name, duckdb_type(kind), reader.types)} AS {_name(name)}" for name, kind in table.columns]
        origin = f"{self._origin(items)} AS {_name(PATH)}"
        return f"SELECT {', '.join([*columns, *keys, origin])} FROM {reader.source}"  # noqa: S608 # the values are quoted

    def _file(self, item: StoredObject) -> str:
        if (item.bucket, item.key) not in self._fetched:
            suffix = ".gz" if item.key.endswith(".gz") else ""
            target = self.folder / "data" / f"{len(self._fetched)}{suffix}"
            catalog.fetch(item, target)
            self._fetched[item.bucket, item.key] = str(target)
        return self._fetched[item.bucket, item.key]

    def _origin(self, items: Sequence[StoredObject]) -> str:
        pairs = [f"WHEN {_quoted(self._file(item))} THEN {_quoted(f's3://{item.bucket}/{item.key}')}" for item in items]
        return f"CASE filename {' '.join(pairs)} END"

    def _reader(self, table: Table, files: Sequence[str]) -> "_Reader":
        listed = ", ".join(map(_quoted, files))
        if table.serde == PARQUET:
            self._check_parquet(table, listed)
            return self._parquet(table, f"read_parquet([{listed}], union_by_name = true, filename = true)")
        if table.serde in JSON:
            return self._json(table, listed)
        raise NotSupported(f"the serialization library {table.serde or 'of a table without one'}")

    def _json(self, table: Table, listed: str) -> "_Reader":
        """Read lines of JSON; the keys of a table's columns may be written with capitals."""
        objects = f"read_ndjson_objects([{listed}], {_JSON_OPTIONS})"
        found = self.connection.execute(f"SELECT DISTINCT unnest(json_keys(json)) FROM {objects}").fetchall()  # noqa: S608
        written: dict[str, str] = {}
        for (key,) in found:
            if written.setdefault(key.lower(), key) != key:
                raise NotSupported(f"the keys {written[key.lower()]} and {key} of one column of {table.name}")
        self._check_nested(table, objects)
        columns = [(written.get(name, name), duckdb_type(kind)) for name, kind in table.columns]
        declared = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in columns)
        options = f"format = 'newline_delimited', filename = true, {_JSON_OPTIONS}"
        source = f"read_json([{listed}], columns = {{{declared}}}, {options})"
        return _Reader(source, {name: duckdb_type(kind) for name, kind in table.columns})

    def _check_nested(self, table: Table, objects: str) -> None:
        fields = {name for _, kind in table.columns for name in re.findall(r"(\w+):", kind.lower())}
        if not fields:
            return
        shapes = self.connection.execute(f"SELECT DISTINCT json_structure(json)::VARCHAR FROM {objects}").fetchall()  # noqa: S608
        for key in {key for (shape,) in shapes for key in re.findall(r'"([^"]+)":', shape)}:
            if key != key.lower() and key.lower() in fields:
                raise NotSupported(f"the nested key {key} of {table.name}, which is declared without capitals")

    def _check_parquet(self, table: Table, listed: str) -> None:
        """Look at one file of each shape, since together they would be read as what holds all of them."""
        shapes = self.connection.execute(
            f"SELECT min(file_name) FROM (SELECT file_name, list((name, type, converted_type, logical_type::VARCHAR, "  # noqa: S608
            f"num_children))::VARCHAR AS shape FROM parquet_schema([{listed}]) GROUP BY file_name) GROUP BY shape"
        ).fetchall()
        if len(shapes) > 1:
            for (file,) in shapes:
                self._parquet(table, f"read_parquet({_quoted(file)})")

    def _parquet(self, table: Table, source: str) -> "_Reader":
        found = self.connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 # of quoted names
        types = {str(row[0]).lower(): str(row[1]) for row in found}
        for name, kind in table.columns:
            _require_fit(name, declared=duckdb_type(kind), found=types.get(name), table=table)
        return _Reader(source, types)


@dataclass(frozen=True)
class _Reader:
    source: str
    types: dict[str, str]


def _require_fit(name: str, *, declared: str, found: str | None, table: Table) -> None:
    simple = "(" not in declared and not declared.endswith("]")
    if found is None or found == declared or (simple and found in _WIDER.get(declared, ())):
        return
    if not simple and "(" in found and found.partition("(")[0] == declared.partition("(")[0]:
        return
    if not simple and found.endswith("]") and declared.endswith("]"):
        return
    raise QueryFailed(
        f"HIVE_BAD_DATA: Field {name}'s type {found} in parquet file is incompatible with type {declared} defined in "
        f"table schema of {table.database}.{table.name}"
    )


def _value(name: str, kind: str, types: dict[str, str]) -> str:
    if name not in types:
        return f"CAST(NULL AS {kind})"
    value = f"CAST({_name(name)} AS {kind})"
    return f"CAST(CAST({value} AS TIMESTAMP_MS) AS TIMESTAMP)" if kind == "TIMESTAMP" else value


def _nothing(table: Table) -> str:
    columns = [(name, duckdb_type(kind)) for name, kind in (*table.columns, *table.keys)]
    listed = [*columns, (PATH, "VARCHAR")]
    return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {_name(name)}' for name, kind in listed)} WHERE false"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
