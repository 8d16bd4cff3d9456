"""Fixes of the emulator that take a few lines each: errors of functions, resources, a schedule's time, queues."""

import json
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from ministack.services import athena, cloudformation, eventbridge, glue, lambda_svc, sqs
from ministack.services.cloudformation import provisioners

from local_cloud.seams import UnknownEmulator, replace, require

_ANY_ERROR: Final = "Runtime.HandlerError"
_TRACEBACK: Final = "Traceback (most recent call last):"
_RAISED: Final = re.compile(r"([A-Za-z_][\w.]*)(?::|$)")
_NAMED_QUERY: Final = "AWS::Athena::NamedQuery"
_SECURITY: Final = "AWS::Glue::SecurityConfiguration"
# Five minutes, which give an upload time to end, take half a minute on one machine.
_QUEUE_DELAY_SCALE: Final = 0.1
_SCHEDULED_TIME: Final = "<aws.scheduler.scheduled-time>"


def install() -> None:
    """Apply them."""
    _name_function_errors()
    _add_resource_types()
    _update_nested_stacks()
    _pass_scheduled_time()
    _shorten_queue_delays()
    _move_queues()


def _name_function_errors() -> None:
    """Report the class of the exception that a function raised, which Retry and Catch go by."""

    def execute(func: dict[str, Any], event: Any, request_id: str) -> Any:
        result = original(func, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == _ANY_ERROR:
            trace = (result.get("log") or "").rpartition(_TRACEBACK)[2].strip().splitlines()
            raised = _RAISED.match(trace[-1]) if trace else None
            if raised:
                body |= {"errorType": raised[1].rpartition(".")[2], "stackTrace": trace}
        return result

    original = replace(lambda_svc, "_execute_function_warm", execute, parameters=["func", "event", "request_id"])


def _add_resource_types() -> None:
    """Let templates make what the emulator has calls for, but no resource type."""
    for kind, service, names in (
        (_NAMED_QUERY, athena, ("_create_named_query", "_delete_named_query")),
        (_SECURITY, glue, ("_create_security_configuration", "_delete_security_configuration")),
    ):
        if kind in provisioners._RESOURCE_HANDLERS:
            raise UnknownEmulator(f"the emulator makes {kind} by itself; this adapter was not written for that")
        for name in names:
            require(service, name, parameters=["data"])
    provisioners._RESOURCE_HANDLERS[_NAMED_QUERY] = {
        "create": _create_named_query,
        "update": _update_named_query,
        "delete": lambda query_id, _properties: athena._delete_named_query({"NamedQueryId": query_id}),
    }
    # Nothing here encrypts by it; it is there so that a deployment with a key of one's own can be tried.
    provisioners._RESOURCE_HANDLERS[_SECURITY] = {
        "create": _create_security_configuration,
        "delete": lambda name, _properties: glue._delete_security_configuration({"Name": name}),
    }


def _create_named_query(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, str]]:
    _, _, body = athena._create_named_query(properties)
    query_id = json.loads(body)["NamedQueryId"]
    return query_id, {"NamedQueryId": query_id}


def _update_named_query(query_id: str, _old: Any, new: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
    athena._delete_named_query({"NamedQueryId": query_id})  # every property of it takes a replacement
    return _create_named_query("", new, stack)


def _create_security_configuration(
    _logical_id: str, properties: dict[str, Any], _stack: str
) -> tuple[str, dict[str, str]]:
    status, _, body = glue._create_security_configuration(properties)
    if status != HTTPStatus.OK:
        raise ValueError(f"security configuration {properties['Name']}: {body!r}")
    return properties["Name"], {}


def _update_nested_stacks() -> None:
    """Let a nested stack's resources keep their attributes in an update, as those of other stacks do."""

    def update(kind: str, physical_id: str, old: Any, new: Any, stack_name: str, logical_id: str) -> tuple[str, Any]:
        kept = cloudformation._stacks[stack_name]["_resources"][logical_id]["Attributes"]
        updated_id, attributes = original(kind, physical_id, old, new, stack_name, logical_id, kept)
        return updated_id, {**kept, **attributes} if updated_id == physical_id else attributes

    names = ["resource_type", "physical_id", "old_props", "new_props", "stack_name", "logical_id", "old_attrs"]
    original = replace(provisioners, "_update_resource", update, parameters=names)


def _pass_scheduled_time() -> None:
    """Put the time of a schedule's call where its input asks for it."""

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: Any, view: Any = None) -> Any:
        given = target.get("Input")
        if event.get("Source") == "aws.scheduler" and isinstance(given, str):
            at = datetime.fromtimestamp(event["Time"], UTC).replace(second=0, microsecond=0)
            target = {**target, "Input": given.replace(_SCHEDULED_TIME, f"{at:%Y-%m-%dT%H:%M:%SZ}")}
        return original(target, event, rule, view)

    original = replace(eventbridge, "_invoke_target", invoke, parameters=["target", "event", "rule", "view"])


def _shorten_queue_delays() -> None:
    """Let what services put into a queue wait for a part of the queue's delay only."""

    def delay(queue: Any) -> float:
        return _QUEUE_DELAY_SCALE * float(original(queue))

    original = replace(sqs, "queue_delay", delay, parameters=["q"])


def _move_queues() -> None:
    """Let queues, which the emulator knows by their URL, be found after a start on another port."""

    def restore(data: Any) -> None:
        original(data)
        for scope in list(sqs._queues._data):
            account, region, url = scope
            moved = urlsplit(url)._replace(netloc=sqs._CANONICAL_NETLOC).geturl()
            queue = sqs._queues._data.pop(scope)
            sqs._queues._data[account, region, moved] = {**queue, "url": moved}
        sqs._queue_name_to_url.clear()
        rebuild()

    rebuild = require(sqs, "_rebuild_queue_name_index", parameters=[])
    original = replace(sqs, "load_persisted_state", restore, parameters=["data"])
