"""The distribution over a long list of values: exact for every type that can be listed, whatever the rows hold."""

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from contract import Column
from curation.listed_values import distribution_aggregates, long_lists, read_distribution, with_places
from curation.literals import is_any_of, listed

Scalar = str | int | float | bool | None
AWKWARD = ["", " ", "'", '"', "\\", "\\n", "\n", "`", "%s", "é", "e\u0301", "🙂", "\0", "null", "1", "01", "A", "a"]
DAYS = [str(date(2024, 2, 1) + timedelta(days=day)) for day in range(21)]
LISTS: dict[str, list[Scalar]] = {
    "string": [*AWKWARD, *(f"value-{number}" for number in range(12))],
    "tinyint": list(range(-128, -98)),
    "int": [0, -(2**31), 2**31 - 1, *range(7, 30)],
    "bigint": [0, -(2**63), 2**63 - 1, 2**53, 2**53 + 1, *range(100, 120)],
    "decimal(12,2)": [0, 1, 1.0, 0.1, 0.10, -0.01, 9_999_999_999.99, *(number / 4 for number in range(20))],
    "decimal(38,0)": [0, 10**37, -(10**37), *range(30)],
    "decimal(20,10)": [0.0000000001, -1e-10, *(number / 1024 for number in range(22))],
    "double": [0, 0.1, 0.5, 2.5, 1e300, 5e-324, -7, 1e22, *(number / 3 for number in range(1, 20))],
    "float": [0, 0.1, 0.5, 2.5, 16777217, 1e-40, -7, *(number / 3 for number in range(1, 20))],
    "boolean": [True, False] * 15,
    "date": [*DAYS, "0001-01-01", "9999-12-31"],
    "timestamp": [
        "2025-01-01T00:00:00Z", "2025-01-01T01:00:00+01:00", "2025-01-01 00:00:00.000001",
        *(f"{day}T12:00:00Z" for day in DAYS),
    ],
}  # fmt: skip
UNLISTED: dict[str, list[Scalar]] = {
    "string": ["value-", "VALUE-1", "value-1 ", "é "], "double": [-0.0, 0.30000000000000004], "float": [-0.0, 0.7],
    "date": ["1999-01-01"], "timestamp": ["2025-01-01T00:00:00.000002Z"], "int": [1], "bigint": [2**53 + 2],
}  # fmt: skip


@dataclass(frozen=True)
class Counted:
    """What the job counted of each column, in the order of its list, and what comparing with each value gives."""

    counts: Mapping[str, Sequence[int]]
    one_by_one: Mapping[str, Sequence[int]]
    misjudged: Mapping[str, int]


@pytest.fixture(scope="module")
def counted(spark: SparkSession) -> Counted:
    """Some hundred rows with a column of each type: listed values, ever more often, some others, and nulls."""
    drawn = [_drawn(type_) for type_ in LISTS]
    texts = spark.createDataFrame(list(zip(*drawn, strict=True)), [_name(type_) for type_ in LISTS])
    rows = texts.select(*(F.col(_name(type_)).cast(type_).alias(_name(type_)) for type_ in LISTS)).repartition(5)
    compared = (_compared(type_) for type_ in LISTS)
    judged = (_is_misjudged(type_).alias(f"misjudged {type_}") for type_ in LISTS)
    found = rows.select(*compared, *judged).collect()
    columns = [Column(_name(type_), type_, valid_values=tuple(LISTS[type_])) for type_ in LISTS]
    return Counted(
        distributions(spark, rows, columns),
        {type_: [equal.count(True) for equal in zip(*(row[type_] for row in found), strict=True)] for type_ in LISTS},
        {type_: sum(row[f"misjudged {type_}"] for row in found) for type_ in LISTS},
    )


def _compared(type_: str) -> SparkColumn:
    """Compare the value of a row with each of the list."""
    values = F.array(*(listed(value, column_type=type_) for value in LISTS[type_]))
    return F.transform(values, lambda value: value == F.col(_name(type_))).alias(type_)


def _name(type_: str) -> str:
    return re.sub(r"\W", "_", f"a_{type_}")


def _drawn(type_: str) -> list[str | None]:
    given = [*LISTS[type_], *UNLISTED.get(type_, ()), None]
    values = random.Random(type_).choices(given, weights=range(1, len(given) + 1), k=700)
    return [None if value is None else str(value) for value in values]


def _is_misjudged(type_: str) -> SparkColumn:
    value, values = F.col(_name(type_)), LISTS[type_]
    equal = F.when(value.isNotNull(), F.exists(_compared(type_), lambda is_equal: is_equal))
    return ~is_any_of(_name(type_), values, column_type=type_).eqNullSafe(equal)


def distributions(spark: SparkSession, rows: DataFrame, columns: Sequence[Column]) -> dict[str, list[int]]:
    """Count as the job does; give the counts of each type in the order of the list."""
    lists = long_lists(spark, columns)
    wanted = [distribution_aggregates(column, lists[column.name]) for column in columns]
    assert [len(aggregates) for aggregates in wanted] == [1] * len(columns)
    observation = Observation("counts")
    observed = (aggregate.alias(name) for aggregates in wanted for name, aggregate in aggregates.items())
    with_places(rows, lists).observe(observation, *observed).write.format("noop").mode("overwrite").save()
    found = {column.type: read_distribution(column, lists[column.name], observation.get) for column in columns}
    return {
        column.type: [found[column.type][_as_key(value)] for value in column.valid_values or ()] for column in columns
    }


def _as_key(value: Scalar) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("type_", LISTS)
def test_each_listed_value_is_counted_exactly(counted: Counted, type_: str) -> None:
    assert counted.counts[type_] == counted.one_by_one[type_]
    assert sum(counted.one_by_one[type_]) > 0


@pytest.mark.parametrize("type_", LISTS)
def test_a_value_is_in_a_long_list_when_it_equals_one_of_it(counted: Counted, type_: str) -> None:
    assert counted.misjudged[type_] == 0


def test_no_rows_give_no_counts(spark: SparkSession) -> None:
    none = spark.createDataFrame([], "value string")
    values = tuple(f"value-{number}" for number in range(30))
    assert distributions(spark, none, [Column("value", "string", valid_values=values)]) == {"string": [0] * 30}


def test_a_list_of_1500_values_is_one_aggregate_and_exact_over_many_tasks(spark: SparkSession) -> None:
    values = tuple(f"value-{number}" for number in range(1_500))
    value = F.concat(F.lit("value-"), (F.col("id") % F.lit(1_600)).cast("string"))
    rows = spark.range(0, 80_000, numPartitions=16).select(value.alias("value"))
    assert distributions(spark, rows, [Column("value", "string", valid_values=values)]) == {"string": [50] * 1_500}


def test_a_short_list_is_counted_value_by_value() -> None:
    column = Column("value", "string", valid_values=("a", "b", "c", "d", "e"))
    assert len(distribution_aggregates(column, None)) == len(column.valid_values or ())
