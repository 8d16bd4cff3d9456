"""What Spark's JSON parser would change without a word, told from the raw line before it is parsed.

Knows lines as text and a contract's types; must not know how lines are framed or what becomes of them. Each look costs
a search of the line; only what that finds is parsed once more.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import DataContract
from contract.ddl_types import inner_types, kind_of
from curation.framing import is_ascii
from curation.json_reader import JSON_OPTIONS

Test = Callable[[Column], Column]

# Java takes the digits of all scripts, and Swiss German groups them by an apostrophe. None is before U+0660; those
# beyond U+FFFF it does not take.
_FOREIGN = "[\u0660-\uffff]"
_FOREIGN_NUMBER = rf'"[-0-9.E]*+(?:{_FOREIGN}|\\u)'
_BEYOND_ASCII = r"[^\x00-\x7f]"
# What becomes of a number beyond any double as the value of a text column; a string of JSON comes without its quotes.
_INFINITIES = ('"Infinity"', '"-Infinity"')


def holds_foreign_decimal(line: str, contract: DataContract) -> Column:
    """Tell whether a decimal is given as a string with characters beyond ASCII, which would be read as a number."""
    text, types = F.col(line), _types_with("decimal", contract)
    may = F.when(~is_ascii(line), text.rlike(_FOREIGN)).otherwise(F.lit(False)) | text.contains(r"\u")
    found = foreign_decimals(text, types)
    return _looked_at(may, _looked_at(text.rlike(_FOREIGN_NUMBER), _any_of(found.values()))) if types else F.lit(False)


def foreign_decimals(object_: Column, types: Mapping[str, str]) -> dict[str, Column]:
    """Tell of each of these columns that has decimals whether one is in a string with characters beyond ASCII."""
    types = {name: type_ for name, type_ in types.items() if _has(type_, "decimal")}
    as_texts = {name: re.sub(r"decimal\([0-9,]+\)", "string", type_) for name, type_ in types.items()}
    return _found(object_, types, as_texts, "decimal", lambda text: text.rlike(_BEYOND_ASCII))


def became_infinity(value: Column, type_: str) -> Column:
    """Tell whether a text, here or anywhere inside, is what the parser makes of a number beyond any double."""
    return _holds(value, type_, "string", lambda text: text.isin(*_INFINITIES))


def infinities_as_text(object_: Column, contract: DataContract) -> dict[str, Column]:
    """Tell of each column that has text whether such a number became text there."""
    types = _types_with("string", contract)
    return _found(object_, types, types, "string", lambda text: text.isin(*_INFINITIES))


def _types_with(kind: str, contract: DataContract) -> dict[str, str]:
    return {column.name: column.type for column in contract.columns if _has(column.type, kind)}


def _has(type_: str, kind: str) -> bool:
    return kind_of(type_) == kind or any(_has(inner, kind) for inner in inner_types(type_).values())


def _found(
    object_: Column, types: Mapping[str, str], read_types: Mapping[str, str], kind: str, test: Test
) -> dict[str, Column]:
    """Tell of each column of an object, read as another type, whether a test holds for any value of a kind in it."""
    ddl = ", ".join(f"`{name}` {type_}" for name, type_ in read_types.items())
    parsed = F.from_json(object_, f"struct<{ddl}>", JSON_OPTIONS)
    return {name: _holds(parsed[name], type_, kind, test) for name, type_ in types.items()}


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
    return _any_of(F.coalesce(one, F.lit(False)) for one in found)


def _any_holds(values: Column, type_: str, kind: str, test: Test) -> Column:
    if type_ == kind == "string":  # what is asked of texts; without a function for each, which Spark would not compile
        return _any_of(F.array_contains(values, word) for word in _INFINITIES)
    return F.exists(values, lambda value: _holds(value, type_, kind, test)) if _has(type_, kind) else F.lit(False)


def _any_of(found: Iterable[Column]) -> Column:
    return reduce(Column.__or__, found, F.lit(False))


def _looked_at(may: Column, look: Column) -> Column:
    # Not by AND: Spark works out what occurs twice in either side of it before it looks at one.
    return F.coalesce(F.when(may, look), F.lit(False))
