"""Paths of requests and how Hadoop's client encodes them."""

from typing import Final
from urllib.parse import unquote, unquote_plus

from local_cloud.webhdfs.objects import Location

PREFIX: Final = "/webhdfs/v1"


def location(path: str) -> Location:
    """Split a path into bucket and key."""
    bucket, _, key = path.strip("/").partition("/")
    return Location(bucket=bucket, key=key)


def requested_path(raw: str) -> str:
    """Decode the path of a request."""
    once = unquote(raw).removeprefix(PREFIX)
    return "/".join(unquote_plus(name) for name in once.split("/"))
