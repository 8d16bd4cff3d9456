"""Why a line is in quarantine, in words. Costs several more parses, of malformed lines only."""

from collections.abc import Callable, Iterable, Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from contract.ddl_types import inner_types, kind_of
from curation.forms import TOLD, encoding_problem, form, told
from curation.framing import Frame, has_lone_surrogate
from curation.json_reader import JSON_OPTIONS, READER_OPTIONS, REFUSED
from curation.remedies import remedy
from curation.silent_changes import foreign_decimals, infinities_as_text
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
_TWICE = "a field is given more than once, with a value that does not fit its type: "
# A number with a fraction or an exponent, as the parser shows it: the nearest double, or this word.
_DOUBLE = r'^"?-?(?:Infinity|[0-9]+[.][0-9]+(?:E-?[0-9]+)?)"?$'
_JSON_IN_A_STRING = "a string that holds JSON; make it a string column, or have the source leave out the quotes"
# What takes no string of JSON: with it, a value is told from its text in quotes.
_UNQUOTED = ("double", "boolean")
_MAY_HOLD_OTHERS = r"^\s*[\[{]"
_NUMBER = r"[ \t]*:[ \t]*(-?[0-9][-+.0-9eE]*)"


def explanation(contract: DataContract) -> Column:
    """Explain the malformed line in ``_line``: its form, or each value that does not fit its type.

    Returns:
        A struct of ``reason``, which shows the values, and ``kind``, which is what is wrong without any of them: the
        same for all lines with the same fault. Of several values that do not fit, the first column's is the kind.
    """
    frame = Frame()
    # As texts, so that the parser refuses nothing but what is no JSON.
    fields = {**{column.name: "string" for column in contract.columns}, frame.end: "bigint", REFUSED: "string"}
    as_text = F.from_json(frame.framed("_line"), _struct(fields), READER_OPTIONS)
    return _let(as_text, lambda texts: _explained(texts, contract, frame))


def _explained(texts: Column, contract: DataContract, frame: Frame) -> Column:
    columns = {column.name: column for column in contract.columns}
    twice = told(F.concat(F.lit(_TWICE), _given_twice(columns)))
    named = _let(
        _all_misfits(columns, texts, contract),
        lambda misfits: F.when(F.size(misfits) == 0, twice).otherwise(_joined(misfits)),
    )
    return F.coalesce(
        encoding_problem("_line"),
        F.when(has_lone_surrogate("_line") & _is_json_object(), told(F.lit(_HALF_CHARACTER))),
        F.when(texts[REFUSED].isNotNull() | texts[frame.end].isNull(), form("_line")),
        named,
    )


def _joined(misfits: Column) -> Column:
    reasons = F.array_join(F.transform(misfits, lambda misfit: misfit["reason"]), "; ")
    return told(misfits[0]["kind"], reason=F.concat(F.lit(_MISFIT), reasons))


def _all_misfits(columns: Mapping[str, ContractColumn], texts: Column, contract: DataContract) -> Column:
    """Name what does not fit its type, and the numbers that a text column cannot keep, as an array."""
    misfits = _misfits(columns, F.col("_line"), texts, depth=0)
    infinities = infinities_as_text(F.col("_line"), contract)
    lost = (_at_most_one(found, _infinite(columns[name], texts[name])) for name, found in infinities.items())
    return F.concat(misfits, *lost)


def _infinite(column: ContractColumn, text: Column) -> Column:
    what = f"{column.name} has a number beyond any double, which cannot be kept as text"
    return told(F.lit(what), reason=F.concat(F.lit(f"{what}: "), _number_as_it_stood(column, text)))


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
    """Name the values of an object that do not fit their types, given its fields as texts, as an array."""
    simple = {name: read_as(column) for name, column in columns.items() if not inner_types(column.type)}
    parsed = F.from_json(object_, _struct(simple or {_NO_FIELD: "string"}), _OPTIONS)
    return _let(
        parsed,
        lambda values: F.flatten(
            F.array(
                *(
                    _simple_misfit(name, column, object_, texts[name], values[name])
                    if name in simple
                    else _complex_misfit(name, column, object_, texts[name], depth=depth)
                    for name, column in columns.items()
                )
            )
        ),
    )


def _simple_misfit(name: str, column: ContractColumn, object_: Column, text: Column, value: Column) -> Column:
    foreign = text.rlike(r"[^\x00-\x7f]") if kind_of(column.type) == "decimal" else F.lit(False)
    named = _let(_is_string(name, object_, text), lambda is_string: _named(column, text, is_string=is_string))
    return _at_most_one(foreign | _is_misfit(column, text, value), named)


