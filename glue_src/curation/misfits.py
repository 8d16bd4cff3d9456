"""Which values of a record do not fit their columns, in words, wherever in the record they lie.

Works on one record as text. Costs several parses, of malformed lines only.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract.ddl_types import inner_types, kind_of
from contract.read_types import TIMES, read_type
from contract.sources import NO_FIELD, Source, Steps
from curation.composing import let
from curation.forms import TOLD, told
from curation.json_reader import JSON_OPTIONS
from curation.record_fields import field_value, fields_ddl, quoted
from curation.remedies import remedy
from curation.silent_changes import INFINITIES, without_misread_numbers
from curation.typed_values import typed_value

# What is left of a column's path, and the column under the name by which a message calls it.
_Read = tuple[Steps, ContractColumn]
_LONGEST_VALUE = 80
# How many structs within each other are looked into; the plan grows with each.
_DEEPEST = 4
_OPTIONS = {**JSON_OPTIONS, "columnNameOfCorruptRecord": NO_FIELD}  # which has to have a name
_ANY_OBJECT, _ANY_ARRAY = f"struct<`{NO_FIELD}` string>", "array<string>"
# A number with a fraction or an exponent, as the parser shows it: the nearest double, or this word.
_DOUBLE = r'^"?-?(?:Infinity|[0-9]+[.][0-9]+(?:E-?[0-9]+)?)"?$'
_INFINITY_WORDS = ("Infinity", "-Infinity")
BEYOND_DOUBLES = r"[0-9.][eE][+]?+0*+[1-9][0-9]{2}|[0-9]{300}"  # what may be
_JSON_IN_A_STRING = "a string that holds JSON; make it a string column, or have the source leave out the quotes"
_MAY_HOLD_OTHERS = r"^\s*[\[{]"
_NUMBER = r"[ \t]*:[ \t]*(-?[0-9][-+.0-9eE]*)"


def misfits(columns: Iterable[ContractColumn], record: Column) -> Column:
    """Name the values of a record, a JSON object as text, that do not fit their columns, as an array of `told`."""
    reads = [
        (source.steps, replace(column, name=_called(column, source), sources=(source,)))
        for column in columns
        for source in column.sources
        if not source.in_envelope
    ]
    return _misfits(reads, record, depth=0)


def number_of(field: str) -> Column:
    """Return the pattern of a field's number in a line, for `number_as_it_stood`."""
    return F.lit(f'"{re.escape(field)}"{_NUMBER}')


def number_as_it_stood(number: Column) -> Column:
    """Return a field's number as it stood in the line, by `number_of`; null where the line has none or several."""
    numbers = F.regexp_extract_all("_line", number, F.lit(1))
    return F.when(F.size(numbers) == 1, F.substring(numbers[0], 1, _LONGEST_VALUE))


def _at_most_one(is_there: Column, misfit: Column) -> Column:
    """Return an array of what is told, or an empty one."""
    return F.when(is_there, F.array(misfit)).otherwise(_none())


def _none() -> Column:
    """Return an array of nothing told."""
    return F.array().cast(f"array<{TOLD}>")


def _called(column: ContractColumn, source: Source) -> str:
    return column.name if source == Source((column.name,)) else f"{column.name} ({source})"


def _misfits(reads: Sequence[_Read], object_: Column, *, depth: int) -> Column:
    """Name the misfits of an object, given as text."""
    fields: dict[str, list[_Read]] = {}
    for (field, *rest), column in reads:
        if rest or column.type != "string":  # every value can be read as a text
            fields.setdefault(str(field), []).append((tuple(rest), column))
    if not fields:
        return _none()
    simple = {
        field: read_type(inside[0][1])
        for field, inside in fields.items()
        if not inside[0][0] and not inner_types(inside[0][1].type)
    }
    texts, values = dict.fromkeys(fields, "string"), simple or {NO_FIELD: "string"}
    return let(
        F.struct(
            F.from_json(object_, _struct(texts), _OPTIONS).alias("texts"),
            _typed(object_, _struct(values)).alias("values"),
        ),
        lambda found: F.flatten(
            F.array(*(_of_field(field, inside, object_, found, depth=depth) for field, inside in fields.items()))
        ),
    )


