"""What a line is that is not one JSON object, in words, and what a contract would have to say to read it all the same.

Costs several parses, of such lines only; must not look at a contract's columns.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import DataContract
from contract.sources import REFUSED
from curation.composing import any_of, let
from curation.framing import is_valid_utf8
from curation.json_reader import MOST_DIGITS, READER_OPTIONS
from curation.near_json import near_json, object_count
from curation.remedies import RECORDS_IN_ARRAY, of_the_contract

# What a line is told to be: in general, the same for all lines with the same fault, and with its own values.
TOLD = "struct<kind:string,reason:string>"
FORM = "not one JSON object"
_ENCODING, _NO_TEXT = "not valid UTF-8", "not UTF-8 text"
_UTF_16 = ": UTF-16, or another encoding of two bytes for each letter; write UTF-8"
_CESU_8 = ": an unpaired surrogate (half a character), or a pair of them as CESU-8 writes it"
_BINARY = ": binary data, such as gzip in an object whose name does not end in .gz, or compressed twice"
_ONE_BYTE = ": Latin-1, Windows-1252 or another single-byte encoding; write UTF-8"
_MARK = ": a byte order mark in front, as when files are concatenated; remove it"
_TRAILING = ": text after the end of the JSON object"
_QUOTED = ": a string that holds JSON; have the source leave out the quotes"
_MOST_LEVELS, _LONGEST_NAME, LONGEST_TEXT = 1_000, 50_000, 20_000_000
LIMITS = (
    f"beyond the limits: {_MOST_LEVELS:,} levels, names of {_LONGEST_NAME:,} and texts of {LONGEST_TEXT:,} characters"
)
_LONG_NUMBER = rf"[0-9][-+.0-9eE]{{{MOST_DIGITS},}}+"
_AROUND = " \t\r\n"
_SPACE = r"[ \t\r\n]*"
_QUOTED_JSON = r'^"\s*[\[{].*"\s*$'
# What is done with longer texts must not need several times their memory.
_LONGEST_LOOKED_INTO = 1_000_000
# How deep brackets are looked into; the plan grows with each level.
_MOST_PAIRS_WITHIN = 8
_BETWEEN_OBJECTS = rf"\}}{_SPACE},?{_SPACE}\{{"
_ARRAY_OF_OBJECTS = rf"^\[{_SPACE}\{{"
_NAME_OR_TEXT = '"[^"]*+"'
_SCALAR = rf"(?:{_NAME_OR_TEXT}|-?[0-9][-+.0-9eE]*|true|false|null)"
# Lines of a longer text: brackets that open, or those that close and what may follow them, a member of an object, a
# value with a comma behind it, an object that an array goes on or ends behind. Escapes are taken out before.
_PIECES = (
    r"^[\[{][\[{ \t\r]*$",
    r"^[\]}][\[\]{}, \t\r]*$",
    rf"^{_NAME_OR_TEXT}{_SPACE}:{_SPACE}(?:{_SCALAR}{_SPACE},?{_SPACE}|[\[{{].*)?$",
    rf"^{_SCALAR}{_SPACE},{_SPACE}$",
    rf"^\[?{_SPACE}\{{.*\}}{_SPACE},$",
    rf"^\{{.*\}}{_SPACE}\]{_SPACE},?{_SPACE}$",
)
_ESCAPE = r"(?s)\\."
_BEGINS_AS_JSON = '^[ \t\r]*[\\[{"\ufeff]'
_CONTROLS = "[\u0000-\u0008\u000e-\u001f]"


def told(kind: Column, *, reason: Column | None = None) -> Column:
    """Put together what a line is told to be; ``reason`` is the kind where there are no values to show."""
    return F.struct(kind.alias("kind"), (kind if reason is None else reason).alias("reason"))


def encoding_problem(line: str) -> Column:
    """Say what is wrong with the bytes of a line, as `told`; null when they are text in UTF-8."""
    # What is UTF-16 or binary may be valid UTF-8 by chance, in some of its lines.
    may_be_text = is_valid_utf8(line) & F.col(line).rlike(_BEGINS_AS_JSON)
    is_text = may_be_text & ~F.col(line).contains("\0")  # so told at once, without a search for each encoding
    no_text = F.when(_is_utf_16(line), _UTF_16).when(_as_latin(line).rlike(_CONTROLS) & ~may_be_text, _BINARY)
    detail = F.when(_is_cesu_8(line), _CESU_8).when(_is_of_one_byte(line), _ONE_BYTE).otherwise("")
    other = F.when(no_text.isNotNull(), told(F.concat(F.lit(_NO_TEXT), no_text))).when(
        ~is_valid_utf8(line), told(F.concat(F.lit(_ENCODING), detail))
    )
    return F.when(~is_text, other)


def form(line: str, contract: DataContract) -> Column:
    """Say what a line, or an object's whole text, is that is not one JSON object, as `told`."""
    return let(F.btrim(F.col(line), F.lit(_AROUND)), lambda text: _form(line, text, _Packing(contract)))


