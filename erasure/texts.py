"""What is left of a raw text once a person's records are taken out: all of it, a part, or nothing.

Texts are framed as the contract says. One that no parser reads is the person's when the value stands in it as a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from erasure.spans import Span, concatenated, cuts_of, elements, parsed, without
from erasure.subject import Members, Subject
from erasure.words import Occurrence

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Judged:
    """A text without the person's records; ``rest`` is None where nothing is left of it.

    ``erased`` are the texts of these records, and ``left`` how the value stands in the rest.
    """

    rest: bytes | None
    erased: tuple[bytes, ...] = ()
    left: Occurrence | None = None


@dataclass
class _Part:
    """What became of a part of a text: all of it is ``gone``, or it is ``cut`` and so many records are ``kept``."""

    gone: bool = False
    cuts: list[Span] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    kept: int = 0


@dataclass(frozen=True)
class Judge:
    """Judges texts; ``anywhere`` takes every record for the person's in which the value is a word."""

    subject: Subject
    anywhere: bool = False

    def judge(self, data: bytes) -> Judged:
        """Take the person's records out of a text."""
        if not self.subject.may_be_in(data):
            return Judged(data)
        mark = _BYTE_ORDER_MARK if data.startswith(_BYTE_ORDER_MARK) else b""
        try:
            text = data.removeprefix(mark).decode("utf-8")
        except UnicodeDecodeError:
            return self._as_text(data)
        judged = self._judged(text)
        if judged.rest is None:  # the line as it was received, by which others name it
            return Judged(None, (data,)) if len(judged.erased) == 1 else judged
        return Judged(mark + judged.rest, judged.erased, judged.left)

    def _judged(self, text: str) -> Judged:
        whole = (0, len(text))
        is_concatenated = self.subject.contract.object_format == "concatenated"
        pieces = concatenated(text) if is_concatenated else [whole]
        parts = [(piece, self._part(text[slice(*piece)])) for piece in pieces]
        erased = tuple(one.encode() for _, part in parts for one in part.erased)
        cuts = [piece for piece, part in parts if part.gone]
        cuts += [(start + piece[0], end + piece[0]) for piece, part in parts for start, end in part.cuts]
        rest = without(text, cuts)
        left = self._found(rest)
        if self.anywhere and left == "word":
            return Judged(None, (*erased, rest.encode()))
        if all(part.gone for _, part in parts):
            return Judged(None, erased)
        return Judged(rest.encode(), erased, left)

    def _part(self, text: str) -> _Part:
        """Judge one JSON text."""
        try:
            value = parsed(text)
            if not self._arrays:
                return self._record(text, value)
            found = self._around(text, (0, len(text)), value, depth=0)
        except (ValueError, RecursionError):
            return self._unreadable(text)
        # An envelope that is left without a record would be malformed.
        return _Part(gone=True, erased=found.erased) if found.erased and not found.kept else found

    def _around(self, text: str, span: Span, value: object, *, depth: int) -> _Part:
        """Judge the objects around records, and the records."""
        here = text[slice(*span)]
        if depth == len(self._arrays):
            return self._record(here, value)
        if self.subject.is_in_envelope(value, level=depth):
            return _Part(gone=True, erased=[here])
        names = self._arrays[depth]
        spans = elements(text, span[0], names)
        if spans is None:
            return _Part() if depth > 0 and _holds_none(value, names) else self._unreadable(here)
        return self._array(text, spans, depth=depth)

    def _array(self, text: str, spans: Sequence[Span], *, depth: int) -> _Part:
        found = [self._around(text, span, parsed(text[slice(*span)]), depth=depth + 1) for span in spans]
        cuts = cuts_of(spans, (number for number, part in enumerate(found) if part.gone))
        inner = [cut for part in found if not part.gone for cut in part.cuts]
        return _Part(
            cuts=[*cuts, *inner],
            erased=[one for part in found for one in part.erased],
            kept=sum(part.kept for part in found),
        )

    def _record(self, text: str, value: object) -> _Part:
        if not isinstance(value, Members):
            return self._unreadable(text)
        is_persons = self.subject.is_in_record(value) or (self.anywhere and self._found(text) == "word")
        return _Part(gone=True, erased=[text]) if is_persons else _Part(kept=1)

    def _unreadable(self, text: str) -> _Part:
        is_persons = self._found(text) == "word"
        return _Part(gone=True, erased=[text]) if is_persons else _Part(kept=1)

    def _found(self, text: str) -> Occurrence | None:
        """Look for the value in a text, which may be another encoding's and still be UTF-8."""
        return self.subject.words.found_in(text.encode())

    def _as_text(self, data: bytes) -> Judged:
        found = self.subject.words.found_in(data)
        return Judged(None, (data,)) if found == "word" else Judged(data, (), found)

    @property
    def _arrays(self) -> list[tuple[str, ...]]:
        path = self.subject.contract.records_path
        return [] if path is None else path.arrays


def _holds_none(value: object, names: Sequence[str]) -> bool:
    """Tell whether an object on the way to records has none, or null in its place, which is no mistake."""
    return isinstance(value, Members) and all(inner is None for name, inner in value if name == names[0])
