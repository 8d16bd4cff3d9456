"""Why a line is in quarantine, in words. Costs a second parse, of malformed lines only."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from curation.parsing import JSON_OPTIONS, is_one_object, is_valid_utf8, parse_object, parsed_fields, typed_value
from data_contract import Column as ContractColumn
from data_contract import DataContract

_LONGEST_VALUE = 80


def reason(contract: DataContract, end_marker: str) -> Column:
    """Explain the malformed line in ``_line``: its form, or each column whose value does not fit its type."""
    text_fields = ", ".join(f"`{column.name}`: string" for column in contract.columns)
    as_text = parse_object("_line", text_fields, end_marker)
    typed = F.from_json("_line", f"struct<{parsed_fields(contract)}>", JSON_OPTIONS)
    misfits = (_misfit(column, as_text[column.name], typed[column.name]) for column in contract.columns)
    return (
        F.when(~is_valid_utf8("_line"), "not valid UTF-8")
        .when(~is_one_object("_line", as_text[end_marker].isNotNull()), "not one JSON object")
        .otherwise(F.concat(F.lit("value does not fit its type: "), F.concat_ws("; ", *misfits)))
    )


def _misfit(column: ContractColumn, text: Column, value: Column) -> Column:
    shown = F.concat(F.lit(f"{column.name} is not {column.type}: "), F.substring(text, 1, _LONGEST_VALUE))
    return F.when(text.isNotNull() & typed_value(value, column).isNull(), shown)
