"""The yardsticks: the same columns read and thrown away, and the six checks as one aggregate of plain PySpark."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from benchmarks.designs import EVENT_TYPES
from benchmarks.peers import checks


def read_columns(events: DataFrame) -> None:
    """Read what the checks look at, and check nothing."""
    events.select("event_id", "event_type", "user_id").write.format("noop").mode("overwrite").save()


def one_aggregate(events: DataFrame) -> checks.Answer:
    """Make the six checks in one pass and one shuffle: groups of an event_id first, their sums second."""
    groups = events.groupBy("event_id").agg(
        F.count(F.lit(1)).alias("rows"),
        _count(F.col("event_type").isNull()).alias("no_type"),
        _count(~F.col("event_type").isin(*EVENT_TYPES)).alias("bad_type"),
        _count(F.col("user_id").isNull()).alias("no_user"),
    )
    sums = ("rows", "no_type", "bad_type", "no_user")
    no_id = F.when(F.col("event_id").isNull(), F.col("rows"))
    copies = F.when(F.col("event_id").isNotNull(), F.col("rows") - 1)
    named = {name: F.col(name) for name in sums} | {"no_id": no_id, "copies": copies}
    found = groups.agg(*(F.coalesce(F.sum(value), F.lit(0)).alias(name) for name, value in named.items())).collect()[0]
    passed = {
        checks.TOTAL_ROWS: found.rows > 0,
        checks.EVENT_ID_NOT_NULL: found.no_id == 0,
        checks.EVENT_TYPE_NOT_NULL: found.no_type == 0,
        checks.EVENT_TYPE_VALID: found.bad_type == 0,
        checks.USER_ID_NULL_RATE: found.no_user <= checks.MAX_NULL_RATE * found.rows,
        checks.EVENT_ID_DUPLICATES: found.copies <= checks.MAX_DUPLICATE_RATE * found.rows,
    }
    return checks.Answer(passed, found.copies)


def _count(condition: Column) -> Column:
    return F.count(F.when(condition, 1))
