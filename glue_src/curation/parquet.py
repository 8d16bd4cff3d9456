"""How Parquet is written and counted, whatever it holds."""

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from curation.parsing import literal_path

PARQUET_OPTIONS = {
    "compression": "zstd",
    # A task's files go straight to their place: nothing references the folder before the audit has counted its rows.
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


def count_rows(spark: SparkSession, uri: str) -> int:
    """Count the rows of a folder of Parquet files from their footers."""
    # No column is needed, so no file has to be opened to find out which there are.
    return spark.read.schema(StructType([])).parquet(literal_path(uri)).count()
