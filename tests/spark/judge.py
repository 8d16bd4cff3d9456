"""An independent judge: DuckDB reads the raw files and says what the metrics and the published rows must be.

Reads a contract as the YAML it is and shares no code with the pipeline. Lines with invalid UTF-8, duplicate keys and
numbers at the edge of their type are beyond it; those have tests that name their outcome.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import yaml

_LOGICAL = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
_LOGICAL |= {"timestamp": "TIMESTAMPTZ", "object": "MAP(VARCHAR, VARCHAR)"}
_PHYSICAL = {
    "int": "INTEGER",
    "map<string,string>": "MAP(VARCHAR, VARCHAR)",
    "timestamp": "TIMESTAMPTZ",
    "string": "VARCHAR",
}
_JSON_TYPES = {
    "BOOLEAN": ("BOOLEAN",),
    "DATE": ("VARCHAR",),
    "TIMESTAMPTZ": ("VARCHAR",),
    "BIGINT": ("UBIGINT", "BIGINT"),
    "INTEGER": ("UBIGINT", "BIGINT"),
    "DOUBLE": ("UBIGINT", "BIGINT", "DOUBLE"),
    "MAP(VARCHAR, VARCHAR)": ("OBJECT",),
}
_BOUNDS = {"minimum": "<", "maximum": ">", "exclusiveMinimum": "<=", "exclusiveMaximum": ">="}
_LENGTHS = {"minLength": "<", "maxLength": ">"}


class Judge:
    """The verdict on one raw day."""

    def __init__(self, contract: Path, objects: Sequence[Path], *, day: str) -> None:
        document = yaml.safe_load(contract.read_text(encoding="utf-8"))
        [self._table] = document["schema"]
        self._columns: list[dict[str, Any]] = self._table["properties"]
        self._types = {column["name"]: _type(column) for column in self._columns}
        self._key = [column["name"] for column in self._columns if column.get("primaryKey")]
        self._custom = {entry["property"]: entry["value"] for entry in document["customProperties"]}
        self._day = day
        self.db = duckdb.connect()
        self.db.execute("SET TimeZone = 'UTC'")
        self._read(objects)

    def metrics(self) -> dict[str, Any]:
        """Return the part of a metrics document that the raw data determines."""
        read, parsed = self._one("SELECT count(*) FROM lines"), self._parsed
        duplicates = self._extra_rows(self._key)
        return {
            "rows_read": read,
            "rows_quarantined": read - parsed,
            "duplicates_removed": duplicates,
            "rows_written": parsed - duplicates,
            "columns": {name: self._column(column) for name, column in zip(self._types, self._columns, strict=True)},
            "event_time": self._event_time(),
            "schema_drift": self._schema_drift(read),
        }

    def check_values(self) -> dict[str, float]:
        """Return the value of every rule that the contract states with a limit, by its id."""
        rules: list[tuple[Mapping[str, Any], str | None]] = [(rule, None) for rule in self._table.get("quality", [])]
        rules += [(rule, column["name"]) for column in self._columns for rule in column.get("quality", [])]
        return {
            rule["id"]: self._in_unit(rule, self._measured(rule, column)) for rule, column in rules if "metric" in rule
        }

    def implied_counts(self) -> dict[str, int]:
        """Return the rows that break what a column promises without a rule, by column and promise."""
        found = {}
        for column in self._columns:
            name = column["name"]
            if column.get("required"):
                found[f"{name} required"] = self._rows(f'"{name}" IS NULL')
            if column.get("unique"):
                found[f"{name} unique"] = self._extra_rows([name])
            if column.get("logicalTypeOptions"):
                found[f"{name} options"] = self._rows(_breaks_options(name, column["logicalTypeOptions"]))
        return found

    def unlike(self, location: Path) -> list[tuple[Any, ...]]:
        """Return the published rows that are wrong: not of the raw day, not the latest, doubled, or missing."""
        self.db.execute(
            f"CREATE OR REPLACE VIEW published AS SELECT {self._comparable()} "
            f"FROM read_parquet('{location}/*.parquet', hive_partitioning = false)"
        )
        latest = "TRUE"
        if "eventTime" in self._custom:
            at = f'"{self._custom["eventTime"]}"'
            latest = f"{at} IS NOT DISTINCT FROM max({at}) OVER (PARTITION BY {self._keys()})"
        self.db.execute(
            f"CREATE OR REPLACE VIEW eligible AS SELECT {self._comparable()} FROM "
            f"(SELECT * FROM parsed QUALIFY {self._no_key()} OR {latest})"
        )
        alien = self.db.execute("FROM published EXCEPT ALL FROM eligible").fetchall()
        keys, no_key = self._keys(), self._no_key()
        missing = self.db.execute(
            f"(SELECT {keys} FROM parsed WHERE NOT ({no_key}) GROUP BY ALL "
            f"UNION ALL SELECT {keys} FROM parsed WHERE {no_key}) "
            f"EXCEPT ALL SELECT {keys} FROM published"
        ).fetchall()
        doubled = self.db.execute(f"SELECT {keys} FROM published WHERE NOT ({no_key}) GROUP BY ALL HAVING count(*) > 1")
        return alien + missing + doubled.fetchall()

    def _read(self, objects: Sequence[Path]) -> None:
        self.db.execute("CREATE TABLE files (content VARCHAR)")
        for path in objects:
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            self.db.execute("INSERT INTO files VALUES (?)", [data.decode()])
        self.db.execute(
            "CREATE TABLE lines AS SELECT line FROM (SELECT unnest(string_split(content, chr(10))) AS line FROM files) "
            r"WHERE NOT regexp_full_match(line, '[ \t\r]*')"
        )
        self.db.execute(
            "CREATE TABLE objects AS SELECT line FROM lines "
            "WHERE json_valid(line) AND json_type(CASE WHEN json_valid(line) THEN line ELSE 'null' END) = 'OBJECT'"
        )
        fits = " AND ".join(_fits(name, type_) for name, type_ in self._types.items())
        values = ", ".join(f'{_value(name, type_)} AS "{name}"' for name, type_ in self._types.items())
        self.db.execute(f"CREATE TABLE parsed AS SELECT {values}, line AS _line FROM objects WHERE {fits}")
        self._parsed: int = self._one("SELECT count(*) FROM parsed")

    def _column(self, column: Mapping[str, Any]) -> dict[str, Any]:
        name = column["name"]
        nulls = self._rows(f'"{name}" IS NULL')
        lists = [
            rule["arguments"]["validValues"]
            for rule in column.get("quality", [])
            if "validValues" in rule.get("arguments", {})
        ]
        distribution = (
            {_as_key(value): self._rows(f'"{name}" = {_literal(value)}') for value in lists[0]} if lists else None
        )
        return {"nulls": nulls, "null_percent": self._percent(nulls), "distribution": distribution}

    def _event_time(self) -> dict[str, Any] | None:
        if "eventTime" not in self._custom:
            return None
        at = f'"{self._custom["eventTime"]}"'
        form = "'%Y-%m-%dT%H:%M:%S.%g+00:00'"
        return {
            "first": self._one(
                f"SELECT strftime(date_trunc('milliseconds', min({at}))::TIMESTAMP, {form}) FROM parsed"
            ),
            "last": self._one(f"SELECT strftime(date_trunc('milliseconds', max({at}))::TIMESTAMP, {form}) FROM parsed"),
            "rows_on_other_days": self._rows(f"{at}::TIMESTAMP::DATE <> DATE '{self._day}'"),
        }

    def _schema_drift(self, read: int) -> dict[str, Any]:
        names = ", ".join(_literal(name) for name in self._types)
        unknown = f"list_filter(json_keys(line), lambda name: name NOT IN ({names}))"
        found = self._one(f"SELECT list_sort(list_distinct(flatten(list({unknown})))) FROM objects")
        rows = self._one(f"SELECT count(*) FROM objects WHERE len({unknown}) > 0")
        return {"rows_looked_at": read, "rows_with_unknown_fields": rows, "unknown_fields": found or []}

    def _measured(self, rule: Mapping[str, Any], column: str | None) -> int:
        arguments, metric = rule.get("arguments", {}), rule["metric"]
        if metric == "rowCount":
            return self._parsed
        if metric == "duplicateValues":
            return self._extra_rows(arguments.get("properties", [column]))
        if metric == "nullValues":
            return self._rows(f'"{column}" IS NULL')
        if metric == "missingValues":
            missing = arguments["missingValues"]
            listed = ", ".join(_literal(value) for value in missing if value is not None) or "NULL"
            return self._rows(
                f'coalesce("{column}" IN ({listed}), FALSE)' + (f' OR "{column}" IS NULL' if None in missing else "")
            )
        if metric == "invalidValues":
            return self._rows(_breaks_options(str(column), arguments))
        raise AssertionError(metric)

    def _in_unit(self, rule: Mapping[str, Any], count: int) -> float:
        return self._percent(count) if rule.get("unit") == "percent" else count

    def _percent(self, count: int) -> float:
        percent = self._one(
            f"SELECT CASE WHEN {self._parsed} = 0 THEN 0 ELSE 100.0::DOUBLE * {count} / {self._parsed} END"
        )
        return float(percent)

    def _extra_rows(self, columns: Sequence[str]) -> int:
        names = ", ".join(f'"{name}"' for name in columns)
        complete = " AND ".join(f'"{name}" IS NOT NULL' for name in columns)
        sizes = f"SELECT count(*) - 1 AS extra FROM parsed WHERE {complete} GROUP BY {names}"
        return int(self._one(f"SELECT coalesce(sum(extra), 0) FROM ({sizes})"))

    def _rows(self, condition: str) -> int:
        return int(self._one(f"SELECT count(*) FROM parsed WHERE {condition}"))

    def _one(self, query: str) -> Any:
        found = self.db.execute(query).fetchone()
        assert found is not None
        return found[0]

    def _keys(self) -> str:
        return ", ".join(f'"{name}"' for name in self._key)

    def _no_key(self) -> str:
        return " OR ".join(f'"{name}" IS NULL' for name in self._key)

    def _comparable(self) -> str:
        """Return every column; times as microseconds, because fetching them would need one more package."""
        times = {name for name, type_ in self._types.items() if type_ == "TIMESTAMPTZ"}
        return ", ".join(f'epoch_us("{name}") AS "{name}"' if name in times else f'"{name}"' for name in self._types)


def _type(column: Mapping[str, Any]) -> str:
    physical = column.get("physicalType")
    return _LOGICAL[column["logicalType"]] if physical is None else _PHYSICAL.get(physical, physical.upper())


def _path(name: str) -> str:
    return f"""'$."{name}"'"""


def _value(name: str, type_: str) -> str:
    text = f"json_extract_string(line, {_path(name)})"
    if type_.startswith("MAP"):
        return f"TRY_CAST(json_extract(line, {_path(name)}) AS {type_})"
    return text if type_ == "VARCHAR" else f"TRY_CAST({text} AS {type_})"


def _fits(name: str, type_: str) -> str:
    if type_ == "VARCHAR":
        return "TRUE"
    kind = f"coalesce(json_type(line, {_path(name)}), 'NULL')"
    kinds = _JSON_TYPES.get(type_, _JSON_TYPES["DOUBLE"])
    allowed = ", ".join(f"'{allowed}'" for allowed in kinds)
    return f"({kind} = 'NULL' OR ({kind} IN ({allowed}) AND {_value(name, type_)} IS NOT NULL))"


def _as_key(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int | float) else "'{}'".format(str(value).replace("'", "''"))


def _breaks_options(name: str, options: Mapping[str, Any]) -> str:
    """Return the SQL condition of a value that is there and breaks any one of the options."""
    broken = []
    if "validValues" in options:
        broken.append(f'"{name}" NOT IN ({", ".join(map(_literal, options["validValues"]))})')
    if "pattern" in options:
        broken.append(f'NOT regexp_matches("{name}", {_literal(options["pattern"])})')
    broken += [f'"{name}" {_BOUNDS[key]} {limit}' for key, limit in options.items() if key in _BOUNDS]
    broken += [f'length("{name}") {_LENGTHS[key]} {limit}' for key, limit in options.items() if key in _LENGTHS]
    return f'"{name}" IS NOT NULL AND ({" OR ".join(broken)})'
