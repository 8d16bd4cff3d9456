"""Columns that are made of other columns by an expression, and rows for which that gives nothing.

The expressions are those that the contract's own grammar printed; nothing else is given to Spark's parser.
"""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from contract.expressions import Expression
from contract.mapping import derivation_order
from contract.read_types import TIMES
from curation.composing import all_of
from curation.forms import TOLD, told
from curation.typed_values import is_in_range

_LONGEST_VALUE = 80


def with_derived(rows: DataFrame, contract: DataContract) -> DataFrame:
    """Add the derived columns to rows that have all others, each of its column's type; null where it has no value."""
    types = {column.name: column.type for column in contract.columns}
    for step in derivation_order(contract.columns):
        made = {column.name: _value(column, column.logic, types) for column in step if column.logic is not None}
        rows = rows.withColumns(made)
    return rows


def is_derived_misfit(column: ContractColumn) -> Column:
    """Tell whether a derived column is null though none of its inputs is; never, where the contract means that."""
    if column.logic is None or column.null_result_allowed:
        return F.lit(False)
    inputs = (F.col(name).isNotNull() for name in column.logic.columns)
    return F.col(column.name).isNull() & all_of(inputs)


def derived_misfit(contract: DataContract) -> Column:
    """Tell which derived column has no value, as `told`, by what it is made of; null where each has one."""
    types = {column.name: column.type for column in contract.columns}
    derived = [(column, column.logic) for column in contract.columns if column.logic is not None]
    found = (F.when(is_derived_misfit(column), _told(column, logic, types)) for column, logic in derived)
    return F.coalesce(*found, F.lit(None).cast(TOLD))


def _told(column: ContractColumn, logic: Expression, types: Mapping[str, str]) -> Column:
    what = f"{column.name} is not {column.type}: its transformLogic gives no such value"
    remedy = "; where null is meant, set the custom property nullResult: allowed"
    inputs = (F.concat(F.lit(f"{name} "), _shown(name, types[name])) for name in logic.columns)
    reason = F.concat(F.lit(f"{what} of "), F.concat_ws(", ", *inputs), F.lit(remedy))
    return told(F.lit(f"{what}{remedy}"), reason=reason)


def _shown(name: str, type_: str) -> Column:
    """Show an input, a text in quotes as in JSON: else one that is empty, or ends in a space, could not be seen."""
    if type_ == "string":
        return F.concat(F.lit('"'), F.substring(name, 1, _LONGEST_VALUE), F.lit('"'))
    return F.substring(F.coalesce(F.col(name).cast("string"), F.to_json(F.struct(name))), 1, _LONGEST_VALUE)


def _value(column: ContractColumn, logic: Expression, types: Mapping[str, str]) -> Column:
    # A plain cast of a bigint to an int gives another number.
    value = F.expr(f"try_cast({logic.sql_over(types)} AS {column.type})")
    if column.type in TIMES:
        return F.when(is_in_range(value, column), value)
    # Neither NaN nor infinity is a value of a column.
    return F.when(F.abs(value) < float("inf"), value) if column.type in ("float", "double") else value
