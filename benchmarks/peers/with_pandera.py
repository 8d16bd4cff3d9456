"""The six checks in pandera: a `DataFrameModel` with its own checks where none is built in.

What is built in tells columns that are null or hold another value, and whether values are unique, but knows no rates:
those are `dataframe_check` methods, as its documentation has it for anything of one's own. Only what failed is
reported.
"""

import pandera.pyspark as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from benchmarks.designs import EVENT_TYPES
from benchmarks.peers import checks

_FAILURE_TO_CHECK = {
    ("event_id", "not_nullable"): checks.EVENT_ID_NOT_NULL,
    ("event_type", "not_nullable"): checks.EVENT_TYPE_NOT_NULL,
    ("event_type", f"isin({list(EVENT_TYPES)})"): checks.EVENT_TYPE_VALID,
} | {("Events", check): check for check in (checks.TOTAL_ROWS, checks.USER_ID_NULL_RATE, checks.EVENT_ID_DUPLICATES)}


class Events(pa.DataFrameModel):
    event_id: T.StringType = pa.Field(nullable=False)
    event_type: T.StringType = pa.Field(nullable=False, isin=list(EVENT_TYPES))
    user_id: T.StringType = pa.Field(nullable=True)

    @pa.dataframe_check(name=checks.TOTAL_ROWS)
    def has_rows(cls, events: DataFrame) -> bool:
        return events.limit(1).count() > 0

    @pa.dataframe_check(name=checks.USER_ID_NULL_RATE)
    def has_few_without_user(cls, events: DataFrame) -> bool:
        rows, without = events.agg(F.count(F.lit(1)), F.count(F.when(F.col("user_id").isNull(), 1))).collect()[0]
        return bool(without <= checks.MAX_NULL_RATE * rows)

    @pa.dataframe_check(name=checks.EVENT_ID_DUPLICATES)
    def has_few_copies(cls, events: DataFrame) -> bool:
        rows, distinct = events.agg(F.count("event_id"), F.count_distinct("event_id")).collect()[0]
        return bool(rows - distinct <= checks.MAX_DUPLICATE_RATE * rows)


def evaluate(events: DataFrame) -> checks.Answer:
    """Validate the frame; its ``errors`` hold the checks that failed."""
    errors = Events.validate(check_obj=events).pandera.errors
    failures = [error for by_reason in errors.values() for found in by_reason.values() for error in found]
    failed = {_FAILURE_TO_CHECK[failure["column"], failure["check"]] for failure in failures}
    return checks.Answer({check: check not in failed for check in checks.CHECKS})