def _of_field(field: str, inside: Sequence[_Read], object_: Column, parsed: Column, *, depth: int) -> Column:
    rest, column = inside[0]
    shown = _Shown(field, object_, parsed["texts"].getField(field))
    if rest and isinstance(rest[0], str):
        return _of_object(field, inside, object_, shown, depth=depth)
    if rest:
        return F.flatten(F.array(*(_of_array(steps, one, object_, field, shown) for steps, one in inside)))
    if inner_types(column.type):
        found = [_complex_misfit(field, one, object_, shown, depth=depth) for _, one in inside]
    else:
        found = [_simple_misfit(one, shown, parsed["values"].getField(field)) for _, one in inside]
    return F.flatten(F.array(*found))


def _of_object(field: str, inside: Sequence[_Read], object_: Column, shown: "_Shown", *, depth: int) -> Column:
    """Name the misfits of an object that columns look into, or say that it is none."""
    source = inside[0][1].sources[0]
    path = Source(source.steps[: len(source.steps) - len(inside[0][0])])
    is_object = F.from_json(object_, _struct({field: _ANY_OBJECT}), _OPTIONS).getField(field).isNotNull()
    columns = ", ".join(dict.fromkeys(column.name for _, column in inside))
    what = f"{path} is not an object, in which {columns} would lie"
    as_string = F.lit(f"{what}: {_JSON_IN_A_STRING}")
    other = F.when(shown.text.rlike(r"^\s*\{"), told(as_string)).otherwise(
        told(F.lit(what), reason=F.concat(F.lit(f"{what}: "), shown.in_words()))
    )
    within = _misfits(inside, shown.text, depth=depth)
    return F.when(shown.text.isNull(), _none()).when(is_object, within).otherwise(F.array(other))


def _of_array(rest: Steps, column: ContractColumn, object_: Column, field: str, shown: "_Shown") -> Column:
    """Name an array, of whose elements one is read by position, if it or any of them does not fit."""
    here = replace(column, sources=(Source((field, *rest)),))
    parsed = _typed(object_, f"struct<{fields_ddl([here], read_type)}>")
    value = field_value(here, parsed.getField)
    is_misfit = parsed.getField(field).isNull() | (value.isNotNull() & typed_value(value, column).isNull())
    what = f"{column.name} is not {column.type}, or another element of its array is not"
    return _at_most_one(
        shown.text.isNotNull() & is_misfit,
        told(F.lit(what), reason=F.concat(F.lit(f"{what}: "), shown.in_words())),
    )


def _simple_misfit(column: ContractColumn, shown: "_Shown", value: Column) -> Column:
    named = let(shown.is_string, lambda is_string: _named(column, shown.text, is_string=is_string))
    return _at_most_one(_is_misfit(column, shown.text, value), named)


def _complex_misfit(field: str, column: ContractColumn, object_: Column, shown: "_Shown", *, depth: int) -> Column:
    """Name a value that holds others, or the fields inside of a struct that do not fit.

    It is parsed alone, because behind a misfit inside of it the parser reads nothing.
    """
    text = shown.text
    value, as_object, as_array = (
        _typed(object_, _struct({field: type_})).getField(field)
        for type_ in (read_type(column), _ANY_OBJECT, _ANY_ARRAY)
    )
    named = F.array(let(shown.is_string, lambda is_string: _named(column, text, is_string=is_string)))
    if kind_of(column.type) == "struct" and depth < _DEEPEST:
        alone = named
        named = let(
            _misfits(_fields_of(column), text, depth=depth + 1),
            lambda inside: F.when(F.size(inside) == 0, alone).otherwise(inside),
        )
    # A struct that was sent as a string looks like one where its text is shown.
    is_string = as_object.isNull() & as_array.isNull() & text.rlike(_MAY_HOLD_OTHERS)
    as_string = F.array(_named(column, text, is_string=F.lit(True), detail=F.lit(_JSON_IN_A_STRING)))
    found = F.when(is_string, as_string).otherwise(named)
    return F.when(_is_misfit(column, text, value), found).otherwise(_none())


