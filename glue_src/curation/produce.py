"""The engine's part of a run: raw objects in, one complete and audited version out. It publishes nothing.

Good rows and malformed lines part in one write: a version folder holds ``outcome=accepted/``, which readers see, and
for a moment ``outcome=quarantined/``.
"""

from collections.abc import Mapping
from dataclasses import replace

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from core.errors import AuditFailed, PipelineError
from core.raw_objects import needs_spark_4_1
from core.rejections import RejectedLines
from curation.duplicates import IS_DUPLICATE, mark_duplicates
from curation.earlier_dates import count_earlier_duplicates
from curation.framing import Frame
from curation.listed_values import long_lists, with_places
from curation.lost_objects import lost_objects
from curation.metrics import Stopwatch
from curation.observations import aggregates, read_counts
from curation.parquet import PARQUET_OPTIONS, count_rows, read_row_by_row
from curation.parsing import parse_lines, read_texts
from curation.quarantine import carried, count_named, most_rejected, write_quarantine
from curation.session import core_count, read_in_parts
from curation.version import Counts, WriteRequest, WrittenVersion
from curation.whole_objects import require_whole


def produce_version(spark: SparkSession, request: WriteRequest) -> WrittenVersion:
    """Write a version and its quarantine in one pass over the raw lines, and check them against what was counted.

    Raises:
        AuditFailed: when a folder does not hold as many rows as were counted for it.
        PipelineError: naming an object that this Spark cannot read, or would read as empty.
    """
    _require_readable(spark, request)
    stopwatch = Stopwatch()
    frame = Frame()
    with stopwatch.phase("read_and_write"):
        cores = core_count(spark)
        read_in_parts(spark, request.read_count(cores))
        lines = read_texts(spark, list(request.raw_sizes), request.contract)
        rows = parse_lines(lines, request.contract, frame, field_sample=request.field_sample)
        marked = mark_duplicates(rows, request.contract, partitions=request.sort_count(cores))
        # One task writes a file from several sorted parts, one after the other.
        counts = write_rows(marked.coalesce(request.file_count(cores)), request)
        if counts.rows_kept == 0:
            write_no_rows(spark, request)
    rejected: tuple[RejectedLines, ...] = ()
    lost: str | None = None
    reasons = 0
    with stopwatch.phase("quarantine"), read_row_by_row(spark):
        if counts.rows_quarantined > 0:
            write_quarantine(spark, request, counts, frame)
            _require_rows(spark, request.quarantine_uri, counts.rows_quarantined)
            named = count_named(spark, request) if request.replaced else {}
            stood_for = sum(min(number, request.replaced[digest]) for digest, number in named.items())
            counts = replace(counts, rows_replaced=stood_for)
            rejected, reasons = most_rejected(spark, request, named)
            lost = lost_objects(spark, request)
    with stopwatch.phase("audit"):
        _require_rows(spark, request.accepted_uri, counts.rows_kept)
    not_counted: Mapping[str, str] = {}
    if request.contract.look_back_days > 0:
        with stopwatch.phase("look_back"):
            earlier, not_counted = count_earlier_duplicates(spark, request)
            counts = replace(counts, by_rule={**counts.by_rule, **earlier})
    return WrittenVersion(
        counts, request.accepted_uri, spark.version, stopwatch.seconds, rejected, not_counted, reasons, lost
    )


def _require_readable(spark: SparkSession, request: WriteRequest) -> None:
    problems = ((uri, needs_spark_4_1(uri)) for uri in request.raw_sizes if spark.version.startswith("3."))
    for uri, problem in problems:
        if problem is not None:
            raise PipelineError(f"{uri} cannot be read: {problem}, then run the date again")
    require_whole(spark, list(request.raw_sizes.items()))


def _require_rows(spark: SparkSession, uri: str, expected: int) -> None:
    found = count_rows(spark, uri)
    if found != expected:
        raise AuditFailed(
            f"{uri} holds {found} rows, but {expected} were counted while it was written; "
            "nothing was published, run the date again"
        )


def write_rows(rows: DataFrame, request: WriteRequest) -> Counts:
    """Write a version and count it in the stage that writes, so that a task that runs again is not counted twice."""
    observation = Observation("counts")
    lists = long_lists(rows.sparkSession, request.contract.columns)
    wanted = aggregates(request.contract, ingestion_date=request.ingestion_date, lists=lists)
    observed = with_places(rows, lists).observe(observation, *(column.alias(name) for name, column in wanted.items()))
    malformed = F.col("_malformed")
    outcome = F.when(malformed, "quarantined").otherwise("accepted").alias(request.outcome)
    kept = observed.where(malformed | ~F.col(IS_DUPLICATE)).select(*carried(request.contract), outcome)
    kept.write.partitionBy(request.outcome).options(**PARQUET_OPTIONS).parquet(request.version_uri)
    return read_counts(request.contract, observation.get, lists=lists)


def write_no_rows(spark: SparkSession, request: WriteRequest) -> None:
    """Write a version of a day that is allowed to have no rows: one file with the columns."""
    ddl = ", ".join(f"`{column.name}` {column.type}" for column in request.contract.stored_columns)
    spark.createDataFrame([], ddl).write.options(**PARQUET_OPTIONS).parquet(request.accepted_uri)
