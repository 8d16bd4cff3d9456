"""Why a line is in quarantine, in words. Costs several more parses, of malformed lines only."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from contract.ddl_types import inner_types, kind_of
from contract.read_types import read_type
from curation.forms import encoding_problem, form
from curation.framing import Frame, has_lone_surrogate
from curation.json_reader import JSON_OPTIONS, READER_OPTIONS, REFUSED
from curation.silent_changes import foreign_decimals, infinities_as_text
from curation.typed_values import typed_value

_LONGEST_VALUE = 80
# How many structs within each other are looked into; the plan grows with each.
_DEEPEST = 4
# No field of a contract can have this name, and the parser's own column has to have one.
_NO_FIELD = "-"
_OPTIONS = {**JSON_OPTIONS, "columnNameOfCorruptRecord": _NO_FIELD}
_ANY_OBJECT, _ANY_ARRAY = f"struct<`{_NO_FIELD}` string>", "array<string>"
_HALF_CHARACTER = "half a character: a surrogate escape (\\ud800 to \\udfff) without its other half"
_MISFIT = "value does not fit its type: "
_TWICE = "a field is given more than once, with a value that does not fit its type: "
# A number with a fraction or an exponent, as the parser shows it: the nearest double, or this word.
_DOUBLE = r'^"?-?(?:Infinity|[0-9]+[.][0-9]+(?:E-?[0-9]+)?)"?$'
_NUMBER = r"[ \t]*:[ \t]*(-?[0-9][-+.0-9eE]*)"


def reason(contract: DataContract) -> Column:
    """Explain the malformed line in ``_line``: its form, or each value that does not fit its type."""
    frame = Frame()
    # As texts, so that the parser refuses nothing but what is no JSON.
    fields = {**{column.name: "string" for column in contract.columns}, frame.end: "bigint", REFUSED: "string"}
    as_text = F.from_json(frame.framed("_line"), _struct(fields), READER_OPTIONS)
    return _let(as_text, lambda texts: _explained(texts, contract, frame))


def _explained(texts: Column, contract: DataContract, frame: Frame) -> Column:
    columns = {column.name: column for column in contract.columns}
    twice = F.concat(F.lit(_TWICE), _given_twice(columns))
    named = _let(
        _all_misfits(columns, texts, contract),
        lambda named: F.when(named == "", twice).otherwise(F.concat(F.lit(_MISFIT), named)),
    )
    return F.coalesce(
        encoding_problem("_line"),
        F.when(has_lone_surrogate("_line") & _is_json_object(), _HALF_CHARACTER),
        F.when(texts[REFUSED].isNotNull() | texts[frame.end].isNull(), form("_line")),
        named,
    )


def _all_misfits(columns: Mapping[str, ContractColumn], texts: Column, contract: DataContract) -> Column:
    """Name what does not fit its type, and the numbers that a text column cannot keep; empty when there are none."""
    misfits = _misfits(columns, F.col("_line"), texts, depth=0)
    infinities = infinities_as_text(F.col("_line"), contract)
    lost = (F.when(found, _infinite(columns[name], texts[name])) for name, found in infinities.items())
    return F.concat_ws("; ", F.when(misfits != "", misfits), *lost)


def _infinite(column: ContractColumn, text: Column) -> Column:
    what = f"{column.name} has a number beyond any double, which cannot be kept as text: "
    return F.concat(F.lit(what), _shown(column, text))


def _given_twice(columns: Iterable[str]) -> Column:
    """Name the columns that a line gives more than once."""
    keys = F.json_object_keys("_line")
    # As Spark 3.5's `array_position` takes no column to look for.
    again = F.filter(keys, lambda key, place: F.call_function("array_position", keys, key) <= place)
    return F.concat_ws(", ", F.array_intersect(again, F.array(*(F.lit(name) for name in columns))))


def _is_json_object() -> Column:
    parsed = F.from_json("_line", _struct({_NO_FIELD: "string", REFUSED: "string"}), READER_OPTIONS)
    return parsed[REFUSED].isNull()


def _misfits(columns: Mapping[str, ContractColumn], object_: Column, texts: Column, *, depth: int) -> Column:
    """Name the values of an object that do not fit their types, given its fields as texts; empty when all do."""
    simple = {name: read_type(column) for name, column in columns.items() if not inner_types(column.type)}
    parsed = F.from_json(object_, _struct(simple or {_NO_FIELD: "string"}), _OPTIONS)
    return _let(
        parsed,
        lambda values: F.concat_ws(
            "; ",
            *(
                _simple_misfit(column, texts[name], values[name])
                if name in simple
                else _complex_misfit(name, column, object_, texts[name], depth=depth)
                for name, column in columns.items()
            ),
        ),
    )


def _simple_misfit(column: ContractColumn, text: Column, value: Column) -> Column:
    foreign = text.rlike(r"[^\x00-\x7f]") if kind_of(column.type) == "decimal" else F.lit(False)
    return F.when(foreign | _is_misfit(column, text, value), _named(column, text))


def _complex_misfit(name: str, column: ContractColumn, object_: Column, text: Column, *, depth: int) -> Column:
    """Name a value that holds others, or the fields inside of a struct that do not fit.

    It is parsed alone, because behind a misfit inside of it the parser reads nothing.
    """
    value, as_object, as_array = (
        F.from_json(object_, _struct({name: type_}), _OPTIONS)[name]
        for type_ in (read_type(column), _ANY_OBJECT, _ANY_ARRAY)
    )
    named = _named(column, text)
    if kind_of(column.type) == "struct" and depth < _DEEPEST:
        named = _let(
            _misfits_inside(column, text, depth=depth + 1),
            lambda inside: F.when(inside == "", _named(column, text)).otherwise(inside),
        )
    # A struct that was sent as a string looks like one where its text is shown.
    is_string = as_object.isNull() & as_array.isNull() & text.rlike(r"^\s*[\[{]")
    is_foreign = foreign_decimals(object_, [replace(column, name=name, sources=())]).get(name, F.lit(False))
    return F.when(
        is_foreign | _is_misfit(column, text, value),
        F.when(is_string, _named(column, F.concat(F.lit("a string, "), text))).otherwise(named),
    )


def _misfits_inside(struct: ContractColumn, text: Column, *, depth: int) -> Column:
    fields = {
        name: replace(struct, name=f"{struct.name}.{name}", type=type_)
        for name, type_ in inner_types(struct.type).items()
    }
    as_text = F.from_json(text, _struct(dict.fromkeys(fields, "string")), _OPTIONS)
    return _let(as_text, lambda texts: _misfits(fields, text, texts, depth=depth))


def _is_misfit(column: ContractColumn, text: Column, value: Column) -> Column:
    return text.isNotNull() & typed_value(value, column).isNull()


def _named(column: ContractColumn, text: Column) -> Column:
    return F.concat(F.lit(f"{column.name} is not {column.type}: "), _shown(column, text))


def _shown(column: ContractColumn, text: Column) -> Column:
    """Return a value as it stood in the line, where that is plain; the parser shows most numbers as doubles."""
    name = column.name.rpartition(".")[2]
    numbers = F.regexp_extract_all("_line", F.lit(f'"{name}"{_NUMBER}'), F.lit(1))
    as_it_stood = F.when(text.rlike(_DOUBLE) & (F.size(numbers) == 1), numbers[0])
    return F.substring(F.coalesce(as_it_stood, text), 1, _LONGEST_VALUE)


def _let(value: Column, use: Callable[[Column], Column]) -> Column:
    """Use a value several times and have it stand in the plan once, which would grow with every level otherwise."""
    return F.transform(F.array(value), use)[0]


def _struct(fields: Mapping[str, str]) -> str:
    return f"struct<{', '.join(f'`{name}` {type_}' for name, type_ in fields.items())}>"
