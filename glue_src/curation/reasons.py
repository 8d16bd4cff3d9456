"""Why a line is in quarantine, in words. Costs a second parse, of malformed lines only."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from curation.framing import Frame, is_valid_utf8
from curation.json_reader import JSON_OPTIONS, READER_OPTIONS, REFUSED
from curation.typed_values import read_as, typed_value
from data_contract import Column as ContractColumn
from data_contract import DataContract
from data_contract.ddl_types import inner_types, kind_of

_LONGEST_VALUE = 80


def reason(contract: DataContract) -> Column:
    """Explain the malformed line in ``_line``: its form, or each value that does not fit its type."""
    frame = Frame()
    columns = {column.name: column for column in contract.columns}
    # As texts, so that the parser refuses nothing but what is no JSON.
    fields = {**dict.fromkeys(columns, "string"), frame.end: "bigint", REFUSED: "string"}
    as_text = F.from_json(frame.framed("_line"), _struct(fields), READER_OPTIONS)
    return (
        F.when(~is_valid_utf8("_line"), "not valid UTF-8")
        .when(as_text[REFUSED].isNotNull() | as_text[frame.end].isNull(), "not one JSON object")
        .otherwise(F.concat(F.lit("value does not fit its type: "), _misfits(columns, as_text, F.col("_line"))))
    )


def _misfits(columns: Mapping[str, ContractColumn], texts: Column, object_: Column) -> Column:
    """Name the values of an object that do not fit their types, given its fields as texts; empty when all do."""
    values = _values(columns, object_)
    return F.concat_ws("; ", *(_misfit(column, texts[name], values[name]) for name, column in columns.items()))


def _values(columns: Mapping[str, ContractColumn], object_: Column) -> dict[str, Column]:
    """Parse an object's fields; those that hold others one by one, as nothing is read behind a misfit inside them."""
    simple = {name: read_as(column) for name, column in columns.items() if not inner_types(column.type)}
    parsed = F.from_json(object_, _struct(simple), JSON_OPTIONS)
    alone = (name for name in columns if name not in simple)
    return {name: parsed[name] for name in simple} | {
        name: F.from_json(object_, _struct({name: read_as(columns[name])}), JSON_OPTIONS)[name] for name in alone
    }


def _misfit(column: ContractColumn, text: Column, value: Column) -> Column:
    """Name a value that does not fit its type, or the fields inside of it that do not; null for one that fits."""
    shown = F.concat(F.lit(f"{column.name} is not {column.type}: "), F.substring(text, 1, _LONGEST_VALUE))
    if kind_of(column.type) == "struct":
        fields = {
            name: ContractColumn(f"{column.name}.{name}", type_) for name, type_ in inner_types(column.type).items()
        }
        texts = F.from_json(text, _struct(dict.fromkeys(fields, "string")), JSON_OPTIONS)
        inside = _misfits(fields, texts, text)
        shown = F.when(inside != "", inside).otherwise(shown)
    return F.when(text.isNotNull() & typed_value(value, column).isNull(), shown)


def _struct(fields: Mapping[str, str]) -> str:
    return f"struct<{', '.join(f'`{name}` {type_}' for name, type_ in fields.items())}>"
