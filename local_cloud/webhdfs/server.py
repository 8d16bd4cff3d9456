"""The HTTP edge of the gateway: connections, framing and status lines; `operations` says what a request means."""

import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl

from botocore.exceptions import BotoCoreError

from local_cloud.webhdfs.bodies import Body, BrokenOff
from local_cloud.webhdfs.errors import RemoteError, StorageFailed
from local_cloud.webhdfs.objects import Download, ObjectStore
from local_cloud.webhdfs.operations import Answer, Operations, Request, SendContent
from local_cloud.webhdfs.paths import address, location, requested_path

_HOST: Final = "127.0.0.1"
_JSON: Final = "application/json"
_logger = logging.getLogger(__name__)
Note = Callable[[str, Request, Answer | None], None]
"""Is told whose request it was, what it asked for and, unless content or an error went back, what was answered."""


class Gateway:
    """A WebHDFS server on loopback whose first path component names a bucket."""

    def __init__(
        self,
        endpoint_url: str,
        *,
        region: str,
        port: int = 0,
        access_key: str = "000000000000",
        secret_key: str = "test",  # noqa: S107  the emulator knows accounts, not secrets
        note: Note | None = None,
    ) -> None:
        store = ObjectStore(endpoint_url, region=region, access_key=access_key, secret_key=secret_key)
        self._server = _Server((_HOST, port), Operations(store), note)
        self._thread = threading.Thread(target=self._server.serve_forever, name="webhdfs", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Answer requests, in threads of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and break off what is under way; an upload that is not complete leaves no object."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.break_off()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], operations: Operations, note: Note | None) -> None:
        self.operations = operations
        self._note = note
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = _HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away: each request has been answered or logged by its handler."""

    def note(self, request: Request, answer: Answer | None) -> None:
        if self._note is not None:
            self._note(request.parameters.get("user.name", ""), request, answer)

    def break_off(self) -> None:
        """Close the connections that clients keep open."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 2**16
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        """Answer without content, as HTTP wants it; WebHDFS has no use for this method."""
        self._send(Answer(status=405))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Keep quiet: failures are logged where they are understood."""

    def _handle(self) -> None:
        try:
            body = Body(self.rfile, self.headers)
            result = self._result(body)
            body.drain()
            self._reply(result)
        except (BrokenOff, OSError) as error:
            self.close_connection = True
            _logger.debug("%s %s broke off: %s", self.command, self.path, error)

    def _result(self, body: Body) -> Answer | Download | SendContent:
        try:
            return self._performed(self._request(body))
        except RemoteError as error:
            if isinstance(error, StorageFailed):
                _logger.warning("%s %s: %s", self.command, self.path, error)
            return Answer(status=error.status, document=error.document())
        except (BrokenOff, OSError):
            raise
        except Exception as error:  # whatever it is, the client is told, and the next request is served
            _logger.exception("%s %s", self.command, self.path)
            failure = StorageFailed(f"{type(error).__name__}: {error}")
            return Answer(status=500, document=failure.document())

    def _performed(self, request: Request) -> Answer | Download | SendContent:
        answer: Answer | None = None
        try:
            result = self.server.operations.perform(self.command, request)
            answer = result if isinstance(result, Answer) else None
        finally:
            self.server.note(request, answer)
        return result

    def _request(self, body: Body) -> Request:
        target_path, _, query = self.path.partition("?")
        parameters = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
        target = parameters.get("destination")
        return Request(
            place=location(requested_path(target_path)),
            parameters=parameters,
            content=body,
            target=None if target is None else location(target),
        )

    def _reply(self, result: Answer | Download | SendContent) -> None:
        if isinstance(result, Download):
            self._send_content(result)
        elif isinstance(result, SendContent):
            self._send_on()
        else:
            self._send(result)

    def _send(self, answer: Answer) -> None:
        content = b"" if answer.document is None else json.dumps(answer.document).encode()
        self._send_head(answer.status, content_type=_JSON, size_bytes=len(content))
        self.wfile.write(content)

    def _send_on(self) -> None:
        self._send_head(
            307, content_type="application/octet-stream", size_bytes=0, location=f"{address(self.path)}&data=true"
        )

    def _send_content(self, download: Download) -> None:
        with closing(download):
            self._send_head(200, content_type="application/octet-stream", size_bytes=download.size_bytes)
            try:
                for chunk in download.chunks():
                    self.wfile.write(chunk)
            except BotoCoreError as error:  # too late for an answer: the client sees that bytes are missing
                self.close_connection = True
                _logger.warning("%s %s: %s", self.command, self.path, error)

    def _send_head(self, status: int, *, content_type: str, size_bytes: int, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(size_bytes))
        if location is not None:
            self.send_header("Location", f"http://{_HOST}:{self.server.server_port}{location}")
        self.end_headers()
