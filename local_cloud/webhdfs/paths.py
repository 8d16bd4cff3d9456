"""Paths of requests, as the client of Hadoop 3.4 encodes them."""

import string
from typing import Final
from urllib.parse import quote, unquote

from local_cloud.webhdfs.objects import Location

PREFIX: Final = "/webhdfs/v1"


def location(path: str) -> Location:
    """Split a path into bucket and key."""
    bucket, _, key = path.strip("/").partition("/")
    return Location(bucket=bucket, key=key)


def requested_path(raw: str) -> str:
    """Decode the path of a request, once: a second time would change names that hold a percent or plus sign.

    Java leaves letters beyond ASCII as they are, in UTF-8; ``raw`` is how the HTTP server read these bytes.
    """
    return unquote(raw.encode("latin-1").decode()).removeprefix(PREFIX)


def address(raw: str) -> str:
    """Encode what of a request's target no header may hold."""
    return quote(raw.encode("latin-1"), safe=string.punctuation)
