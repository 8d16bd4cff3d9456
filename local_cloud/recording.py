"""Who asked AWS for what: each request in the name of a role or a service, one line of JSON, if that is asked for.

Writes facts down as they pass; what they mean to IAM is for others to say. Requests without a role, such as a person's
or the CDK's, are not noted.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from ministack import app as emulator
from ministack.core import iam_actions, lambda_runtime, router
from ministack.services import eventbridge, lambda_svc, stepfunctions

from local_cloud.seams import replace, require
from local_cloud.step_functions import executing
from local_cloud.webhdfs.operations import Answer, Request

Application = Callable[[Any, Any, Any], Awaitable[None]]
Facts = dict[str, Any]
CALLS: Final = "calls.jsonl"
# The emulator takes the access key for the account and looks at no session token, so the token can say whose it is.
ROLE_VARIABLE: Final = "AWS_SESSION_TOKEN"
_ROLE_HEADER: Final = "x-amz-security-token"
_LONGEST_BODY: Final = 1 << 20
_REQUEST: Final = ("service", "method", "path", "headers", "body", "query_params")
_TARGETS: Final = (
    *("DatabaseName", "TableName", "Name", "JobName", "stateMachineArn", "executionArn", "QueueUrl", "TopicArn"),
    *("StateMachineArn", "FunctionName", "Namespace"),
)


class Recorder:
    """Appends what is new; the same fact twice is one line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known = set(path.read_text(encoding="utf-8").splitlines()) if path.exists() else set[str]()

    def note(self, kind: str, **facts: Any) -> None:
        line = json.dumps({"kind": kind, **facts}, sort_keys=True)
        with self._lock:
            if line not in self._known:
                self._known.add(line)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(f"{line}\n")

    def install(self) -> None:
        """Note what the emulator itself does for state machines, rules, schedules and functions."""
        require(iam_actions, "extract_iam_action", parameters=_REQUEST)
        require(iam_actions, "extract_resource_arn", parameters=[*_REQUEST, "region", "account_id"])
        require(iam_actions, "s3_additional_checks", parameters=_REQUEST[1:])
        require(router, "detect_service", parameters=["method", "path", "headers", "query_params"])
        require(emulator, "_routing_params", parameters=_REQUEST[1:])
        self._note_tasks()
        self._note_deliveries()
        self._note_functions()

    def around(self, application: Application) -> Application:
        """Note the requests that carry a role, once they are answered."""

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            headers = _headers(scope)
            if not headers.get(_ROLE_HEADER, "").startswith("arn:"):
                await application(scope, receive, send)
                return
            body = bytearray()

            async def received() -> Any:
                message = await receive()
                if len(body) < _LONGEST_BODY:
                    body.extend(message.get("body", b""))
                return message

            await application(scope, received, send)
            await asyncio.to_thread(self._note_request, scope, headers, bytes(body))

        return serve

    def note_files(self, user: str, request: Request, answer: Answer | None) -> None:
        """Note what Hadoop, in the name of a role, asked of its file system."""
        status = (answer.document or {}).get("FileStatus", {}) if answer else {}
        given = {name: request.parameters[name] for name in ("op", "overwrite", "data") if name in request.parameters}
        place, target = request.place, request.target
        more = {"target": target.key} if target else {}
        self.note("files", role=user, bucket=place.bucket, key=place.key, found=status.get("type"), **given, **more)

    def _note_request(self, scope: Any, headers: Mapping[str, str], body: bytes) -> None:
        role, method, path = headers[_ROLE_HEADER], scope["method"], scope["path"]
        query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
        parameters = emulator._routing_params(method, path, headers, body, query)
        service = router.detect_service(method, path, headers, parameters)
        request = (method, path, headers, body, parameters)
        action = iam_actions.extract_iam_action(service, *request)
        account, region = role.split(":")[4], router.extract_region(headers)
        resource = iam_actions.extract_resource_arn(service, *request, region, account)
        self.note("request", role=role, action=action, resource=resource, given=_given(service, body, parameters))
        if service == "s3":
            for more, other in iam_actions.s3_additional_checks(*request):
                self.note("request", role=role, action=more, resource=other, given={})

    def _note_tasks(self) -> None:
        """Note what state machines call; an execution has the role of its machine."""

        def invoke(resource: str, input_data: Any) -> Any:
            machine = stepfunctions._executions[executing.get()]["stateMachineArn"]
            role = stepfunctions._state_machines[machine]["roleArn"]
            self.note("task", role=role, resource=resource, given=_chosen(input_data))
            return original(resource, input_data)

        original = replace(stepfunctions, "_invoke_resource", invoke, parameters=["resource", "input_data"])

    def _note_deliveries(self) -> None:
        """Note what rules and schedules deliver; these have a role, those act by themselves."""

        def invoke(target: Facts, event: Facts, rule: Facts, view: Any = None) -> Any:
            self.note("delivery", source=rule["Arn"], role=target.get("RoleArn"), target=target.get("Arn"))
            return original(target, event, rule, view)

        original = replace(eventbridge, "_invoke_target", invoke, parameters=["target", "event", "rule", "view"])

    def _note_functions(self) -> None:
        """Note the functions that run, and the queues that they are given messages from."""

        def execute(func: Facts, event: Any) -> Any:
            config = func.get("config") or func
            self.note("function", role=config["Role"], name=config["FunctionName"])
            return executed(func, event)

        def run_batch(esm: Facts, func_rec: Facts, *rest: Any) -> Any:
            role = (func_rec.get("config") or func_rec)["Role"]
            self.note("batch", role=role, queue=esm["EventSourceArn"])
            return batched(esm, func_rec, *rest)

        executed = replace(lambda_svc, "_execute_function", execute, parameters=["func", "event"])
        names = ["esm", "func_rec", "event", "batch", "queue_url", "queue_name"]
        batched = replace(lambda_svc, "_run_sqs_batch", run_batch, parameters=names)


def install_roles() -> None:
    """Let each function say with its requests which role it has."""

    def credentials(config: Facts) -> dict[str, str]:
        return {**original(config), ROLE_VARIABLE: config.get("Role", "")}

    original = replace(lambda_runtime, "execution_credentials", credentials, parameters=["config"])
    replace(lambda_svc, "execution_credentials", credentials, parameters=["config"])


def _headers(scope: Any) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}


def _given(service: str, body: bytes, parameters: Mapping[str, Any]) -> Facts:
    """Return what a request names, from wherever its protocol has it."""
    if service == "s3":
        return {"prefix": parameters["prefix"][0]} if "prefix" in parameters else {}
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        document = {name: values[0] for name, values in parameters.items()}
    return _chosen(document)


def _chosen(document: Any) -> Facts:
    return {name: document[name] for name in _TARGETS if name in document} if isinstance(document, dict) else {}
