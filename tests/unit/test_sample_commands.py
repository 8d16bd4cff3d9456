"""The commands that make sample data: wrong arguments, and S3 as the place to write to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from generate_events import generate_day
from tests.unit.sample_files import (
    DAY,
    PARTITION,
    defects,
    files,
    refused,
    run,
)


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        (("2025-02-30",), "'2025-02-30' is not a date"),
        (("2025-1-1",), "'2025-1-1' is not a date; write it as YYYY-MM-DD"),
        (("20250101",), "is not a date"),
        (("",), "'' is not a date"),
        (("../2025-01-01",), "is not a date"),
        (("2025-01-03..2025-01-01",), "ends before it starts"),
        ((), "no date given"),
        (("2025-01-01", "--rows", "-1"), "--rows -1 is below 0"),
        (("2025-01-01", "--rows", "many"), "invalid int value: 'many'"),
        (("2025-01-01", "--objects", "0"), "--objects 0 is outside 1 to 10000"),
        (("2025-01-01", "--workers", "0"), "'0' is not a number of processes"),
        (("2025-01-01", "--null-user-percent", "100.01"), "--null-user-percent 100.01 is outside 0 to 100"),
        (("2025-01-01", "--duplicate-percent", "-1"), "--duplicate-percent -1 is outside 0 to 100"),
        (("2025-01-01", "--duplicate-percent", "nan"), "--duplicate-percent NaN is outside 0 to 100"),
        (("2025-01-01", "--unknown-type-percent", "half"), "'half' is not a number"),
        (("2025-01-01", "--duplicate-percent", "100"), "--duplicate-percent leaves no first rows"),
        (("2025-01-01", "--malformed-rows", "-2"), "--malformed-rows -2 is below 0"),
        (("2025-01-01", "--rows", "5", "--bad-type-rows", "6"), "--bad-type-rows: 6 rows do not fit"),
        (("2025-01-01", "--empty", "--malformed-rows", "1"), "--malformed-rows: 1 rows do not fit"),
        (("2025-01-01", "--unknown-field", "user_id"), "--unknown-field 'user_id' is not unknown"),
        (("2025-01-01", "--unknown-field-percent", "5"), "add --unknown-field NAME"),
        (("2025-01-01", "--rowz", "5"), "unrecognized arguments: --rowz"),
    ],
)
def test_a_wrong_argument_is_one_line_and_writes_nothing(
    tmp_path: Path, switches: tuple[str, ...], message: str
) -> None:
    refused(run("generate_events.py", *switches, "--out", tmp_path / "out"), message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        (("2025-02-30",), "'2025-02-30' is not a date"),
        (("2025-01-01", "--rows", "-1"), "--rows -1 is below 0"),
        (("2025-01-01", "--resend", "-1"), "--resend -1 is below 0"),
        (("2025-01-01", "--resend", "21"), "--resend 21: 2025-01-01 holds only 20 events"),
    ],
)
def test_a_wrong_late_request_is_one_line_and_adds_nothing(
    tmp_path: Path, switches: tuple[str, ...], message: str
) -> None:
    generate_day(DAY, out=str(tmp_path), rows=20, defects=defects())
    before = files(tmp_path)
    refused(run("add_late_events.py", *switches, "--out", tmp_path), message)
    assert files(tmp_path) == before


class Bucket(BaseHTTPRequestHandler):
    """The few S3 operations that the commands need, answered from a dict; large objects come in parts."""

    objects: ClassVar[dict[str, bytes]] = {}
    parts: ClassVar[dict[str, bytes]] = {}

    def reply(self, body: bytes = b"", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("ETag", '"etag"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def do_PUT(self) -> None:
        body, (key, _, query) = self.rfile.read(int(self.headers["Content-Length"])), self.path.partition("?")
        if query:
            self.parts[parse_qs(query)["partNumber"][0]] = body
        else:
            self.objects[key] = body
        self.reply()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        key, _, query = self.path.partition("?")
        if query == "uploads":
            self.reply(b"<R><UploadId>1</UploadId></R>")
        else:
            self.objects[key] = b"".join(self.parts[number] for number in sorted(self.parts))
            self.reply(b"<CompleteMultipartUploadResult/>")

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if "list-type" in url.query:
            prefix = f"/bucket/{parse_qs(url.query)['prefix'][0]}"
            keys = [key.removeprefix("/bucket/") for key in sorted(self.objects) if unquote(key).startswith(prefix)]
            found = "".join(f"<Contents><Key>{unquote(key)}</Key></Contents>" for key in keys)
            self.reply(f"<R><IsTruncated>false</IsTruncated>{found}</R>".encode())
        elif url.path in self.objects:
            self.reply(self.objects[url.path])
        else:
            self.reply(status=404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    Bucket.objects, Bucket.parts = {}, {}
    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",  # plain bodies that can be stored as they are
        }.items():
            monkeypatch.setenv(name, value)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield Bucket.objects
        server.shutdown()


def test_an_s3_uri_gets_the_same_objects_as_a_directory(tmp_path: Path, bucket: dict[str, bytes]) -> None:
    for out in (str(tmp_path), "s3://bucket/some/prefix/"):
        run("generate_events.py", DAY, "--rows", 300, "--out", out)
        done = run("add_late_events.py", DAY, "--rows", 5, "--resend", 5, "--out", out)

    assert done.stdout.startswith(f"s3://bucket/some/prefix/{PARTITION}/late-events-1.json: 10 rows")
    assert len(bucket) == 2
    stored = {unquote(key).removeprefix("/bucket/some/prefix/"): data for key, data in bucket.items()}
    assert stored == files(tmp_path)


def test_an_object_too_large_for_one_request_is_uploaded_in_parts(tmp_path: Path, bucket: dict[str, bytes]) -> None:
    for out in (str(tmp_path), "s3://bucket"):
        run("generate_events.py", DAY, "--rows", 30_000, "--out", out)

    assert len(Bucket.parts) == 2
    assert list(bucket.values()) == list(files(tmp_path).values())


def test_a_store_that_refuses_is_one_line(bucket: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    refused(
        run("generate_events.py", DAY, "--out", "s3://bucket/x"), "s3://bucket/x/: Could not connect to the endpoint"
    )
    assert bucket == {}


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("file", "File exists"),
        ("s3://", "neither a directory nor a URI"),
        ("gs://bucket", "neither a directory nor a URI"),
    ],
)
def test_an_unusable_output_is_one_line(tmp_path: Path, out: str, message: str) -> None:
    (tmp_path / "file").write_text("not a directory")
    refused(run("generate_events.py", DAY, "--out", tmp_path / out if out == "file" else out), message)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