def form_of_element(line: str) -> Column:
    """Say what an element of an array, which the records are to lie in, is that is no object; as `told`."""
    text = F.btrim(F.col(line), F.lit(_AROUND))
    is_array = F.from_json(text, "array<string>", READER_OPTIONS).isNotNull()
    return _told(F.when(is_array, ": an array").when(text.rlike(_QUOTED_JSON), _QUOTED).otherwise(""))


def records_path(contract: DataContract) -> str | None:
    """Return where the records lie, as the contract says it; None where a text is the record."""
    path = contract.records_path
    return None if path is None else str(path).removeprefix("/").removesuffix("[]") or "[]"


class _Packing:
    """What is told of texts in other forms than the contract's; what it states already is never advised."""

    def __init__(self, contract: DataContract) -> None:
        self._format = contract.object_format
        self._path = records_path(contract)

    @property
    def several_objects(self) -> str:
        """What is told behind the number of objects."""
        if self._format == "document":
            return (
                ", and objectFormat document means one for each file (S3 object); write one for each file, or each on "
                "one line and no objectFormat"
            )
        if self._format == "concatenated":
            return ", with commas between them; objectFormat concatenated wants none"
        return f" on one line; end each with a newline, or {of_the_contract('objectFormat: concatenated')}"

    @property
    def comma(self) -> str:
        what = ": a comma after the object; "
        return what + ("a line must end with its }" if self._format == "lines" else "remove it")

    @property
    def array(self) -> str:
        """What is told behind the number of an array's objects."""
        if self._path is not None:
            return f", and recordsPath {self._path} wants an object"
        return f"; if these are the records, {of_the_contract(RECORDS_IN_ARRAY)}"

    @property
    def piece(self) -> str:
        where_array = "" if self._path is not None else f", and {RECORDS_IN_ARRAY} where it is an array"
        return (
            ": part of a JSON value that is spread over several lines; write each record on one line, or if each file "
            f"(S3 object) is one JSON text, {of_the_contract('objectFormat: document')}{where_array}"
        )

    @property
    def incomplete(self) -> str:
        what = ": it is incomplete, as when a file was cut off"
        if self.is_document:
            return what
        return f"{what}; if it goes on in the next line, {of_the_contract('objectFormat: document')}"

    @property
    def is_document(self) -> bool:
        return self._format == "document"


def _form(line: str, text: Column, packing: _Packing) -> Column:
    return let(
        object_count(F.regexp_replace(_without_comma(text), _BETWEEN_OBJECTS, "},{")),
        lambda objects: (
            F.when(objects > 1, _counted("several objects", objects, packing.several_objects))
            .when(text.endswith(",") & (objects == 1), _told(packing.comma))
            .when(_is_array(text), _array(text, packing))
            .otherwise(_told(_detail(line, text, packing)))
        ),
    )


def _told(detail: Column | str) -> Column:
    if isinstance(detail, str):
        return told(F.lit(f"{FORM}{detail}"))
    return let(F.concat(F.lit(FORM), detail), lambda kind: told(kind))  # noqa: PLW0108  `told` has a keyword


def _counted(kind: str, number: Column, what: str) -> Column:
    reason = F.concat(F.lit(f"{FORM}: "), F.format_string("%,d objects", number), F.lit(what))
    return told(F.lit(f"{FORM}: {kind}{what}"), reason=reason)


