"""A raw line as a text that tells, once parsed as JSON, whether the line was one object and nothing else.

Spark's parser stops at the end of the first value of a text, so it takes an object for the whole of a line that goes
on behind it. A *framed* line has one more field before its last brace: it is a field of the parsed object only when
nothing but that brace ended it. A line that cannot be one object is framed as a text that is no JSON. The field's name
is one that no line can contain by intent: it is made anew for each run.
"""

import secrets
from dataclasses import dataclass, field
from typing import Protocol

from pyspark.sql import Column
from pyspark.sql import functions as F

_SPACE = " \\t\\r\\n"
_REFUSED = "!"
_EMPTY_UP_TO_ITS_BRACE = r"^[ \t\r\n]*[{][ \t\r\n]*\z"
_BACKSLASH_OR_PAIR = r"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"


class Refused(Protocol):
    """Tells of a line, in which characters are escaped or none is, whether it is to become no JSON."""

    def __call__(self, *, escaped: bool) -> Column: ...


def _nothing_refused(*, escaped: bool) -> Column:  # noqa: ARG001  whatever it is
    return F.lit(False)


@dataclass(frozen=True)
class Frame:
    """The names of the fields that are added to an object."""

    end: str = field(default_factory=lambda: f"_end_{secrets.token_hex(8)}")

    @property
    def names(self) -> str:
        """Field of what is said about the object's names, a string."""
        return f"{self.end}_names"

    @property
    def envelope(self) -> str:
        """Field of the fields around a record, an object."""
        return f"{self.end}_envelope"

    def framed(
        self,
        line: str,
        *,
        names: Column | None = None,
        envelope: str | None = None,
        refused: Refused | None = None,
    ) -> Column:
        """Frame the line in a text column: ``{"a":1}`` becomes ``{"a":1,"_end_…":<hash of the line, a bigint>}``.

        ``names`` and the column ``envelope`` are JSON texts of two more fields, null to have none. A line that is
        ``refused``, asked with whether it has ``escaped`` characters, becomes no JSON.
        """
        parts = [line] if envelope is None else [line, envelope]
        # Parts of bytes, because those of a text are found by walking over its characters.
        content, last_brace = F.col(line).cast("binary"), F.octet_length(_without_space_behind(line))
        before = content.substr(F.lit(1), last_brace - 1).cast("string")
        object_ = F.concat(
            before,
            F.lit(f',"{self.end}":') if envelope is None else self._end_behind(before),
            F.xxhash64(*parts).cast("string"),
            *([] if names is None else [_field(self.names, names)]),
            *([] if envelope is None else [_field(self.envelope, F.col(envelope))]),
            content.substr(last_brace, F.octet_length(line)).cast("string"),
        )
        is_taken = _may_be_object(line, refused)
        if envelope is not None:
            is_taken &= ~F.coalesce(has_lone_surrogate(envelope), F.lit(False))
        return F.when(is_taken, object_).otherwise(F.concat(F.lit(_REFUSED), F.base64(content)))

    def unframed(self, text: Column) -> Column:
        """Give back the bytes of the line that a text was made of."""
        before, behind = F.substring_index(text, f',"{self.end}":', 1), F.substring_index(text, "}", -1)
        refused = F.unbase64(text.substr(F.lit(len(_REFUSED) + 1), F.length(text)))
        return F.when(text.startswith(_REFUSED), refused).otherwise(F.concat(before, F.lit("}"), behind).cast("binary"))

    def end_in(self, text: str) -> Column:
        """Read the hash of the line out of a framed text; null where that is no object."""
        return F.get_json_object(text, f"$.{self.end}").cast("bigint")

    def names_in(self, text: str) -> Column:
        """Read what is said about the object's names out of a framed text; null where nothing is."""
        return F.get_json_object(text, f"$.{self.names}")

    def is_empty_object(self, text: Column) -> Column:
        """Tell whether a framed line is ``{}``: the one object that framing breaks, as a comma follows its brace."""
        # Not with the name in the pattern: it stands in the code that Spark compiles, which would be another every run.
        return F.substring_index(text, f',"{self.end}":', 1).rlike(_EMPTY_UP_TO_ITS_BRACE)

    def _end_behind(self, before: Column) -> Column:
        """Name the field behind an object's text, but its last brace; what surrounds ``{}`` gives it values too."""
        comma = F.when(before.rlike(_EMPTY_UP_TO_ITS_BRACE), F.lit("")).otherwise(F.lit(","))
        return F.concat(comma, F.lit(f'"{self.end}":'))


def is_valid_utf8(column: str) -> Column:
    """Tell whether a text column holds well-formed UTF-8; Spark's parser would replace other bytes without a word."""
    if hasattr(F, "is_valid_utf8"):  # Spark 4
        return F.is_valid_utf8(column)
    return F.decode(F.col(column).cast("binary"), "UTF-8") == F.col(column)


def has_lone_surrogate(column: str) -> Column:
    r"""Tell whether a text column of JSON escapes half a character, such as ``"\ud83d"``; Spark would make it a ``?``.

    Escaped backslashes and whole pairs are taken out from left to right; a surrogate that is left is alone. A pattern
    for the whole line would overflow Java's stack on long ones.
    """
    return has_escapes(column) & _is_half(column)


def has_escapes(column: str) -> Column:
    r"""Tell whether a text column of JSON spells a character as ``\uXXXX``."""
    return F.col(column).contains("\\u")


def _is_half(column: str) -> Column:
    return F.regexp_replace(column, _BACKSLASH_OR_PAIR, " ").rlike(r"\\u[dD][89a-fA-F]")


def _field(name: str, json: Column) -> Column:
    return F.coalesce(F.concat(F.lit(f',"{name}":'), json), F.lit(""))


def _may_be_object(line: str, refused: Refused | None) -> Column:
    refused = refused or _nothing_refused
    opened = F.col(line).startswith("{") | F.expr(f"trim(LEADING '{_SPACE}' FROM {line})").startswith("{")
    # So that a line is searched for escapes once.
    is_kept = F.when(has_escapes(line), ~_is_half(line) & ~refused(escaped=True)).otherwise(~refused(escaped=False))
    return opened & _without_space_behind(line).endswith("}") & is_valid_utf8(line) & is_kept


def _without_space_behind(line: str) -> Column:
    trimmed = F.expr(f"trim(TRAILING '{_SPACE}' FROM {line})")
    return F.when(F.col(line).endswith("}"), F.col(line)).otherwise(trimmed)
