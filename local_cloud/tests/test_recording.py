"""Who asked for what is written down once, and only what a role asks."""

import asyncio
import json
from pathlib import Path
from typing import Any

from local_cloud.recording import CALLS, Recorder
from local_cloud.webhdfs.objects import Location
from local_cloud.webhdfs.operations import Answer, Request

ROLE = "arn:aws:iam::000000000000:role/job"


class _Content:
    def read(self, _: int, /) -> bytes:
        return b""


def served(recorder: Recorder, path: str, *, role: str, query: str = "", body: bytes = b"", target: str = "") -> None:
    """Let a request pass that an application answers without reading it all."""

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(_: Any) -> None:
        """Take what is answered."""

    service = "glue" if target else "s3"
    signed = f"AWS4-HMAC-SHA256 Credential=000000000000/20250101/us-east-1/{service}/aws4_request, Signature=0"
    headers = {"authorization": signed, "x-amz-security-token": role, "x-amz-target": target}
    encoded = [(name.encode(), value.encode()) for name, value in headers.items() if value]
    method = "POST" if target else "GET"
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": encoded}

    async def pass_through() -> None:
        await recorder.around(application)(scope, receive, send)

    asyncio.run(pass_through())


def facts(folder: Path) -> list[dict[str, Any]]:
    path = folder / CALLS
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_a_request_is_noted_with_its_role_action_resource_and_prefix(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / CALLS)
    served(recorder, "/bucket", role=ROLE, query="list-type=2&prefix=raw%2Fa%2F")
    served(recorder, "/bucket/raw/a", role=ROLE)
    assert facts(tmp_path) == [
        {
            "kind": "request",
            "role": ROLE,
            "action": "s3:ListBucket",
            "resource": "arn:aws:s3:::bucket",
            "given": {"prefix": "raw/a/"},
        },
        {
            "kind": "request",
            "role": ROLE,
            "action": "s3:GetObject",
            "resource": "arn:aws:s3:::bucket/raw/a",
            "given": {},
        },
    ]


def test_what_a_json_request_names_is_noted(tmp_path: Path) -> None:
    body = json.dumps({"DatabaseName": "db", "TableName": "t", "PartitionValues": ["secret"]}).encode()
    served(Recorder(tmp_path / CALLS), "/", role=ROLE, body=body, target="AWSGlue.GetPartition")
    (fact,) = facts(tmp_path)
    assert (fact["action"], fact["given"]) == ("glue:GetPartition", {"DatabaseName": "db", "TableName": "t"})


def test_the_same_is_noted_once_also_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        recorder = Recorder(tmp_path / CALLS)
        served(recorder, "/bucket/raw/a", role=ROLE)
        served(recorder, "/bucket/raw/a", role=ROLE)
    assert len(facts(tmp_path)) == 1


def test_people_and_the_cdk_have_no_role_and_are_not_noted(tmp_path: Path) -> None:
    served(Recorder(tmp_path / CALLS), "/bucket/raw/a", role="")
    assert facts(tmp_path) == []


def test_what_hadoop_asks_is_noted_with_what_it_found(tmp_path: Path) -> None:
    place = Location(bucket="bucket", key="raw/a")
    request = Request(place=place, parameters={"op": "GETFILESTATUS", "user.name": "job"}, content=_Content())
    answer = Answer(document={"FileStatus": {"type": "FILE"}})
    Recorder(tmp_path / CALLS).note_files("job", request, answer)
    expected = {"kind": "files", "role": "job", "bucket": "bucket", "key": "raw/a", "op": "GETFILESTATUS"}
    assert facts(tmp_path) == [{**expected, "found": "FILE"}]
