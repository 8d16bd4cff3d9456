"""Limits and listed values are compared as the column's type holds them, so that a value equals itself as a limit."""

import random

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from curation.literals import is_any_of, number

_DRAWN = random.Random(5)
LIMITS = [0.1, 0.7, 16777217, 1e-40, -0.3, 3.4028234e38, *(_DRAWN.uniform(-1e6, 1e6) for _ in range(20))]


@pytest.mark.parametrize("type_", ["float", "double"])
def test_a_raw_number_is_within_the_limit_of_the_same_number(spark: SparkSession, type_: str) -> None:
    rows = spark.createDataFrame([(str(limit),) for limit in LIMITS], "text string")
    values = rows.select("text", F.col("text").cast("double").cast(type_).alias("value"))
    # One query for all: each row is compared with its own number as a limit.
    value = F.col("value")
    is_own = [F.col("text") == str(limit) for limit in LIMITS]
    bounds = [number(limit, column_type=type_) for limit in LIMITS]
    bound = F.coalesce(*(F.when(own, limit) for own, limit in zip(is_own, bounds, strict=True)))
    judged = values.select(
        "text", value < bound, value > bound, is_any_of("value", LIMITS, column_type=type_)
    ).collect()
    assert [row for row in judged if tuple(row)[1:] != (False, False, True)] == []


def test_a_limit_between_floats_is_met_by_none_beyond_it(spark: SparkSession) -> None:
    values = spark.createDataFrame([(0.09999999,), (0.1,), (0.10000001,)], "value float")
    assert values.where(F.col("value") > number(0.1, column_type="float")).count() == 1
    assert values.where(F.col("value") < number(0.1, column_type="float")).count() == 1
    assert values.where(F.col("value") > number(1e39, column_type="float")).count() == 0
