"""The six checks in cuallee: one `Check` whose `validate` returns a frame of results.

It has no check on the number of rows; each result tells it, so that check is read from there. `is_unique` compares
distinct values with rows, which is the rate of duplicates exactly.
"""

import cuallee
from pyspark.sql import DataFrame

from benchmarks.designs import EVENT_TYPES
from benchmarks.peers import checks

_IN_ORDER = (
    checks.EVENT_ID_NOT_NULL,
    checks.EVENT_TYPE_NOT_NULL,
    checks.EVENT_TYPE_VALID,
    checks.USER_ID_NULL_RATE,
    checks.EVENT_ID_DUPLICATES,
)


def evaluate(events: DataFrame) -> checks.Answer:
    """Validate the frame and read the results in the order of the rules."""
    check = cuallee.Check(cuallee.CheckLevel.ERROR, "events")
    check.is_complete("event_id").is_complete("event_type").is_contained_in("event_type", EVENT_TYPES)
    check.is_complete("user_id", pct=1 - checks.MAX_NULL_RATE).is_unique("event_id", pct=1 - checks.MAX_DUPLICATE_RATE)
    results = check.validate(events).orderBy("id").collect()
    passed = {name: result.status == "PASS" for name, result in zip(_IN_ORDER, results, strict=True)}
    return checks.Answer({checks.TOTAL_ROWS: results[0].rows > 0, **passed}, results[-1].violations)
