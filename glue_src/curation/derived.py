"""Columns that are made of other columns by an expression, and rows for which that gives nothing.

The expressions are those that the contract's own grammar printed; nothing else is given to Spark's parser.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from contract.expressions import Expression
from contract.mapping import derivation_order


def with_derived(rows: DataFrame, contract: DataContract) -> DataFrame:
    """Add the derived columns to rows that have all others, each of its column's type; null where it has no value."""
    for step in derivation_order(contract.columns):
        made = {column.name: _value(column, column.logic) for column in step if column.logic is not None}
        rows = rows.withColumns(made)
    return rows


def is_derived_misfit(column: ContractColumn) -> Column:
    """Tell whether a derived column is null though none of its inputs is; never, where the contract means that."""
    if column.logic is None or column.null_result_allowed:
        return F.lit(False)
    inputs = (F.col(name).isNotNull() for name in column.logic.columns)
    return F.col(column.name).isNull() & reduce(Column.__and__, inputs)


def _value(column: ContractColumn, logic: Expression) -> Column:
    value = F.expr(logic.sql).cast(column.type)
    # Neither NaN nor infinity is a value of a column.
    return F.when(F.abs(value) < float("inf"), value) if column.type in ("float", "double") else value
