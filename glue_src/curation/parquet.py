"""How Parquet is written and counted, whatever it holds."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from curation.parsing import literal_path

PARQUET_OPTIONS = {
    "compression": "zstd",
    # A task's files go straight to their place: nothing references the folder before the audit has counted its rows.
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


_IN_BATCHES = "spark.sql.parquet.enableVectorizedReader"


@contextmanager
def read_row_by_row(spark: SparkSession) -> Iterator[None]:
    """Have what is read in here read one row at a time.

    A batch of 4,096 rows of quarantine, each of which may hold the megabytes of its whole text, needs more memory than
    there is.
    """
    before = spark.conf.get(_IN_BATCHES)
    spark.conf.set(_IN_BATCHES, "false")
    try:
        yield
    finally:
        spark.conf.set(_IN_BATCHES, before or "true")


def count_rows(spark: SparkSession, uri: str) -> int:
    """Count the rows of a folder of Parquet files from their footers."""
    # No column is needed, so no file has to be opened to find out which there are.
    return spark.read.schema(StructType([])).parquet(literal_path(uri)).count()
