"""What a line is that is not one JSON object, in words, and what a contract would have to say to read it all the same.

Costs several parses, of such lines only; must not look at a contract's columns.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from curation.conditions import any_of
from curation.framing import Frame, is_valid_utf8
from curation.json_reader import MOST_DIGITS, READER_OPTIONS, REFUSED

# What a line is told to be: in general, the same for all lines with the same fault, and with its own values.
TOLD = "struct<kind:string,reason:string>"
_ENCODING, _FORM, _NO_TEXT = "not valid UTF-8", "not one JSON object", "not UTF-8 text"
_UTF_16 = ": UTF-16, or another encoding of two bytes for each letter; write UTF-8"
_CESU_8 = ": half a character, or a pair of halves as CESU-8 writes them"
_BINARY = ": binary data, such as gzip in an object whose name does not end in .gz, or compressed twice"
_ONE_BYTE = ": Latin-1, Windows-1252 or another encoding of one byte for each letter; write UTF-8"
_MARK = ": a byte order mark before it, as where files were joined; leave it out"
_ARRAY = ': an array; if its elements are the records, state recordsPath: "[]" in the contract'
_SEVERAL = " objects on one line; end each with a newline, or state objectFormat: concatenated in the contract"
_PIECE = (
    ": a piece of JSON that goes over several lines; if each object of storage is one JSON text, state objectFormat: "
    'document in the contract (and recordsPath: "[]" where it is an array)'
)
_UNENDED = (
    ": it has no end, as where a file was cut off; if it goes on in the next line, state objectFormat: document in the "
    "contract"
)
_QUOTED = ": a string that holds JSON; have the source leave out the quotes"
_LIMITS = ", or more than is read of one: 1,000 levels, names of 50,000 and texts of 20,000,000 characters"
_MOST_LEVELS, _LONGEST_NAME = 1_000, 50_000
_LONG_NUMBER = rf"[0-9][-+.0-9eE]{{{MOST_DIGITS},}}+"
_SPACE = r"[ \t\r]*"
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
    rf"^\[?{_SPACE}\{{.*\}}{_SPACE},{_SPACE}$",
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


def form(line: str) -> Column:
    """Say what a line is that is not one JSON object, as `told`."""
    objects = _object_count(line)
    several = told(
        F.lit(f"{_FORM}: several{_SEVERAL}"),
        reason=F.concat(F.lit(f"{_FORM}: "), objects.cast("string"), F.lit(_SEVERAL)),
    )
    return F.when(objects > 1, several).otherwise(
        told(F.concat(F.lit(_FORM), _detail(line, F.btrim(F.col(line), F.lit(" \t\r")))))
    )


def _detail(line: str, text: Column) -> Column:
    return (
        F.when(text.startswith("\ufeff"), _MARK)
        .when(_is_array(text), _ARRAY)
        .when(_is_piece(text), _PIECE)
        .when(_begins_with_object(text), ": something behind it")
        .when(_begins_with_object(_with_short_numbers(text)), f": a number of more than {MOST_DIGITS:,} characters")
        .when((_brackets(line) > _MOST_LEVELS) | (F.octet_length(line) > _LONGEST_NAME), _LIMITS)
        .when(_has_no_end(text), _UNENDED)
        .when(text.rlike(r'^"\s*[\[{].*"\s*$'), _QUOTED)
        .otherwise("")
    )


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


def _is_piece(text: Column) -> Column:
    # Without escapes, so that no pattern needs a group for each: Java's stack would not last on long texts.
    plain = F.regexp_replace(text, _ESCAPE, "_")
    return any_of(plain.rlike(f"(?s){pattern}") for pattern in _PIECES)


def _has_no_end(text: Column) -> Column:
    opened, closed = (F.length(text) - F.length(F.translate(text, brackets, "")) for brackets in ("[{", "]}"))
    return text.startswith("{") & (opened > closed)


def _object_count(line: str) -> Column:
    """Count the objects that a line consists of, with nothing or commas between them; null for another line."""
    end = Frame().end
    separated = F.regexp_replace(line, _BETWEEN_OBJECTS, "},{")
    # The last element is found only if all before it was read, and was nothing but objects.
    array = F.concat(F.lit("["), separated, F.lit(f',{{"{end}":1}}]'))
    objects = F.from_json(array, f"array<struct<{end} bigint>>", READER_OPTIONS)
    is_whole = F.forall(objects, lambda found: found.isNotNull()) & F.element_at(objects, -1)[end].isNotNull()
    return F.when(is_whole, F.size(objects) - 1)


def _begins_with_object(text: Column) -> Column:
    parsed = F.from_json(text, f"struct<`-` string, {REFUSED} string>", READER_OPTIONS)
    return text.startswith("{") & parsed[REFUSED].isNull()


def _with_short_numbers(text: Column) -> Column:
    return F.regexp_replace(text, _LONG_NUMBER, "0")


def _brackets(line: str) -> Column:
    """Count the brackets that open, which are at least as many as the levels."""
    return F.length(line) - F.length(F.translate(line, "[{", ""))
