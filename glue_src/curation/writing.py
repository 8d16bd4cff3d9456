"""One write of a day's rows: rows and malformed lines part in the same pass, and the lines then get their final form.

A version folder holds ``outcome=accepted/`` (the rows, which readers see) and, for a moment, ``outcome=quarantined/``.
"""

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from curation.counts import Counts
from curation.duplicates import IS_EXTRA_COPY
from curation.observations import aggregates, read_counts
from curation.parsing import is_valid_utf8, literal_path
from curation.reasons import reason
from curation.version import VersionTask
from data_contract import DataContract

_EXTRA_CARRIER = "_line"
_PARQUET_OPTIONS = {
    "compression": "zstd",
    # A task's files go straight to their place: nothing references the folder before the audit has counted its rows.
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


def write_rows(rows: DataFrame, task: VersionTask) -> Counts:
    """Write a version and count it in the stage that writes, so that a task that runs again is not counted twice.

    A malformed line travels in a text column that is its own in the malformed part only.
    """
    observation = Observation("counts")
    wanted = aggregates(task.contract, ingestion_date=task.ingestion_date)
    observed = rows.observe(observation, *(column.alias(name) for name, column in wanted.items()))
    malformed = F.col("_malformed")
    outcome = F.when(malformed, "quarantined").otherwise("accepted").alias(task.outcome)
    kept = observed.where(malformed | ~F.col(IS_EXTRA_COPY)).select(*_carried(task.contract), outcome)
    kept.write.partitionBy(task.outcome).options(**_PARQUET_OPTIONS).parquet(task.version_uri)
    return read_counts(task.contract, observation.get)


def write_no_rows(spark: SparkSession, task: VersionTask) -> None:
    """Write a version of a day that is allowed to have no rows: one file with the columns."""
    ddl = ", ".join(f"`{column.name}` {column.type}" for column in task.contract.columns)
    spark.createDataFrame([], ddl).write.options(**_PARQUET_OPTIONS).parquet(task.accepted_uri)


def write_quarantine(spark: SparkSession, task: VersionTask, *, end_marker: str) -> None:
    """Give the malformed lines of a version their final form, one row per line.

    Columns: ``line`` (text; bytes that are no UTF-8 replaced), ``line_bytes`` (exactly as received), ``reason``,
    ``source_object`` (key below the data root).
    """
    carrier = _carrier(task.contract)
    carried = spark.read.schema(f"`{carrier}` string").parquet(
        literal_path(f"{task.version_uri}{task.quarantined_folder}")
    )
    object_uri = F.substring_index(carrier, "\n", 1)
    lines = carried.select(
        object_uri.alias("_object"), F.unbase64(F.substring_index(carrier, "\n", -1)).alias("line_bytes")
    )
    texts = lines.select("*", F.col("line_bytes").cast("string").alias("_line"))
    explained = texts.select(
        F.when(is_valid_utf8("_line"), F.col("_line")).otherwise(_replaced("line_bytes")).alias("line"),
        "line_bytes",
        reason(task.contract, end_marker).alias("reason"),
        _key("_object", task.raw_prefix).alias("source_object"),
    )
    explained.coalesce(1).write.options(**_PARQUET_OPTIONS).parquet(task.quarantine_uri)


def count_rows(spark: SparkSession, uri: str) -> int:
    """Count the rows of a folder of Parquet files from their footers."""
    return spark.read.parquet(literal_path(uri)).count()


def _carrier(contract: DataContract) -> str:
    """Return the column that carries malformed lines: the first text column, or one more when there is none."""
    texts = (column.name for column in contract.columns if column.type == "string")
    return next(texts, _EXTRA_CARRIER)


def _carried(contract: DataContract) -> list[Column]:
    carrier = _carrier(contract)
    encoded = F.translate(F.base64(F.col("_line").cast("binary")), "\r\n", "")  # some versions break it into lines
    payload = F.concat("_object", F.lit("\n"), encoded)
    columns = {column.name: F.col(column.name) for column in contract.columns}
    own_value = columns.get(carrier, F.lit(None).cast("string"))
    columns[carrier] = F.when(F.col("_malformed"), payload).otherwise(own_value)
    return [column.alias(name) for name, column in columns.items()]


def _replaced(content: str) -> Column:
    """Read bytes as UTF-8 with U+FFFD for what is none, on Spark 3.5 and 4 alike."""
    if hasattr(F, "make_valid_utf8"):  # Spark 4, where decode raises instead
        return F.make_valid_utf8(F.col(content).cast("string"))
    return F.decode(content, "UTF-8")


def _key(object_uri: str, raw_prefix: str) -> Column:
    # Spark hands out file paths URL-encoded; a plus sign in one is no space.
    decoded = F.url_decode(F.replace(F.col(object_uri), F.lit("+"), F.lit("%2B")))
    return F.concat(F.lit(raw_prefix), F.substring_index(decoded, raw_prefix, -1))