def _fields_of(struct: ContractColumn) -> list[_Read]:
    return [
        ((name,), replace(struct, name=f"{struct.name}.{name}", type=type_, sources=(Source((name,)),)))
        for name, type_ in inner_types(struct.type).items()
    ]


def _is_misfit(column: ContractColumn, text: Column, value: Column) -> Column:
    return text.isNotNull() & typed_value(value, column).isNull()


class _Shown:
    """The value of a field as text, and whether it stood in quotes, which its text no longer tells."""

    def __init__(self, field: str, object_: Column, text: Column) -> None:
        self.field, self.text = field, text
        # What takes no string of JSON; asked of a value only where it does not fit.
        number, boolean = (
            F.from_json(object_, _struct({field: type_}), _OPTIONS).getField(field) for type_ in ("double", "boolean")
        )
        unquoted = F.when(text.isin("true", "false"), boolean.isNotNull()).otherwise(number.isNotNull())
        # Inside of another value the parser shows a number beyond any double as a string.
        infinite = F.col("_line").rlike(rf'"{re.escape(field)}"[ \t]*:[ \t]*-?[0-9.]*(?:{BEYOND_DOUBLES})')
        is_string = F.when(text.isin(*_INFINITY_WORDS) & infinite, F.lit(False)).otherwise(~unquoted)
        # Not told of what may hold others.
        self.is_string = F.when(text.rlike(_MAY_HOLD_OTHERS), F.lit(False)).otherwise(is_string)

    def in_words(self) -> Column:
        """Show the value, cut where it is long."""
        return let(self.is_string, lambda is_string: _shown(self.text, self.field, is_string=is_string))


def _shown(text: Column, field: str, *, is_string: Column) -> Column:
    cut = F.when(F.length(text) > _LONGEST_VALUE, F.concat(F.substring(text, 1, _LONGEST_VALUE), F.lit("…")))
    in_quotes = F.concat(F.lit('"'), F.coalesce(cut, text), F.lit('"'))
    as_it_stood = F.when(text.rlike(_DOUBLE), number_as_it_stood(number_of(field)))
    is_infinite = text.isin(*INFINITIES, *_INFINITY_WORDS)
    other = F.when(is_infinite, F.lit("a number beyond any double")).otherwise(_with_infinities(text))
    return F.when(is_string, in_quotes).otherwise(F.substring(F.coalesce(as_it_stood, other), 1, _LONGEST_VALUE))


def _with_infinities(text: Column) -> Column:
    """Show a value that holds others without the quotes that the parser puts around a number beyond any double."""
    unquoted = F.regexp_replace(text, '"(-?Infinity)"', "$1")
    return F.when(text.contains('Infinity"') & F.col("_line").rlike(BEYOND_DOUBLES), unquoted).otherwise(text)


def _named(column: ContractColumn, text: Column, *, is_string: Column, detail: Column | None = None) -> Column:
    """Say that a value does not fit its column, and what it looks like, where there is something to say."""
    what = f"{column.name} is not {column.type}{_stated(column)}"
    shown = _shown(text, column.sources[0].name, is_string=is_string)
    return let(
        remedy(column, text, is_string=is_string) if detail is None else detail,
        lambda looks: told(
            F.concat_ws(": ", F.lit(what), looks),
            reason=F.concat(F.lit(f"{what}: "), F.concat_ws(", ", shown, looks)),
        ),
    )


def _stated(column: ContractColumn) -> str:
    """Say in which form the contract states that a value comes, where it is not the usual one."""
    if column.type in TIMES and column.epoch_unit is not None:
        return f" of epochUnit {column.epoch_unit}"
    if column.type in TIMES and column.time_pattern is not None:
        return f" of format {column.time_pattern}"
    return ""


def _typed(object_: Column, ddl: str) -> Column:
    parsed = without_misread_numbers(object_) if "decimal" in ddl else object_
    return F.from_json(parsed, ddl, _OPTIONS)


def _struct(fields: Mapping[str, str]) -> str:
    return f"struct<{', '.join(f'{quoted(name)} {type_}' for name, type_ in fields.items())}>"
