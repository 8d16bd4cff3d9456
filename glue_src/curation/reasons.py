"""Why a line is in quarantine, in words. Costs a second parse, of malformed lines only."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from curation.framing import Frame, is_valid_utf8
from curation.json_reader import JSON_OPTIONS, READER_OPTIONS, REFUSED
from curation.parsing import parsed_fields
from curation.typed_values import typed_value
from data_contract import Column as ContractColumn
from data_contract import DataContract

_LONGEST_VALUE = 80


def reason(contract: DataContract) -> Column:
    """Explain the malformed line in ``_line``: its form, or each column whose value does not fit its type."""
    frame = Frame()
    # As texts, so that the parser refuses nothing but what is no JSON.
    text_fields = [*(f"`{column.name}` string" for column in contract.columns), f"{frame.end} bigint, {REFUSED} string"]
    as_text = F.from_json(frame.framed("_line"), f"struct<{', '.join(text_fields)}>", READER_OPTIONS)
    typed = F.from_json("_line", f"struct<{parsed_fields(contract)}>", JSON_OPTIONS)
    misfits = (_misfit(column, as_text[column.name], typed[column.name]) for column in contract.columns)
    return (
        F.when(~is_valid_utf8("_line"), "not valid UTF-8")
        .when(as_text[REFUSED].isNotNull() | as_text[frame.end].isNull(), "not one JSON object")
        .otherwise(F.concat(F.lit("value does not fit its type: "), F.concat_ws("; ", *misfits)))
    )


def _misfit(column: ContractColumn, text: Column, value: Column) -> Column:
    shown = F.concat(F.lit(f"{column.name} is not {column.type}: "), F.substring(text, 1, _LONGEST_VALUE))
    return F.when(text.isNotNull() & typed_value(value, column).isNull(), shown)
