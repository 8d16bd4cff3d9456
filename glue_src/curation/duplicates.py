"""Which rows repeat an earlier one; what is done with them is decided elsewhere."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from contract import DataContract, Rule

IS_DUPLICATE = "_is_duplicate"


def mark_duplicates(rows: DataFrame, contract: DataContract, *, partitions: int) -> DataFrame:
    """Mark all rows of a primary key but one: the latest event time stays, ties go by the raw line's hash.

    So the choice depends on neither the order of objects nor the parallelism. Rows with a null in their key are
    duplicates of nothing. The result has ``partitions`` partitions by key; each rule on the uniqueness of other columns
    costs one more shuffle.

    Returns:
        The same rows with ``_is_duplicate`` and one ``_is_duplicate_<n>`` per such rule.
    """
    for rule in contract.rules:
        if counts_other_duplicates(rule, contract):
            rows = _marked(rows, rule.columns, order=[F.col("_line_hash")], name=duplicate_column(rule, contract))
    latest_first = [] if contract.event_time is None else [F.col(contract.event_time).desc_nulls_last()]
    order = [*latest_first, F.col("_line_hash")]
    return _marked(rows, contract.primary_key, order=order, name=IS_DUPLICATE, partitions=partitions)


def counts_other_duplicates(rule: Rule, contract: DataContract) -> bool:
    """Tell whether a rule counts duplicates of anything but the primary key."""
    return rule.metric == "duplicateValues" and set(rule.columns) != set(contract.primary_key)


def duplicate_column(rule: Rule, contract: DataContract) -> str:
    """Return the column in which what a duplicateValues rule counts is marked."""
    if not counts_other_duplicates(rule, contract):
        return IS_DUPLICATE
    return f"{IS_DUPLICATE}_{contract.rules.index(rule)}"


def _marked(
    rows: DataFrame, columns: Sequence[str], *, order: list[Column], name: str, partitions: int | None = None
) -> DataFrame:
    # Sorting starts with the 64-bit hash: nearly every comparison ends there. Rows without a key spread by their
    # content.
    incomplete = reduce(Column.__or__, (F.col(column).isNull() for column in columns))
    bucket = F.when(incomplete, F.col("_line_hash")).otherwise(F.xxhash64(*columns))
    if partitions is not None:
        rows = rows.repartition(
            partitions, bucket
        )  # the hash is made again after the shuffle: cheaper than carrying it
    keyed = rows.withColumn("_bucket", bucket)
    same_key = Window.partitionBy("_bucket", *columns).orderBy(*order)
    return keyed.withColumn(name, ~incomplete & (F.row_number().over(same_key) > 1)).drop("_bucket")
