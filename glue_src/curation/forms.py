"""What a line is that is not one JSON object, in words, as far as that can be told.

Costs several parses, of such lines only; must not look at a contract's columns.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from curation.framing import Frame, is_valid_utf8
from curation.json_reader import MOST_DIGITS, READER_OPTIONS, REFUSED

_ENCODING, _FORM = "not valid UTF-8", "not one JSON object"
_UTF_16 = ": UTF-16, or another encoding of two bytes for each letter; write UTF-8"
_CESU_8 = ": half a character, or a pair of halves as CESU-8 writes them"
_MARK = ": a byte order mark before it, as where files were joined; leave it out"
_ARRAY_OF_OBJECTS = r"^\[[ \t\r]*(?:\{|$)"
_ARRAY = ": an array; write each of its objects on a line of its own"
_LIMITS = ", or more than is read of one: 1,000 levels, names of 50,000 and texts of 20,000,000 characters"
_MOST_LEVELS, _LONGEST_NAME = 1_000, 50_000
_LONG_NUMBER = rf"[0-9][-+.0-9eE]{{{MOST_DIGITS},}}+"
_BETWEEN_OBJECTS = r"\}[ \t\r]*,?[ \t\r]*\{"


def encoding_problem(line: str) -> Column:
    """Say what is wrong with the bytes of a line; null when they are UTF-8."""
    detail = F.when(_is_utf_16(line), _UTF_16).when(_is_cesu_8(line), _CESU_8).otherwise("")
    return F.when(~is_valid_utf8(line), F.concat(F.lit(_ENCODING), detail))


def form(line: str) -> Column:
    """Say what a line is that is not one JSON object."""
    text, objects = F.trim(line), _object_count(line)
    several = F.concat(F.lit(": "), objects.cast("string"), F.lit(" objects on one line; end each with a newline"))
    detail = (
        F.when(_is_utf_16(line), _UTF_16)
        .when(text.startswith("\ufeff"), _MARK)
        .when(text.rlike(_ARRAY_OF_OBJECTS), _ARRAY)
        .when(objects > 1, several)
        .when(_begins_with_object(text), ": something behind it")
        .when(_begins_with_object(_with_short_numbers(text)), f": a number of more than {MOST_DIGITS:,} characters")
        .when((_brackets(line) > _MOST_LEVELS) | (F.octet_length(line) > _LONGEST_NAME), _LIMITS)
        .otherwise("")
    )
    return F.concat(F.lit(_FORM), detail)


def _is_utf_16(line: str) -> Column:
    return F.col(line).contains('{\0"') | F.col(line).contains('"\0:')


def _is_cesu_8(line: str) -> Column:
    as_latin = F.decode(F.col(line).cast("binary"), "ISO-8859-1")
    return as_latin.rlike("\u00ed[\u00a0-\u00bf][\u0080-\u00bf]")


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
