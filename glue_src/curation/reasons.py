"""Why a line is in quarantine, in words. Costs several more parses, of malformed lines only."""

from collections.abc import Callable, Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from contract.ddl_types import inner_types, kind_of
from curation.framing import Frame, has_lone_surrogate, is_valid_utf8
from curation.json_reader import JSON_OPTIONS, READER_OPTIONS, REFUSED
from curation.typed_values import read_as, typed_value

_LONGEST_VALUE = 80
# How many structs within each other are looked into; the plan grows with each.
_DEEPEST = 4
# No field of a contract can have this name, and the parser's own column has to have one.
_NO_FIELD = "-"
_OPTIONS = {**JSON_OPTIONS, "columnNameOfCorruptRecord": _NO_FIELD}
_ANY_OBJECT, _ANY_ARRAY = f"struct<`{_NO_FIELD}` string>", "array<string>"
_HALF_CHARACTER = "half a character: a surrogate escape (\\ud800 to \\udfff) without its other half"
_MISFIT = "value does not fit its type: "
_TWICE = "a field is given more than once, with a value that does not fit its type"


def reason(contract: DataContract) -> Column:
    """Explain the malformed line in ``_line``: its form, or each value that does not fit its type."""
    frame = Frame()
    columns = {column.name: column for column in contract.columns}
    # As texts, so that the parser refuses nothing but what is no JSON.
    fields = {**dict.fromkeys(columns, "string"), frame.end: "bigint", REFUSED: "string"}
    as_text = F.from_json(frame.framed("_line"), _struct(fields), READER_OPTIONS)
    return _let(as_text, lambda texts: _explained(texts, columns, frame))


def _explained(texts: Column, columns: Mapping[str, ContractColumn], frame: Frame) -> Column:
    misfits = _misfits(columns, F.col("_line"), texts, depth=0)
    return (
        F.when(~is_valid_utf8("_line"), "not valid UTF-8")
        .when(has_lone_surrogate("_line") & _is_json_object(), _HALF_CHARACTER)
        .when(texts[REFUSED].isNotNull() | texts[frame.end].isNull(), "not one JSON object")
        .otherwise(_let(misfits, lambda named: F.when(named == "", _TWICE).otherwise(F.concat(F.lit(_MISFIT), named))))
    )


def _is_json_object() -> Column:
    parsed = F.from_json("_line", _struct({_NO_FIELD: "string", REFUSED: "string"}), READER_OPTIONS)
    return parsed[REFUSED].isNull()


def _misfits(columns: Mapping[str, ContractColumn], object_: Column, texts: Column, *, depth: int) -> Column:
    """Name the values of an object that do not fit their types, given its fields as texts; empty when all do."""
    simple = {name: read_as(column) for name, column in columns.items() if not inner_types(column.type)}
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
    return F.when(_is_misfit(column, text, value), _named(column, text))


def _complex_misfit(name: str, column: ContractColumn, object_: Column, text: Column, *, depth: int) -> Column:
    """Name a value that holds others, or the fields inside of a struct that do not fit.

    It is parsed alone, because behind a misfit inside of it the parser reads nothing.
    """
    value, as_object, as_array = (
        F.from_json(object_, _struct({name: type_}), _OPTIONS)[name]
        for type_ in (read_as(column), _ANY_OBJECT, _ANY_ARRAY)
    )
    named = _named(column, text)
    if kind_of(column.type) == "struct" and depth < _DEEPEST:
        named = _let(
            _misfits_inside(column, text, depth=depth + 1),
            lambda inside: F.when(inside == "", _named(column, text)).otherwise(inside),
        )
    # A struct that was sent as a string looks like one where its text is shown.
    is_string = as_object.isNull() & as_array.isNull() & text.rlike(r"^\s*[\[{]")
    return F.when(
        _is_misfit(column, text, value),
        F.when(is_string, _named(column, F.concat(F.lit("a string, "), text))).otherwise(named),
    )


def _misfits_inside(struct: ContractColumn, text: Column, *, depth: int) -> Column:
    fields = {name: ContractColumn(f"{struct.name}.{name}", type_) for name, type_ in inner_types(struct.type).items()}
    as_text = F.from_json(text, _struct(dict.fromkeys(fields, "string")), _OPTIONS)
    return _let(as_text, lambda texts: _misfits(fields, text, texts, depth=depth))


def _is_misfit(column: ContractColumn, text: Column, value: Column) -> Column:
    return text.isNotNull() & typed_value(value, column).isNull()


def _named(column: ContractColumn, text: Column) -> Column:
    return F.concat(F.lit(f"{column.name} is not {column.type}: "), F.substring(text, 1, _LONGEST_VALUE))


def _let(value: Column, use: Callable[[Column], Column]) -> Column:
    """Use a value several times and have it stand in the plan once, which would grow with every level otherwise."""
    return F.transform(F.array(value), use)[0]


def _struct(fields: Mapping[str, str]) -> str:
    return f"struct<{', '.join(f'`{name}` {type_}' for name, type_ in fields.items())}>"
