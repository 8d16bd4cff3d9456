"""Objects of which no line is a row: a limit on malformed lines does not see them, as one line may hold a whole object.

An array of all records is one line of a day, and so is a compressed file whose name does not say so, or nearly.
"""

import logging

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from core.rejections import object_name
from core.wording import plural
from curation.parsing import literal_path, read_texts
from curation.quarantine import line_digest, object_key
from curation.version import WriteRequest

log = logging.getLogger("pipeline")

_MOST_NAMED = 3
# The malformed lines of such an object are all of it but white space, line ends and what a compressed file begins with.
_NEARLY_ALL, _ENVELOPE_BYTES = 0.9, 100


def lost_objects(spark: SparkSession, request: WriteRequest) -> str | None:
    """Say of which objects all lines are in quarantine, when these hold more of the day's bytes than lines may fail.

    None where that is not so, for contracts that count records or whole objects, and where it cannot be looked up.
    """
    if request.contract.has_records or request.contract.object_format == "document":
        return None
    try:
        lines = _lost_lines(spark, request)
    except Exception:  # a warning is no reason to fail a run
        log.warning("objects of which no line is a row could not be looked up", exc_info=True)
        return None
    return _sentence(lines) if _is_much(lines, request) else None


def _lost_lines(spark: SparkSession, request: WriteRequest) -> dict[str, int]:
    """Count the lines of each lost object, by its key."""
    stored = spark.read.schema("source_object string, line_bytes binary").parquet(literal_path(request.quarantine_uri))
    is_corrected = line_digest().isin(list(request.replaced)) if request.replaced else F.lit(False)
    counted = stored.groupBy("source_object").agg(
        F.count(F.lit(1)).alias("lines"),
        F.sum(F.octet_length("line_bytes") + 1).alias("bytes"),
        F.max(is_corrected).alias("is_corrected"),
    )
    malformed = {row["source_object"]: row["lines"] for row in counted.collect() if _may_be_lost(row, request)}
    if not _is_much(malformed, request):
        return {}
    texts = read_texts(spark, [request.object_uri(key) for key in malformed], request.contract)
    by_object = texts.groupBy(object_key(F.input_file_name(), request).alias("key")).count().collect()
    return {row["key"]: row["count"] for row in by_object if row["count"] == malformed.get(row["key"])}


def _may_be_lost(row: Row, request: WriteRequest) -> bool:
    size = request.raw_sizes[request.object_uri(row["source_object"])]
    return not row["is_corrected"] and bool(row["bytes"] + _ENVELOPE_BYTES >= _NEARLY_ALL * size)


def _is_much(lines: dict[str, int], request: WriteRequest) -> bool:
    size = sum(request.raw_sizes[request.object_uri(key)] for key in lines)
    return 100 * size > request.contract.max_malformed_percent * sum(request.raw_sizes.values())


def _sentence(lines: dict[str, int]) -> str:
    most = sorted(lines, key=lambda key: (-lines[key], key))[:_MOST_NAMED]
    named = [f"{object_name(key)} ({plural(lines[key], 'line')})" for key in most]
    more = f" and {len(lines) - len(most):,} more" if len(lines) > len(most) else ""
    return f"no line of {plural(len(lines), 'object')} is a row: {', '.join(named)}{more}"
