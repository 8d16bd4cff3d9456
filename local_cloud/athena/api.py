"""Athena's API in the emulator: which workgroup's rules hold, what an execution becomes, where its result lies."""

import asyncio
import logging
import time
from typing import Any, Final
from urllib.parse import urlsplit

from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import athena, glue, s3

from local_cloud.athena import engine, rendering, statements
from local_cloud.athena.dialect import parsed_expression
from local_cloud.athena.errors import MalformedQuery, QueryFailed, ScanCutoff
from local_cloud.seams import replace, require

_LOG: Final = logging.getLogger(__name__)
_ENGINE: Final = "Athena engine version 3"
_NO_OUTPUT: Final = (
    "No output location provided. An output location is required either through the Workgroup result configuration "
    "setting or as an API input."
)
_OTHER_QUERY: Final = "Idempotent parameters do not match"
_MOST_ROWS: Final = 1000
_started: Final[dict[str, tuple[Any, str]]] = {}
_running: Final[set[asyncio.Task[None]]] = set()


def install() -> None:
    """Take over from the start of a query to its result object.

    Raises:
        UnknownEmulator: when the emulator is not the release that this was written for.
    """
    require(s3, "_put_object", parameters=["bucket_name", "key", "body", "headers"])
    require(s3, "_get_object_data", parameters=["bucket_name", "key", "version_id"])
    require(s3, "_object_disk_path", parameters=["bucket", "key", "account_id"])
    for name in ("_create_table", "_delete_table", "_create_partition"):
        require(glue, name, parameters=["data"])
    replace(athena, "_run_duckdb", run, parameters=["query", "database", "catalog"])
    replace(athena, "_start_query_execution", start, parameters=["data"])
    replace(athena, "_save_query_results", save, parameters=["query_id"])
    page = require(athena, "_get_query_results", parameters=["data"])
    replace(athena, "_get_query_results", lambda data: _too_many(data) or page(data), parameters=["data"])


async def run(query: str, database: str, _catalog: str | None = None) -> dict[str, Any]:
    """Answer a SELECT off the event loop."""
    answer = await asyncio.to_thread(engine.Session(database).answer, query)
    return {"columns": answer.columns, "column_types": answer.types, "rows": answer.rows}


def start(data: dict[str, Any]) -> Any:
    """Accept a query or say why not, as StartQueryExecution does."""
    workgroup = data.get("WorkGroup") or "primary"
    found = athena._workgroups.get(workgroup)
    if found is None:
        return _refused(f"WorkGroup {workgroup} is not found.")
    if found.get("State", "ENABLED") != "ENABLED":
        return _refused(f"WorkGroup {workgroup} is disabled.")
    configuration = found.get("Configuration") or {}
    results = _results(configuration, data.get("ResultConfiguration") or {})
    if not results.get("OutputLocation"):
        return _refused(_NO_OUTPUT)
    try:
        statement = statements.classified(str(data.get("QueryString") or ""))
        parameters = [parsed_expression(text) for text in data.get("ExecutionParameters") or []]
    except MalformedQuery as error:
        return _refused(str(error), code="MALFORMED_QUERY")
    token, asked = data.get("ClientRequestToken"), (data.get("QueryString"), workgroup)
    if token in _started:
        same = _started[token][0] == asked
        return json_response({"QueryExecutionId": _started[token][1]}) if same else _refused(_OTHER_QUERY)
    execution = _execution(data, statement, results, workgroup=workgroup)
    query_id = execution["QueryExecutionId"]
    if token:
        _started[token] = asked, query_id
    athena._executions[query_id] = execution
    session = engine.Session(
        execution["QueryExecutionContext"]["Database"],
        configuration.get("BytesScannedCutoffPerQuery"),
        lambda: execution["Status"]["State"] == "CANCELLED",
        parameters,
        f"{str(results['OutputLocation']).rstrip('/')}/tables/{query_id}",
    )
    task = asyncio.create_task(_execute(execution, statement, session))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return json_response({"QueryExecutionId": query_id})


def _too_many(data: dict[str, Any]) -> Any:
    if int(data.get("MaxResults") or 0) > _MOST_ROWS:
        return _refused(f"MaxResults is more than maximum allowed length {_MOST_ROWS}.")
    return None