def _complex_misfit(name: str, column: ContractColumn, object_: Column, text: Column, *, depth: int) -> Column:
    """Name a value that holds others, or the fields inside of a struct that do not fit.

    It is parsed alone, because behind a misfit inside of it the parser reads nothing.
    """
    value, as_object, as_array = (
        F.from_json(object_, _struct({name: type_}), _OPTIONS)[name]
        for type_ in (read_as(column), _ANY_OBJECT, _ANY_ARRAY)
    )
    named = F.array(
        _let(_is_string(name, object_, text), lambda is_string: _named(column, text, is_string=is_string)),
    )
    if kind_of(column.type) == "struct" and depth < _DEEPEST:
        alone = named
        named = _let(
            _misfits_inside(column, text, depth=depth + 1),
            lambda inside: F.when(F.size(inside) == 0, alone).otherwise(inside),
        )
    # A struct that was sent as a string looks like one where its text is shown.
    is_string = as_object.isNull() & as_array.isNull() & text.rlike(_MAY_HOLD_OTHERS)
    is_foreign = foreign_decimals(object_, {name: column.type}).get(name, F.lit(False))
    return F.when(
        is_foreign | _is_misfit(column, text, value),
        F.when(
            is_string, F.array(_named(column, text, is_string=F.lit(True), detail=F.lit(_JSON_IN_A_STRING)))
        ).otherwise(named),
    ).otherwise(_none())


def _misfits_inside(struct: ContractColumn, text: Column, *, depth: int) -> Column:
    fields = {name: ContractColumn(f"{struct.name}.{name}", type_) for name, type_ in inner_types(struct.type).items()}
    as_text = F.from_json(text, _struct(dict.fromkeys(fields, "string")), _OPTIONS)
    return _let(as_text, lambda texts: _misfits(fields, text, texts, depth=depth))


def _is_misfit(column: ContractColumn, text: Column, value: Column) -> Column:
    return text.isNotNull() & typed_value(value, column).isNull()


def _is_string(name: str, object_: Column, text: Column) -> Column:
    """Tell whether a field's value stood in quotes, which its text no longer says. Not told of what may hold others."""
    as_number, as_boolean = (F.from_json(object_, _struct({name: type_}), _OPTIONS)[name] for type_ in _UNQUOTED)
    unquoted = F.when(text.isin("true", "false"), as_boolean.isNotNull()).otherwise(as_number.isNotNull())
    return F.when(text.rlike(_MAY_HOLD_OTHERS), F.lit(False)).otherwise(~unquoted)


def _named(column: ContractColumn, text: Column, *, is_string: Column, detail: Column | None = None) -> Column:
    """Say that a value does not fit its column, and what it looks like, where there is something to say."""
    what = f"{column.name} is not {column.type}"
    cut = F.when(F.length(text) > _LONGEST_VALUE, F.concat(F.substring(text, 1, _LONGEST_VALUE), F.lit("…")))
    quoted = F.concat(F.lit('"'), F.coalesce(cut, text), F.lit('"'))
    shown = F.when(is_string, quoted).otherwise(_number_as_it_stood(column, text))
    return _let(
        remedy(column.type, text, is_string=is_string) if detail is None else detail,
        lambda looks: told(
            F.concat_ws(": ", F.lit(what), looks),
            reason=F.concat(F.lit(f"{what}: "), F.concat_ws(", ", shown, looks)),
        ),
    )


def _number_as_it_stood(column: ContractColumn, text: Column) -> Column:
    """Return a value as it stood in the line, where that is plain; the parser shows most numbers as doubles."""
    name = column.name.rpartition(".")[2]
    numbers = F.regexp_extract_all("_line", F.lit(f'"{name}"{_NUMBER}'), F.lit(1))
    as_it_stood = F.when(text.rlike(_DOUBLE) & (F.size(numbers) == 1), numbers[0])
    return F.substring(F.coalesce(as_it_stood, text), 1, _LONGEST_VALUE)


def _at_most_one(is_there: Column, misfit: Column) -> Column:
    return F.when(is_there, F.array(misfit)).otherwise(_none())


def _none() -> Column:
    return F.array().cast(f"array<{TOLD}>")


def _let(value: Column, use: Callable[[Column], Column]) -> Column:
    """Use a value several times and have it stand in the plan once, which would grow with every level otherwise."""
    return F.transform(F.array(value), use)[0]


def _struct(fields: Mapping[str, str]) -> str:
    return f"struct<{', '.join(f'`{name}` {type_}' for name, type_ in fields.items())}>"
