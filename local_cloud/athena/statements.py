"""The statements that are no queries: SHOW, DESCRIBE, views."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from ministack.services import glue
from sqlglot import exp

from local_cloud.athena import catalog, engine, writes
from local_cloud.athena.catalog import Table
from local_cloud.athena.dialect import parsed, tokens_of
from local_cloud.athena.engine import Answer, Session
from local_cloud.athena.errors import MalformedQuery, NotSupported, QueryFailed

_NAME: Final = r'([`"\w$.-]+)'
_NEW_TABLE: Final = (
    rf"CREATE\s+TABLE\s+(?P<exists>IF\s+NOT\s+EXISTS\s+)?(?P<name>{_NAME[1:-1]})\s*"
    r"(?:WITH\s*\((?P<properties>.*?)\)\s*)?AS\s+(?P<query>.*?)(?:\s+WITH\s+(?P<no_data>NO\s+)?DATA)?"
)
_PATTERN: Final = r"(?:\s+(?:LIKE\s+)?'([^']*)')?"


@dataclass(frozen=True)
class Statement:
    """What kind a statement is, as GetQueryExecution calls it, and how it is run in a database."""

    kind: str
    run: Callable[[Session], Answer]

    @property
    def suffix(self) -> str:
        return "csv" if self.kind == "DML" else "txt"


def classified(sql: str) -> Statement:
    """Tell what a statement is.

    Raises:
        MalformedQuery: when Athena would refuse it before it runs.
    """
    text = sql.strip().rstrip(";").strip()
    words = tokens_of(text)
    if not words:
        raise MalformedQuery("Query cannot be empty")
    new_table = re.fullmatch(_NEW_TABLE, text, re.IGNORECASE | re.DOTALL)
    if new_table:
        parsed(new_table["query"])
        return Statement("DDL", lambda session: _create_table(session, new_table))
    for pattern, kind, run in _FORMS:
        found = re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL)
        if found:
            return Statement(kind, _bound(run, found))
    return _other(text, words[0].text.upper())


def _other(text: str, first: str) -> Statement:
    if first in {"SELECT", "WITH", "VALUES", "("}:
        if not isinstance(parsed(text), exp.Query | exp.Values):
            raise MalformedQuery("not a query")
        return Statement("DML", lambda session: session.answer(text))
    kinds = {"CREATE": "DDL", "DROP": "DDL", "ALTER": "DDL", "MSCK": "DDL"}
    kinds |= dict.fromkeys(("INSERT", "DELETE", "UPDATE", "MERGE", "UNLOAD"), "DML")
    kinds |= dict.fromkeys("SHOW DESCRIBE DESC EXPLAIN PREPARE EXECUTE DEALLOCATE VACUUM".split(), "UTILITY")
    if first not in kinds:
        raise MalformedQuery(f"line 1:1: mismatched input '{first}'")
    return Statement(kinds[first], _refusal(first))


def _create_table(session: Session, found: re.Match[str]) -> Answer:
    return writes.create_table(session, found, address=_address(session.database, found["name"]))


def _refusal(what: str) -> Callable[[Session], Answer]:
    def run(_session: Session) -> Answer:
        raise NotSupported(f"the statement {what}")

    return run


def _bound(run: Callable[[str, Any], Answer], found: re.Match[str]) -> Callable[[Session], Answer]:
    return lambda session: run(session.database, found)


def _table_of(database: str, name: str) -> Table:
    parts = [part.strip('`"').lower() for part in name.split(".")]
    schema = parts[-2] if len(parts) > 1 else database
    found = catalog.table(schema, parts[-1])
    if found is None:
        raise QueryFailed(f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{schema}.{parts[-1]}' does not exist")
    return found


def _listing(column: str, values: Iterable[str], *, pattern: str | None = None) -> Answer:
    wanted = re.compile((pattern or "*").replace("*", ".*").replace("%", ".*"))
    return Answer([column], ["string"], [[value] for value in values if wanted.fullmatch(value)])


def _show_partitions(database: str, found: re.Match[str]) -> Answer:
    table = _table_of(database, found[1])
    if not table.keys:
        raise QueryFailed(f"FAILED: SemanticException Table {table.database}.{table.name} is not a partitioned table")
    names = [name for name, _ in table.keys]
    rows = ("/".join(f"{n}={v}" for n, v in zip(names, part.values, strict=True)) for part in table.parts)
    return _listing("partition", sorted(rows))


def _show_tables(database: str, found: re.Match[str]) -> Answer:
    schema = (found[1] or database).strip('`"').lower()
    return _listing("tab_name", (str(item["Name"]) for item in catalog.tables(schema)), pattern=found[2])


def _show_views(database: str, found: re.Match[str]) -> Answer:
    schema = (found[1] or database).strip('`"').lower()
    views = (item for item in catalog.tables(schema) if item.get("TableType") == "VIRTUAL_VIEW")
    return _listing("views", (str(item["Name"]) for item in views), pattern=found[2])


def _show_databases(_database: str, found: re.Match[str]) -> Answer:
    return _listing("database_name", catalog.databases(), pattern=found[1])


def _show_columns(database: str, found: re.Match[str]) -> Answer:
    name = f"{found[2]}.{found[1]}" if found[2] else found[1]
    table = _table_of(database, name)
    return _listing("field", [column for column, _ in (*table.columns, *table.keys)])


def _describe(database: str, found: re.Match[str]) -> Answer:
    table = _table_of(database, found[1])
    rows = [[f"{name:<20}", f"{kind:<20}", " " * 20] for name, kind in (*table.columns, *table.keys)]
    if table.keys:
        rows += [["", "", ""], ["# Partition Information", "", ""], ["# col_name", "data_type", "comment"]]
        rows += [[f"{name:<20}", f"{kind:<20}", " " * 20] for name, kind in table.keys]
    lines: list[list[str | None]] = [[*row] for row in rows]
    return Answer(["col_name", "data_type", "comment"], ["string"] * 3, lines)


def _create_view(database: str, found: re.Match[str]) -> Answer:
    schema, name = _address(database, found[2])
    query = found[3].strip()
    columns = [(_required(column), kind.hive()) for column, kind in engine.columns_of(query, database)]
    if schema not in glue._databases:
        raise QueryFailed(f"SCHEMA_NOT_FOUND: Schema {schema} does not exist")
    existing = catalog.table(schema, name)
    if existing is not None and (existing.view is None or not found[1]):
        raise QueryFailed(f"TABLE_ALREADY_EXISTS: line 1:1: '{schema}.{name}' already exists")
    if existing is not None:
        glue._delete_table({"DatabaseName": schema, "Name": name})
    view = _view_input(name, catalog.view_text(sql=query, database=database, columns=columns), columns)
    glue._create_table({"DatabaseName": schema, "TableInput": view})
    return Answer([], [], [])


def _required(name: str | None) -> str:
    if name is None:
        raise QueryFailed("MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1")
    return name.lower()


def _view_input(name: str, text: str, columns: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "StorageDescriptor": {"Columns": [{"Name": column, "Type": kind} for column, kind in columns], "Location": ""},
        "ViewOriginalText": text,
        "ViewExpandedText": "/* Presto View */",
    }


def _drop_view(database: str, found: re.Match[str]) -> Answer:
    schema, name = _address(database, found[2])
    existing = catalog.table(schema, name)
    if existing is None and found[1]:
        return Answer([], [], [])
    if existing is None or existing.view is None:
        raise QueryFailed(f"VIEW_NOT_FOUND: line 1:1: View '{schema}.{name}' does not exist")
    glue._delete_table({"DatabaseName": schema, "Name": name})
    return Answer([], [], [])


def _drop_table(database: str, found: re.Match[str]) -> Answer:
    """Forget a table; its objects stay, as those of external tables do."""
    schema, name = _address(database, found[2])
    existing = catalog.table(schema, name)
    if existing is None and found[1]:
        return Answer([], [], [])
    if existing is None or existing.view is not None:
        raise QueryFailed(f"FAILED: SemanticException [Error 10001]: Table not found {schema}.{name}")
    glue._delete_table({"DatabaseName": schema, "Name": name})
    return Answer([], [], [])


def _address(database: str, name: str) -> tuple[str, str]:
    parts = [part.strip('`"').lower() for part in name.split(".")]
    return (parts[-2] if len(parts) > 1 else database), parts[-1]


_FORMS: Final[tuple[tuple[str, str, Callable[[str, Any], Answer]], ...]] = (
    (rf"SHOW\s+PARTITIONS\s+{_NAME}", "DDL", _show_partitions),
    (rf"SHOW\s+TABLES(?:\s+IN\s+{_NAME})?{_PATTERN}", "DDL", _show_tables),
    (rf"SHOW\s+VIEWS(?:\s+IN\s+{_NAME})?{_PATTERN}", "DDL", _show_views),
    (rf"SHOW\s+(?:DATABASES|SCHEMAS){_PATTERN}", "DDL", _show_databases),
    (rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_NAME}(?:\s+(?:IN|FROM)\s+{_NAME})?", "DDL", _show_columns),
    (rf"(?:DESCRIBE|DESC)\s+{_NAME}", "UTILITY", _describe),
    (rf"CREATE\s+(OR\s+REPLACE\s+)?VIEW\s+{_NAME}\s+AS\s+(.*)", "DDL", _create_view),
    (rf"DROP\s+TABLE\s+(IF\s+EXISTS\s+)?{_NAME}", "DDL", _drop_table),
    (rf"DROP\s+VIEW\s+(IF\s+EXISTS\s+)?{_NAME}", "DDL", _drop_view),
)
