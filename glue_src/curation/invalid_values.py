"""The values behind a failed check, looked up in the version that was written for nothing, before it is deleted.

The pass over the raw lines counts, and keeps no value; so a day that fails costs one query for each of these checks.
"""

from collections.abc import Iterable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from contract import DataContract, Rule
from core.rejections import printable
from curation.observations import is_invalid
from curation.parsing import literal_path
from curation.version import WrittenVersion

_MOST_RULES, _MOST_VALUES, _LONGEST, _LONGEST_IN_ALL = 5, 3, 60, 500


def most_frequent(
    spark: SparkSession, contract: DataContract, written: WrittenVersion, failed: Iterable[str]
) -> list[str]:
    """Name the most frequent values that break the failed rules, given by their ids: ``event_type "refund" (2)``.

    Counted are rows of the version, in which duplicates are left out; rules on columns that are not stored have none.
    All of it is at most some 500 characters, as it is one part of a message.
    """
    stored = {column.name for column in contract.stored_columns}
    ids = set(failed)
    on_values = (rule for rule in contract.rules if rule.id in ids and rule.metric == "invalidValues")
    rules = [rule for rule in on_values if rule.columns[0] in stored]
    rows = spark.read.parquet(literal_path(written.location))
    found: list[str] = []
    for rule in rules[:_MOST_RULES]:
        values = _of_rule(rows, rule, contract)
        told = f"{rule.columns[0]} {', '.join(values)}"
        if values and sum(map(len, found)) + len(told) <= _LONGEST_IN_ALL:
            found.append(told)
    return found


def _of_rule(rows: DataFrame, rule: Rule, contract: DataContract) -> list[str]:
    column = contract.column(rule.columns[0])
    value = F.col(column.name)
    counted = rows.where(is_invalid(rule, contract)).groupBy(value.cast("string").alias("value")).count()
    found = counted.orderBy(F.col("count").desc(), "value").limit(_MOST_VALUES).collect()
    return [f"{_shown(row['value'], is_text=column.type == 'string')} ({row['count']:,})" for row in found]


def _shown(value: str, *, is_text: bool) -> str:
    shown = printable(value[: _LONGEST + 1], limit=6 * (_LONGEST + 1))
    if len(shown) > _LONGEST:
        return f"a value of {len(value):,} characters"
    return f'"{shown}"' if is_text else shown
