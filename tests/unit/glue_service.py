"""The partitions of one Glue table behind the real wire protocol, on loopback."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from adapters.aws import client

_NOT_FOUND, _EXISTS = "EntityNotFoundException", "AlreadyExistsException"


class GlueService(ThreadingHTTPServer):
    """Answers what `GlueCatalog` asks; ``locations`` are its partitions, which have the ``columns`` of their time."""

    daemon_threads = True

    def __init__(self, table: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.table = table
        self.locations: dict[str, str] = {}
        self.columns: list[dict[str, str]] = []
        self.columns_of: dict[str, list[dict[str, str]]] = {}
        self.asked: list[str] = []
        self.denied: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, action: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append(action)
        return _error("AccessDeniedException") if action in self.denied else self._answer(action, request)

    def _answer(self, action: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if action == "GetTable":
            known = request["Name"] == self.table
            return (
                (200, {"Table": {"Name": self.table, "StorageDescriptor": {"Columns": self.columns}}})
                if known
                else _error(_NOT_FOUND)
            )
        if action == "GetPartition":
            location = self.locations.get(request["PartitionValues"][0])
            found = {"Partition": {"StorageDescriptor": {"Location": location}}}
            return (200, found) if location else _error(_NOT_FOUND)
        if action == "GetPartitions":
            excluded = bool(request.get("ExcludeColumnSchema"))
            return 200, {"Partitions": [self._partition(day, has_columns=not excluded) for day in self.locations]}
        if action == "DeletePartition":
            return (200, {}) if self.locations.pop(request["PartitionValues"][0], None) else _error(_NOT_FOUND)
        wanted = request["PartitionInput"]
        day = wanted["Values"][0]
        if (action == "CreatePartition") == (day in self.locations):
            return _error(_EXISTS if day in self.locations else _NOT_FOUND)
        self.locations[day] = wanted["StorageDescriptor"]["Location"]
        self.columns_of[day] = wanted["StorageDescriptor"]["Columns"]
        return 200, {}

    def _partition(self, day: str, *, has_columns: bool) -> dict[str, Any]:
        columns = {"Columns": self.columns_of.get(day, self.columns)} if has_columns else {}
        return {"Values": [day], "StorageDescriptor": {"Location": self.locations[day], **columns}}


class _Handler(BaseHTTPRequestHandler):
    server: GlueService

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.server.answer(self.headers["X-Amz-Target"].rpartition(".")[2], request)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def glue_service(table: str) -> Iterator[GlueService]:
    with GlueService(table) as service:
        thread = Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()


def _error(code: str) -> tuple[int, dict[str, Any]]:
    return 400, {"__type": code, "Message": code}


@contextmanager
def glue_catalog(monkeypatch: pytest.MonkeyPatch, table: str) -> Iterator[GlueService]:
    """Let the commands show what is published in a catalog."""
    with glue_service(table) as glue:
        for name, value in {"ENDPOINT_URL_GLUE": glue.url, "DEFAULT_REGION": "eu-central-1"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            monkeypatch.setenv(f"AWS_{name}", "test")
        monkeypatch.setenv("PIPELINE_CATALOG_DATABASE", "prod_data_pipeline")
        client.cache_clear()  # one of another test may know another address
        yield glue
