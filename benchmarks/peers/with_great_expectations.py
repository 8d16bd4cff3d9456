"""The six checks in Great Expectations: a suite, and a validation definition that runs it on a frame.

`ExpectColumnProportionOfUniqueValuesToBeBetween` compares distinct values with values, which is the rate of extra
copies exactly. Its Spark data source caches the frame unless told not to; both are measured.
"""

from typing import Any

import great_expectations as gx
from great_expectations import expectations as gxe
from pyspark.sql import DataFrame

from benchmarks.designs import EVENT_TYPES
from benchmarks.peers import checks


def evaluate(events: DataFrame) -> checks.Answer:
    """Run the suite as the data source is by default: it caches the frame."""
    return _evaluate(events, persist=True)


def evaluate_uncached(events: DataFrame) -> checks.Answer:
    """Run the suite on a frame that is read anew for every metric that needs it."""
    return _evaluate(events, persist=False)


def _evaluate(events: DataFrame, *, persist: bool) -> checks.Answer:
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_spark("spark", persist=persist)
    batches = source.add_dataframe_asset("events").add_batch_definition_whole_dataframe("day")
    suite = context.suites.add(gx.ExpectationSuite("events", expectations=_expectations()))
    definition = gx.ValidationDefinition(data=batches, suite=suite, name="events")
    results = context.validation_definitions.add(definition).run(batch_parameters={"dataframe": events}).results
    by_check = {result.expectation_config.meta["check"]: result for result in results}
    rows = by_check[checks.TOTAL_ROWS].result["observed_value"]
    unique = by_check[checks.EVENT_ID_DUPLICATES].result["observed_value"]
    return checks.Answer(
        {check: bool(result.success) for check, result in by_check.items()}, round(rows * (1 - unique))
    )


def _expectations() -> list[Any]:
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1, meta={"check": checks.TOTAL_ROWS}),
        gxe.ExpectColumnValuesToNotBeNull(column="event_id", meta={"check": checks.EVENT_ID_NOT_NULL}),
        gxe.ExpectColumnValuesToNotBeNull(column="event_type", meta={"check": checks.EVENT_TYPE_NOT_NULL}),
        gxe.ExpectColumnValuesToBeInSet(
            column="event_type", value_set=list(EVENT_TYPES), meta={"check": checks.EVENT_TYPE_VALID}
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="user_id", mostly=1 - checks.MAX_NULL_RATE, meta={"check": checks.USER_ID_NULL_RATE}
        ),
        gxe.ExpectColumnProportionOfUniqueValuesToBeBetween(
            column="event_id", min_value=1 - checks.MAX_DUPLICATE_RATE, meta={"check": checks.EVENT_ID_DUPLICATES}
        ),
    ]
