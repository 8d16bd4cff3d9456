"""The six checks in Soda Core: a scan of a temporary view with checks in SodaCL.

Its `duplicate_percent` counts the values that occur more than once, not the rows beyond the first; it is the nearest
there is, and the less the more often a value is repeated.
"""

from pyspark.sql import DataFrame
from soda.scan import Scan

from benchmarks.designs import EVENT_TYPES
from benchmarks.peers import checks

_CHECKS = f"""
checks for events:
  - row_count > 0:
      name: {checks.TOTAL_ROWS}
  - missing_count(event_id) = 0:
      name: {checks.EVENT_ID_NOT_NULL}
  - missing_count(event_type) = 0:
      name: {checks.EVENT_TYPE_NOT_NULL}
  - invalid_count(event_type) = 0:
      name: {checks.EVENT_TYPE_VALID}
      valid values: [{", ".join(EVENT_TYPES)}]
  - missing_percent(user_id) <= {checks.MAX_NULL_RATE * 100:g}:
      name: {checks.USER_ID_NULL_RATE}
  - duplicate_percent(event_id) <= {checks.MAX_DUPLICATE_RATE * 100:g}:
      name: {checks.EVENT_ID_DUPLICATES}
"""


def evaluate(events: DataFrame) -> checks.Answer:
    """Scan the frame; a check without an outcome counts as failed."""
    events.createOrReplaceTempView("events")
    scan = Scan()
    scan.set_scan_definition_name("events")
    scan.set_data_source_name("events")
    scan.add_spark_session(events.sparkSession, data_source_name="events")
    scan.add_sodacl_yaml_str(_CHECKS)
    scan.execute()
    results = scan.get_scan_results()["checks"]
    return checks.Answer({result["name"]: result["outcome"] == "pass" for result in results})
