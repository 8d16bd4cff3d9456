"""What a text is that is nearly JSON, or none at all, in words; told only where it is certain.

Works on one text. Costs several parses, of texts that are not one JSON object only.
"""

from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from curation.composing import let
from curation.framing import Frame
from curation.json_reader import READER_OPTIONS

_NAN: Final = ": NaN or Infinity, which JSON does not have; write null"
_PYTHON: Final = (
    ": text in single quotes, or True, False and None, as Python prints them; write JSON, for example with json.dumps"
)
_LAST_COMMA: Final = ": a comma before } or ]; remove it"
_PAGE: Final = ": HTML or XML, such as the error page of a server; have the source write JSON"
_PLAIN_TEXT: Final = ": plain text, such as CSV or a log line; have the source write JSON"
_WITH_NAN: Final = {**READER_OPTIONS, "allowNonNumericNumbers": "true"}
_LIKE_PYTHON: Final = {**_WITH_NAN, "allowSingleQuotes": "true"}
_STRING: Final = r'"(?:[^"\\]++|\\.)*+"'
_WORD: Final = r"\b(?:True|False|None)\b"
_PYTHON_WORD: Final = rf"\G((?:[^\"'TFN]++|{_STRING}|'(?:[^'\\]++|\\.)*+'|(?!{_WORD})[TFN])*+){_WORD}"
_IS_PAGE: Final = "^<[!?/A-Za-z]"
# A JSON value has no brace either, where it is a number, a word or a string.
_IS_PLAIN_TEXT: Final = r'(?s)^(?!true$|false$|null$)[^\["{}][^{}]*$'
_HAS_WORD: Final = r"\p{L}{2}"


def near_json(text: Column) -> Column:
    """Say how a trimmed text differs from one JSON object; null where that is not certain."""
    return (
        F.when(text.rlike(_IS_PAGE), _PAGE)
        .when(text.rlike(_IS_PLAIN_TEXT) & text.rlike(_HAS_WORD), _PLAIN_TEXT)
        .when(object_count(text, _WITH_NAN) == 1, _NAN)
        .when(object_count(_without_last_commas(text)) == 1, _LAST_COMMA)
        .when(object_count(_without_python_words(text), _LIKE_PYTHON) == 1, _PYTHON)
    )


def object_count(text: Column, options: dict[str, str] = READER_OPTIONS) -> Column:
    """Count the objects that a text consists of, with commas between them; null for another text."""
    end = Frame().end
    # The last element is found only if all before it was read, and was nothing but objects.
    array = F.concat(F.lit("["), text, F.lit(f',{{"{end}":1}}]'))

    def count(objects: Column) -> Column:
        is_whole = F.forall(objects, lambda found: found.isNotNull()) & F.element_at(objects, -1)[end].isNotNull()
        return F.when(is_whole, F.size(objects) - 1)

    return let(F.from_json(array, f"array<struct<{end} bigint>>", options), count)


def _without_last_commas(text: Column) -> Column:
    return F.regexp_replace(text, rf"({_STRING})|,(\s*[}}\]])", "$1$2")


def _without_python_words(text: Column) -> Column:
    return F.regexp_replace(text, _PYTHON_WORD, "$1null")
