"""The engine's part of a run: raw objects in, one complete and audited version out. It publishes nothing."""

from pyspark.sql import SparkSession

from core.errors import AuditFailed, PipelineError
from core.raw_objects import needs_spark_4_1
from curation.duplicates import mark_duplicates
from curation.framing import Frame
from curation.parquet import count_rows
from curation.parsing import parse_lines, read_lines
from curation.quarantine import write_quarantine
from curation.session import core_count, read_in_parts
from curation.stopwatch import Stopwatch
from curation.version import VersionTask, WrittenVersion
from curation.writing import write_no_rows, write_rows


def produce_version(spark: SparkSession, task: VersionTask) -> WrittenVersion:
    """Write a version and its quarantine in one pass over the raw lines, and check them against what was counted.

    Raises:
        AuditFailed: when a folder does not hold as many rows as were counted for it.
        PipelineError: naming an object that this Spark cannot read.
    """
    _require_readable(spark, task)
    stopwatch = Stopwatch()
    frame = Frame()
    with stopwatch.phase("read_and_write"):
        cores = core_count(spark)
        read_in_parts(spark, task.read_count(cores))
        lines = read_lines(spark, list(task.raw_sizes))
        rows = parse_lines(lines, task.contract, frame, field_sample=task.field_sample)
        marked = mark_duplicates(rows, task.contract, partitions=task.sort_count(cores))
        # One task writes a file from several sorted parts, one after the other.
        counts = write_rows(marked.coalesce(task.file_count(cores)), task)
        if counts.rows_kept == 0:
            write_no_rows(spark, task)
    with stopwatch.phase("quarantine"):
        if counts.rows_quarantined > 0:
            write_quarantine(spark, task, counts, frame)
            _require_rows(spark, task.quarantine_uri, counts.rows_quarantined)
    with stopwatch.phase("audit"):
        _require_rows(spark, task.accepted_uri, counts.rows_kept)
    return WrittenVersion(counts, task.accepted_uri, spark.version, stopwatch.seconds)


def _require_readable(spark: SparkSession, task: VersionTask) -> None:
    problems = ((uri, needs_spark_4_1(uri)) for uri in task.raw_sizes if spark.version.startswith("3."))
    for uri, problem in problems:
        if problem is not None:
            raise PipelineError(f"{uri} cannot be read: {problem}, then run the date again")


def _require_rows(spark: SparkSession, uri: str, expected: int) -> None:
    found = count_rows(spark, uri)
    if found != expected:
        raise AuditFailed(
            f"{uri} holds {found} rows, but {expected} were counted while it was written; "
            "nothing was published, run the date again"
        )
