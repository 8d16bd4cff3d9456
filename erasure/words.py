"""Where the text of a value stands in other text, however it is spelt there: as a word, or inside of a longer one.

Knows JSON's escapes and the encodings that a source may use by mistake; must not know fields or columns.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

Occurrence = Literal["word", "part"]

_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED_NEXT: Final = re.compile(r"\\+u([0-9a-fA-F]{4})")
_SHORT_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# What has to be escaped in JSON, or may be by another escape than \u.
_ESCAPED_OTHERWISE: Final = re.compile(r"[\"\\/\x00-\x1f]")
# JSON in a string of JSON, and so on: each level is escaped once more.
_MOST_LEVELS: Final = 4
_DISTINCTIVE: Final = 4
# Counts and dates in names and messages have fewer digits.
_MORE_THAN_A_COUNT: Final = 9
_OTHER_ENCODINGS: Final = ("utf-16-le", "utf-16-be", "latin-1", "cp1252")


@dataclass(frozen=True)
class Words:
    """The text of a value. A word ends where a character that is no letter, digit or ``_`` begins.

    Of a number, ``is_number``, a sign, a point and digits around it make another one.
    """

    text: str
    is_number: bool = False

    @property
    def is_distinctive(self) -> bool:
        """Whether the value is hardly in a name or a sentence by chance, as a count or a date would be."""
        has_form = any(map(str.isalpha, self.text)) or len(self.text) >= _MORE_THAN_A_COUNT
        return not self.is_number and len(self.text) >= _DISTINCTIVE and has_form

    def may_be_in(self, data: bytes) -> bool:
        """Tell fast whether a text could hold the value in any spelling; most do not."""
        if b"\\u" in data and self._escaped_characters.search(data):
            return True
        if self._has_short_escapes and b"\\" in data:
            return True
        return any(spelling in data for spelling in self._encoded)

    def found_in(self, data: bytes) -> Occurrence | None:
        """Look for the value in bytes that may be no UTF-8."""
        found = self.found(data.decode("utf-8", "surrogateescape"))
        if found != "word" and any(spelling in data for spelling in self._encoded[1:]):
            return "word"
        return found

    def found(self, text: str) -> Occurrence | None:
        """Look for the value in a text and in what the text spells with escapes."""
        found: Occurrence | None = None
        for spelt in _levels(text):
            if any(not _goes_on(spelt, match.end()) for match in self._word.finditer(spelt)):
                return "word"
            if self.text in spelt:
                found = "part"
        return found

    def replaced(self, text: str, by: str) -> str:
        """Put something else in the place of the value; of the whole text where it is spelt with escapes."""
        plain = self._word.sub(lambda _: by, text)
        return by if self.found(plain) == "word" else plain

    @cached_property
    def _word(self) -> re.Pattern[str]:
        value = re.escape(self.text)
        if self.is_number:
            return re.compile(rf"(?<![\w.+-]){value}(?!\w|\.\d)")
        return re.compile(rf"(?<!\w){value}(?!\w)")

    @cached_property
    def _encoded(self) -> tuple[bytes, ...]:
        """The value in UTF-8, then in what is read by nobody and lies in raw data and quarantine all the same."""
        utf8 = self.text.encode("utf-8", "surrogatepass")
        others = (_encoded(self.text, name) for name in _OTHER_ENCODINGS)
        return (utf8, *(other for other in dict.fromkeys(others) if other and other != utf8))

    @cached_property
    def _escaped_characters(self) -> re.Pattern[bytes]:
        """Any character of the value as an escape, or a backslash that is one, as in JSON in a string of JSON."""
        units = f"{self.text}\\".encode("utf-16-be", "surrogatepass")
        codes = {units[start : start + 2].hex().encode() for start in range(0, len(units), 2)}
        return re.compile(rb"\\u(?i:" + b"|".join(sorted(codes)) + b")")

    @cached_property
    def _has_short_escapes(self) -> bool:
        return _ESCAPED_OTHERWISE.search(self.text) is not None


def _goes_on(text: str, position: int) -> bool:
    """Tell whether the next character of a word is spelt as an escape."""
    escape = _ESCAPED_NEXT.match(text, position)
    return escape is not None and re.match(r"\w", chr(int(escape[1], 16))) is not None


def _levels(text: str) -> Iterator[str]:
    """Yield a text, what it spells with escapes, and what that spells."""
    yield text
    for _ in range(_MOST_LEVELS):
        if "\\" not in text:
            return
        text = _unescaped(text)
        yield text


def _unescaped(text: str) -> str:
    found = _ESCAPE.sub(lambda match: _character(match[1]), text)
    try:
        return found.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    except UnicodeDecodeError:  # half a character
        return found


def _character(escape: str) -> str:
    return chr(int(escape[1:], 16)) if len(escape) > 1 else _SHORT_ESCAPES.get(escape, escape)


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return b""
