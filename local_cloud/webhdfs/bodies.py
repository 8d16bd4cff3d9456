"""Request bodies: framing by length or by chunks, and the difference between an end and a connection that broke."""

from email.message import Message
from io import BufferedIOBase
from typing import Final

_DRAIN_BYTES: Final = 2**20
_LINE_BYTES: Final = 8192


class BrokenOff(Exception):
    """The client went away, or lost its way, before the end of its request."""


class Body:
    """What follows the headers of one request."""

    def __init__(self, stream: BufferedIOBase, headers: Message) -> None:
        self._stream = stream
        self._chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
        self._in_chunk = 0 if self._chunked else _number(headers.get("Content-Length", "0"))
        self._ended = not self._chunked and self._in_chunk == 0
        self._started = False

    def read(self, size: int, /) -> bytes:
        """Read so many bytes, or fewer at the end.

        Raises:
            BrokenOff: when the connection ends before the body does.
        """
        content = bytearray()
        while len(content) < size and self._more():
            content += self._take(size - len(content))
        return bytes(content)

    def drain(self) -> None:
        """Read to the end, so that the next request on this connection begins where it should."""
        while self.read(_DRAIN_BYTES):
            pass

    def _more(self) -> bool:
        if not self._ended and self._chunked and self._in_chunk == 0:
            self._next_chunk()
        return not self._ended

    def _take(self, size: int) -> bytes:
        piece = self._stream.read(min(size, self._in_chunk))
        if not piece:
            raise BrokenOff(f"{self._in_chunk} more bytes were announced")
        self._in_chunk -= len(piece)
        self._ended = not self._chunked and self._in_chunk == 0
        return piece

    def _next_chunk(self) -> None:
        if self._started and self._line():
            raise BrokenOff("a chunk is longer than announced")
        self._started = True
        self._in_chunk = _number(self._line().partition(b";")[0].decode("latin-1"), base=16)
        if self._in_chunk == 0:
            while self._line():  # trailers
                pass
            self._ended = True

    def _line(self) -> bytes:
        line = self._stream.readline(_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise BrokenOff("the next chunk did not come")
        return line.strip()


def _number(text: str, *, base: int = 10) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError:
        number = -1
    if number < 0:
        raise BrokenOff(f"{text!r} is no length")
    return number
