"""How often each listed value of a column occurs, exactly and in one aggregate, however long the list is.

Knows a contract's lists and how Spark finds a value in them; must not know what is done with the counts.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from curation.literals import is_long, listed, listed_together

_VALUES_PER_BUCKET = 2


@dataclass(frozen=True)
class LongList:
    """A list whose values have places: whole numbers, the same for values that are equal as the column's type.

    ``place`` is that of a row's value, null where it is none of the list; ``places`` are those of the list, in order.
    """

    place: Column
    places: tuple[int | None, ...]


def long_lists(spark: SparkSession, columns: Iterable[ContractColumn]) -> dict[str, LongList]:
    """Return the lists that are too long for one aggregate per value, by column."""
    return {column.name: _long_list(spark, column) for column in columns if is_long(column.valid_values or ())}


def with_places(rows: DataFrame, lists: Mapping[str, LongList]) -> DataFrame:
    """Add the place of each row's value, where `distribution_aggregates` look for it."""
    return rows.select("*", *(found.place.alias(_place_column(name)) for name, found in lists.items()))


def distribution_aggregates(column: ContractColumn, found: LongList | None) -> dict[str, Column]:
    """Return what counts the listed values of a column, by name: one aggregate, or one per value of a short list."""
    values = column.valid_values or ()
    if found is None:
        return {
            f"value {column.name} {position}": F.count(
                F.when(F.col(column.name) == listed(value, column_type=column.type), 1)
            )
            for position, value in enumerate(values)
        }
    # A histogram with a bin for every value is exact: only bins of the same place are ever merged, and a place times a
    # count of rows is far below 2^53.
    histogram = F.histogram_numeric(F.col(_place_column(column.name)), F.lit(len(values)))
    return {f"values {column.name}": F.to_json(histogram)}


def read_distribution(column: ContractColumn, found: LongList | None, observed: Mapping[str, Any]) -> dict[str, int]:
    """Turn the observed values of `distribution_aggregates` into a count for each listed value, by its JSON."""
    values = column.valid_values or ()
    if found is None:
        counts = [observed[f"value {column.name} {position}"] for position in range(len(values))]
    else:
        by_place = _by_place(observed[f"values {column.name}"])
        counts = [0 if place is None else by_place[place] for place in found.places]
    return {_as_key(value): count for value, count in zip(values, counts, strict=True)}


def _by_place(histogram: str | None) -> Counter[int]:
    counts: Counter[int] = Counter()
    for found in json.loads(histogram or "[]"):
        counts[round(found["x"])] += round(found["y"])
    return counts


def _long_list(spark: SparkSession, column: ContractColumn) -> LongList:
    """Spread a list over buckets by Spark's own hash, so that a value is compared with those of one bucket only."""
    values = column.valid_values or ()
    count = len(values) // _VALUES_PER_BUCKET
    typed = listed_together(values, column_type=column.type)
    buckets: list[list[object]] = [[] for _ in range(count)]
    for value, bucket in zip(values, _evaluated(spark, F.transform(typed, lambda v: _bucket(v, count))), strict=True):
        buckets[bucket].append(value)
    width = max(len(bucket) for bucket in buckets)
    table = listed_together(buckets, column_type=column.type)

    def place(value: Column) -> Column:
        bucket = _bucket(value, count)
        # As Spark 3.5's `array_position` takes no column to look for.
        position = F.call_function("array_position", F.get(table, bucket), value)
        return F.when(position > 0, bucket * F.lit(width) + position - 1)

    return LongList(place(F.col(column.name)).cast("double"), tuple(_evaluated(spark, F.transform(typed, place))))


def _bucket(value: Column, count: int) -> Column:
    return F.pmod(F.xxhash64(value), F.lit(count)).cast("int")


def _evaluated(spark: SparkSession, constant: Column) -> Sequence[Any]:
    """Let Spark work out a constant array: it does so while it plans, without a job."""
    [[found]] = spark.sql("VALUES 1").select(constant).collect()
    return list(found)


def _place_column(name: str) -> str:
    return f"_place_{name}"


def _as_key(value: object) -> str:
    """Write a listed value as it stands in the raw JSON; a text is its own key."""
    return value if isinstance(value, str) else json.dumps(value)
