"""Functions on bytes and URLs, and hashes."""

import base64
import binascii
import hashlib
import re
import uuid
from urllib.parse import quote_plus, unquote, unquote_plus, urlsplit

from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino.functions import scalar

scalar("to_utf8(varchar) varbinary")(str.encode)
scalar("from_utf8(varbinary) varchar")(lambda data: data.decode("utf-8", "replace"))
scalar("to_hex(varbinary) varchar")(lambda data: data.hex().upper())
scalar("to_base64(varbinary) varchar")(lambda data: base64.b64encode(data).decode())
scalar("url_encode(varchar) varchar")(lambda text: quote_plus(text, safe="*-._").replace("~", "%7E"))
scalar("url_decode(varchar) varchar")(unquote_plus)
scalar("uuid() varchar")(lambda: str(uuid.uuid4()))
for _name in ("md5", "sha1", "sha256", "sha512"):
    scalar(f"{_name}(varbinary) varbinary")(
        lambda data, name=_name: hashlib.new(name, data, usedforsecurity=False).digest()
    )


@scalar("from_hex(varchar) varbinary")
def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: invalid hex string: {text}") from error


@scalar("from_base64(varchar) varbinary")
def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_" if re.search("[-_]", text) else None, validate=True
        )
    except (ValueError, binascii.Error) as error:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Illegal base64: {text}") from error


def _part(name: str, kind: str = "varchar") -> None:
    @scalar(f"url_extract_{name}(varchar) {kind}")
    def _work(url: str) -> str | int | None:
        try:
            parts = urlsplit(url)
            found = {
                "protocol": parts.scheme or None, "host": _host(parts.netloc), "port": parts.port, "path": parts.path,
                "query": parts.query if "?" in url else None, "fragment": parts.fragment if "#" in url else None,
            }[name]  # fmt: skip
        except ValueError:
            return None
        return None if re.search(r"[\s<>\"{}|\\^`]", url) else _decoded(name, found)


def _host(netloc: str) -> str | None:
    host = netloc.rpartition("@")[2]
    return re.sub(r":\d*$", "", host) or None


def _decoded(name: str, found: str | int | None) -> str | int | None:
    if isinstance(found, str) and "%" in found and name in {"path", "query", "fragment"}:
        return unquote(found)
    return found


for _name in ("protocol", "host", "path", "query", "fragment"):
    _part(_name)
_part("port", "bigint")


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""


@scalar("url_extract_parameter(varchar, varchar) varchar")
def _parameter(url: str, wanted: str) -> str | None:
    for pair in _query(url).split("&"):
        name, sign, value = pair.partition("=")
        if name == wanted:
            if "%" in value or "+" in value:
                return unquote_plus(value)
            return value if sign else ""
    return None