def _refused(message: str, *, code: str = "INVALID_INPUT") -> Any:
    return error_response_json("InvalidRequestException", message, 400, extra={"AthenaErrorCode": code})


def _results(configuration: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Decide where the result goes; a workgroup that enforces its settings ignores the client's.

    https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html; what is not said means enforced.
    """
    own: dict[str, Any] = configuration.get("ResultConfiguration") or {}
    enforced = configuration.get("EnforceWorkGroupConfiguration", bool(own))
    return dict(own) if enforced and own.get("OutputLocation") else {**own, **asked}


def _execution(
    data: dict[str, Any], statement: statements.Statement, results: dict[str, Any], *, workgroup: str
) -> dict[str, Any]:
    query_id = new_uuid()
    context = data.get("QueryExecutionContext") or {}
    location = f"{str(results['OutputLocation']).rstrip('/')}/{query_id}.{statement.suffix}"
    return {
        "QueryExecutionId": query_id,
        "Query": data["QueryString"],
        "StatementType": statement.kind,
        "ResultConfiguration": {**results, "OutputLocation": location},
        "QueryExecutionContext": {
            "Database": str(context.get("Database") or "default").lower(),
            "Catalog": str(context.get("Catalog") or "awsdatacatalog"),
        },
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {"EngineExecutionTimeInMillis": 0, "DataScannedInBytes": 0},
        "WorkGroup": workgroup,
        "EngineVersion": {"SelectedEngineVersion": _ENGINE, "EffectiveEngineVersion": _ENGINE},
        "_results": None,
        "_column_types": None,
        "_error": None,
    }


async def _execute(execution: dict[str, Any], statement: statements.Statement, session: engine.Session) -> None:
    status, began = execution["Status"], time.monotonic()
    status["State"] = "RUNNING"
    try:
        answer = await asyncio.to_thread(statement.run, session)
        if status["State"] == "RUNNING":
            _finish(execution, answer)
            await save(execution["QueryExecutionId"])
            status["State"] = "SUCCEEDED" if status["State"] == "RUNNING" else status["State"]
    except ScanCutoff as error:
        _end(execution, "CANCELLED", str(error))
    except (QueryFailed, MalformedQuery) as error:
        _end(execution, "FAILED", str(error))
    except Exception as error:  # noqa: BLE001 # whatever it was, the query is over and its client waits
        _LOG.exception("query %s", execution["QueryExecutionId"])
        _end(execution, "FAILED", f"GENERIC_INTERNAL_ERROR: {error}")
    elapsed = int((time.monotonic() - began) * 1000)
    execution["Statistics"] |= {"EngineExecutionTimeInMillis": elapsed, "TotalExecutionTimeInMillis": elapsed}
    status["CompletionDateTime"] = time.time()


def _finish(execution: dict[str, Any], answer: engine.Answer) -> None:
    execution["_results"] = {"columns": answer.columns, "rows": answer.rows}
    execution["_column_types"] = answer.types
    execution["Statistics"]["DataScannedInBytes"] = answer.scanned_bytes


def _end(execution: dict[str, Any], state: str, reason: str) -> None:
    """Note the end, unless somebody stopped the query before."""
    if execution["Status"]["State"] != "RUNNING":
        return
    execution["Status"] |= {"State": state, "StateChangeReason": reason[:2000]}
    execution["_error"] = reason
    if state == "FAILED":
        execution["Status"]["AthenaError"] = {"ErrorCategory": 2, "ErrorMessage": reason[:2000], "Retryable": False}


async def save(query_id: str) -> None:
    """Write the result object where the execution says it is."""
    execution = athena._executions[query_id]
    location = execution["ResultConfiguration"]["OutputLocation"]
    results = execution["_results"]
    is_query = location.endswith(".csv")
    body = rendering.csv(results["columns"], results["rows"]) if is_query else rendering.plain(results["rows"])
    address = urlsplit(location)
    headers = {"content-type": "text/csv" if is_query else "text/plain", "content-length": str(len(body))}
    response = s3._put_object(address.netloc, address.path.lstrip("/"), body, headers)
    if response[0] >= 300:
        _end(execution, "FAILED", f"Unable to verify/create output bucket {address.netloc}")
