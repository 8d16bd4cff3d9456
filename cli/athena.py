"""SQL in Athena: started in the deployment's workgroup, waited for, and its rows read.

Knows Athena's client; must not print.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from cli.deployment import Deployment
from cli.errors import CommandFailed

MOST_ROWS: Final = 1000
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 2.0
_ENDED: Final = {"FAILED": "failed", "CANCELLED": "was cancelled"}


@dataclass(frozen=True, kw_only=True)
class QueryResult:
    """The first rows of a query's result, as text (None is null), and where Athena put all of them."""

    query_execution_id: str
    names: Sequence[str]
    types: Sequence[str]
    rows: Sequence[Sequence[str | None]]
    has_more: bool
    scanned_bytes: int
    output_location: str


def run_query(deployment: Deployment, sql: str) -> QueryResult:
    """Run a statement to its end; one that is interrupted is cancelled.

    Raises:
        CommandFailed: with the reason that Athena gives.
    """
    from adapters.aws import client  # noqa: PLC0415  slow to load, and no command on a directory needs it

    athena: Any = client("athena")
    try:
        started = athena.start_query_execution(
            QueryString=sql,
            WorkGroup=deployment.workgroup,
            QueryExecutionContext={"Database": deployment.database},
        )
    except athena.exceptions.InvalidRequestException as error:
        raise CommandFailed(f"Athena rejected the query: {error.response['Error']['Message']}") from error
    query_id = started["QueryExecutionId"]
    try:
        ended = _ended(athena, query_id)
    except KeyboardInterrupt:
        athena.stop_query_execution(QueryExecutionId=query_id)
        raise
    if ended["Status"]["State"] != "SUCCEEDED":
        reason = ended["Status"].get("StateChangeReason", "no reason was given")
        raise CommandFailed(f"query {query_id} {_ENDED[ended['Status']['State']]}: {reason}")
    return _result(athena, ended)


def _ended(athena: Any, query_id: str) -> Mapping[str, Any]:
    pause = _FIRST_PAUSE_SECONDS
    while True:
        execution: Mapping[str, Any] = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if execution["Status"]["State"] not in {"QUEUED", "RUNNING"}:
            return execution
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _result(athena: Any, ended: Mapping[str, Any]) -> QueryResult:
    query_id = ended["QueryExecutionId"]
    pages = iter(athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id))
    first = next(pages)
    columns = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    # Athena repeats the names as the first row of a SELECT, but not of other statements.
    headings = 1 if ended.get("StatementType") == "DML" else 0
    rows = list(islice(_rows(chain([first], pages)), headings, headings + MOST_ROWS + 1))
    return QueryResult(
        query_execution_id=query_id,
        names=[column["Name"] for column in columns],
        types=[column["Type"] for column in columns],
        rows=rows[:MOST_ROWS],
        has_more=len(rows) > MOST_ROWS,
        scanned_bytes=ended["Statistics"].get("DataScannedInBytes", 0),
        output_location=ended["ResultConfiguration"]["OutputLocation"],
    )


def _rows(pages: Iterable[Any]) -> Iterator[list[str | None]]:
    for page in pages:
        for row in page["ResultSet"]["Rows"]:
            yield [value.get("VarCharValue") for value in row["Data"]]
