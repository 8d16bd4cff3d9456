"""What Spark's JSON parser would change without a word, told from the raw line before it is parsed.

Knows lines as text and a contract's types; must not know how lines are framed or what becomes of them. Each look costs
a search of the line; only what that finds is parsed once more.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from contract.ddl_types import holds, inner_types, kind_of, with_leaves
from contract.read_types import read_leaf, read_type
from contract.sources import REFUSED
from curation.composing import any_of, let
from curation.json_reader import JSON_OPTIONS, READER_OPTIONS
from curation.record_fields import field_value, fields_ddl

Test = Callable[[Column], Column]

# Java takes the digits of all scripts, and Swiss German groups them by an apostrophe. None is before U+0660; those
# beyond U+FFFF it does not take.
_FOREIGN = "[\u0660-\uffff]"
_FOREIGN_NUMBER = rf'"[-0-9.E]*+(?:{_FOREIGN}|\\u)'
# An exponent of four digits or more, without zeros in front: as many digits would have to be written out, which takes
# minutes with eight.
_HUGE_EXPONENT = "[eE][-+]?+0*+[1-9][0-9]{3}"
_HUGE = rf"[0-9.]{_HUGE_EXPONENT}"
# The same in a string, with any of its characters escaped.
_ESCAPED_NUMBER = r"(?:[-0-9.]|\\u00(?:2[dDeE]|3[0-9]))++"
_ESCAPED_EXPONENT = (
    r"(?:[eE]|\\u00[46]5)(?:[-+]|\\u002[bBdD])?+(?:0|\\u0030)*+(?:[1-9]|\\u003[1-9])(?:[0-9]|\\u003[0-9]){3,}+"
)
# What the parser may read as a number, with characters beyond ASCII.
_FOREIGN_STRING = (
    r"(?:[-0-9.E]|\\u00[0-7][0-9a-fA-F])*+(?:[^\x00-\x7f]|\\u(?!00[0-7])[0-9a-fA-F]{4})"
    r"(?:[-0-9.E]|\\u[0-9a-fA-F]{4}|[^\x00-\x7f])*+"
)
_MISREAD_STRING = rf'"(?:{_ESCAPED_NUMBER}{_ESCAPED_EXPONENT}|{_FOREIGN_STRING})"(?![ \t\r\n]*+:)'  # and is no name
_MISREAD_NUMBER = rf'(?:"-?+[0-9.]++{_HUGE_EXPONENT}[0-9]*+"|{_MISREAD_STRING}|-?+[0-9.]++{_HUGE_EXPONENT}[0-9]*+)'
_BEFORE_A_MISREAD_NUMBER = (
    rf'\G((?:[^"0-9-]++|(?!{_MISREAD_NUMBER})(?:"(?:[^"\\]++|\\.)*+"|-?+[0-9][-+.0-9eE]*+))*+){_MISREAD_NUMBER}'
)
# What becomes of a number beyond any double as the value of a text column; a string of JSON comes without its quotes.
INFINITIES = ('"Infinity"', '"-Infinity"')
_BEHIND_QUOTES = "#"


def holds_misread_decimal(line: str, contract: DataContract, *, escaped: bool) -> Column:
    """Tell whether a line holds one of the `misread_decimals`.

    In a line that has characters ``escaped``, names too may be spelt otherwise.
    """
    text, columns = F.col(line), _columns_with("decimal", contract)
    if not columns:
        return F.lit(False)
    if escaped:
        return misread_decimals(text, columns)
    return F.coalesce(F.when(text.rlike(_misread_number_of(columns)), _are_misread(text, columns)), F.lit(False))


def misread_decimals(object_: Column, columns: Iterable[ContractColumn]) -> Column:
    """Tell whether a decimal must not be parsed: as a string with characters beyond ASCII it would become a number.

    The same goes for one with a huge exponent, of which the parser writes out all digits.
    """
    with_decimals = [column for column in columns if _has(column.type, "decimal")]
    if not with_decimals:
        return F.lit(False)
    may = object_.rlike(rf"{_FOREIGN_NUMBER}|{_HUGE}")
    return F.coalesce(F.when(may, _are_misread(object_, with_decimals)), F.lit(False))


def _are_misread(object_: Column, with_decimals: Sequence[ContractColumn]) -> Column:
    ddl = f"struct<{fields_ddl(with_decimals, read_type)}, {REFUSED} string>"
    parsed = F.from_json(without_misread_numbers(object_), ddl, READER_OPTIONS)
    return object_.rlike(rf"{_HUGE}|{_MISREAD_STRING}") & parsed[REFUSED].isNotNull()


def _misread_number_of(columns: Sequence[ContractColumn]) -> str:
    """Return a pattern for such a value of one of these columns: a search for few names costs little."""
    sources = [source for column in columns for source in column.sources]
    if any(kind_of(column.type) != "decimal" for column in columns) or any(
        isinstance(source.steps[-1], int) for source in sources
    ):
        return rf"{_FOREIGN_NUMBER}|{_HUGE}"
    names = list(dict.fromkeys(re.escape(json.dumps(source.name, ensure_ascii=False)) for source in sources))
    either = names[0] if len(names) == 1 else f"(?:{'|'.join(names)})"
    return rf'{either}[ \t\r\n]*+:[ \t\r\n]*+(?:{_FOREIGN_NUMBER}|"?+[-0-9.]++{_HUGE_EXPONENT})'


def without_misread_numbers(text: Column) -> Column:
    """Return JSON with a text, which is no number, in place of each that no decimal may be made of.

    Texts that look like one are replaced too: fit to judge decimals by, never to keep anything of.
    """
    return F.regexp_replace(text, _BEFORE_A_MISREAD_NUMBER, '$1"misread"')


def became_infinity(value: Column, type_: str) -> Column:
    """Tell whether a text, here or anywhere inside, is what the parser makes of a number beyond any double."""
    # One byte tells nearly every text.
    return _holds(value, type_, "string", lambda text: text.startswith('"') & text.isin(*INFINITIES))


def infinities_as_text(
    object_: Column, contract: DataContract, told: Callable[[ContractColumn], Column]
) -> Column | None:
    """Return what is ``told`` of each column where such a number became text, as an array; None where none has text."""
    columns = _columns_with("string", contract)

    def found(parsed: Column) -> Column:
        holds = _in_each(columns, parsed, "string", lambda text: text.isin(*INFINITIES))
        return F.array_compact(F.array(*(F.when(holds[column.name], told(column)) for column in columns)))

    return let(_parsed(object_, columns), found) if columns else None


def _columns_with(kind: str, contract: DataContract) -> list[ContractColumn]:
    """Return the columns that are read from the record and have a value of a kind; of others, see `records`."""
    here = (
        replace(column, sources=sources)
        for column in contract.read_columns
        if (sources := tuple(source for source in column.sources if not source.in_envelope))
    )
    return [column for column in here if _has(column.type, kind)]


def _has(type_: str, kind: str) -> bool:
    return holds(type_, (kind,))


def _parsed(object_: Column, columns: Sequence[ContractColumn]) -> Column:
    """Parse what is read of these columns, decimals as texts."""

    def as_text(column: ContractColumn) -> str:
        return with_leaves(
            column.type, lambda leaf: "string" if kind_of(leaf) == "decimal" else read_leaf(leaf, column)
        )

    return F.from_json(object_, f"struct<{fields_ddl(columns, as_text)}>", JSON_OPTIONS)


def _in_each(columns: Sequence[ContractColumn], parsed: Column, kind: str, test: Test) -> dict[str, Column]:
    """Tell of each column of a parsed object whether a test holds for any value of a kind in it."""
    return {column.name: _holds(field_value(column, parsed.getField), column.type, kind, test) for column in columns}


def _holds(value: Column, type_: str, kind: str, test: Test) -> Column:
    """Tell whether a test holds for a value of a kind, here or anywhere inside; for none that is null."""
    inner = inner_types(type_)
    match kind_of(type_):
        case here if here == kind:
            found = [test(value)]
        case "array":
            found = [_any_holds(value, inner["element"], kind, test)]
        case "map":
            found = [_any_holds(F.map_values(value), inner["value"], kind, test)]
        case _:
            found = [_holds(value[name], field, kind, test) for name, field in inner.items() if _has(field, kind)]
    return any_of(F.coalesce(one, F.lit(False)) for one in found)


def _any_holds(values: Column, type_: str, kind: str, test: Test) -> Column:
    if type_ == kind == "string":  # what is asked of texts; without a function for each, which Spark would not compile
        words = any_of(F.array_contains(values, word) for word in INFINITIES)
        # One search tells nearly every array: few texts sort before the words' quotes.
        return F.when(F.array_min(values) < F.lit(_BEHIND_QUOTES), words).otherwise(F.lit(False))
    return F.exists(values, lambda value: _holds(value, type_, kind, test)) if _has(type_, kind) else F.lit(False)