def _array(text: Column, packing: _Packing) -> Column:
    objects = F.size(F.from_json(text, "array<string>", READER_OPTIONS))
    shown = F.when(objects == 1, "1 object").otherwise(F.format_string("%,d objects", objects))
    reason = F.concat(F.lit(f"{FORM}: an array of "), shown, F.lit(packing.array))
    return told(F.lit(f"{FORM}: an array of objects{packing.array}"), reason=reason)


def _detail(line: str, text: Column, packing: _Packing) -> Column:
    is_piece = F.lit(False) if packing.is_document else _is_piece(text)
    return (
        F.when(text.startswith("\ufeff"), _MARK)
        .when(is_piece, packing.piece)
        .when(_begins_with_object(text), _TRAILING)
        .when(_begins_with_object(_with_short_numbers(text)), f": a number of more than {MOST_DIGITS:,} characters")
        .when(text.rlike(_QUOTED_JSON), _QUOTED)
        .when(F.octet_length(line) > _LONGEST_LOOKED_INTO, f", or {LIMITS}")
        .when(_is_incomplete(text), packing.incomplete)
        .otherwise(F.coalesce(near_json(text), F.when(may_pass_limits(line), f", or {LIMITS}"), F.lit("")))
    )


def may_pass_limits(line: str) -> Column:
    """Tell whether a text is so deep or long that the parser may have refused it for that alone."""
    return (_brackets(line) > _MOST_LEVELS) | (F.octet_length(line) > _LONGEST_NAME)


def _is_utf_16(line: str) -> Column:
    text = F.col(line)
    is_rest_of_a_newline = text == "\0"
    return is_rest_of_a_newline | text.rlike(r"\{\x00\"|\"\x00:|(?:[\x01-\x7f]\x00){4}")


def _as_latin(line: str) -> Column:
    return F.decode(F.col(line).cast("binary"), "ISO-8859-1")


def _is_cesu_8(line: str) -> Column:
    return _as_latin(line).rlike("\u00ed[\u00a0-\u00bf][\u0080-\u00bf]")


def _is_of_one_byte(line: str) -> Column:
    """Tell whether a letter beyond ASCII is less than UTF-8 needs for one; what the end cuts off does not tell."""
    letters = _as_latin(line)
    return letters.rlike("(?:^|[\u0000-\u007f])[\u0080-\u00bf]") | letters.rlike("[\u00c0-\u00ff][^\u0080-\u00bf]")


def _is_array(text: Column) -> Column:
    """Tell whether a line begins with a whole array of objects."""
    objects = F.from_json(text, "array<struct<`-` string>>", READER_OPTIONS)
    return text.rlike(_ARRAY_OF_OBJECTS) & F.forall(objects, lambda found: found.isNotNull())


def _without_comma(text: Column) -> Column:
    return F.when(text.endswith(","), text.substr(F.lit(1), F.length(text) - 1)).otherwise(text)


def _is_piece(text: Column) -> Column:
    # Without escapes, so that no pattern needs a group for each: Java's stack would not last on long texts.
    plain = F.regexp_replace(text, _ESCAPE, "_")
    return any_of(plain.rlike(f"(?s){pattern}") for pattern in _PIECES)


def _is_incomplete(text: Column) -> Column:
    """Tell whether brackets are left open at the end of a text, and all that were closed are those opened last."""
    without_texts = F.regexp_replace(F.regexp_replace(text, _ESCAPE, "_"), _NAME_OR_TEXT, "")
    # A quote too many or too few makes brackets of what is text, and text of what is brackets.
    may_lack_a_quote = without_texts.contains('"') & text.rlike(r"[\]}]$")
    brackets = F.regexp_replace(F.substring_index(without_texts, '"', 1), r"[^\[\]{}]++", "")
    for _ in range(_MOST_PAIRS_WITHIN):
        brackets = F.regexp_replace(brackets, r"\[\]|\{\}", "")
    return brackets.rlike(r"^[\[{]+$") & ~may_lack_a_quote


def _begins_with_object(text: Column) -> Column:
    parsed = F.from_json(text, f"struct<`-` string, {REFUSED} string>", READER_OPTIONS)
    return text.startswith("{") & parsed[REFUSED].isNull()


def _with_short_numbers(text: Column) -> Column:
    return F.regexp_replace(text, _LONG_NUMBER, "0")


def _brackets(line: str) -> Column:
    """Count the brackets that open, which are at least as many as the levels."""
    return F.length(line) - F.length(F.translate(line, "[{", ""))
