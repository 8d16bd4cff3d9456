"""One bucket, from its two sides: S3 and WebHDFS."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlsplit

BUCKET: Final = "lake"


@dataclass(frozen=True)
class Reply:
    status: int
    content: bytes
    location: str | None

    @property
    def document(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> tuple[int, str, str]:
        failure = self.document["RemoteException"]
        return self.status, failure["exception"], failure["message"]


class _Connection(http.client.HTTPConnection):
    """One that sends letters beyond ASCII as they are, as Java does."""

    def _encode_request(self, request: str) -> bytes:
        return request.encode()


@dataclass(frozen=True)
class Lake:
    """One bucket, from its two sides: S3 and WebHDFS."""

    s3: Any
    endpoint_url: str
    port: int

    def call(self, method: str, key: str, op: str, body: bytes | Iterator[bytes] = b"", **parameters: str) -> Reply:
        query = "".join(f"&{name}={quote_plus(value)}" for name, value in parameters.items())
        return self.raw(method, f"{address(f'/{BUCKET}/{key}')}?op={op}{query}", body)

    def raw(self, method: str, url: str, body: bytes | Iterator[bytes] = b"") -> Reply:
        connection = _Connection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, url, body, encode_chunked=not isinstance(body, bytes))
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), answer.getheader("Location"))
        finally:
            connection.close()

    def create(self, key: str, content: bytes | Iterator[bytes]) -> Reply:
        """Ask first and send then, as Hadoop's client does."""
        asked = self.call("PUT", key, "CREATE", overwrite="true")
        assert asked.status == 307, asked
        there = urlsplit(asked.location or "")
        return self.raw("PUT", f"{there.path}?{there.query}", content)

    def put(self, *keys: str, content: bytes = b"x") -> None:
        for key in keys:
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    def content(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    def listing(self) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())]


def address(path: str) -> str:
    """Encode a path as Hadoop 3.4's client does: what no URI may hold, once, but no letters beyond ASCII."""
    return "/webhdfs/v1" + "".join(c if _is_letter(c) else quote(c, safe="/:@!$&'()*+,;=~") for c in path)


def _is_letter(character: str) -> bool:
    return not character.isascii() and not character.isspace()
