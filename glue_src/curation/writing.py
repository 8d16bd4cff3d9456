"""One write of a day's rows: good rows and malformed lines part in the same pass.

A version folder holds ``outcome=accepted/`` (the rows, which readers see) and, for a moment, ``outcome=quarantined/``.
"""

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from curation.counts import Counts
from curation.duplicates import IS_DUPLICATE
from curation.listed_values import long_lists, with_places
from curation.observations import aggregates, read_counts
from curation.parquet import PARQUET_OPTIONS
from curation.quarantine import carried
from curation.version import VersionTask


def write_rows(rows: DataFrame, task: VersionTask) -> Counts:
    """Write a version and count it in the stage that writes, so that a task that runs again is not counted twice."""
    observation = Observation("counts")
    lists = long_lists(rows.sparkSession, task.contract.columns)
    wanted = aggregates(task.contract, ingestion_date=task.ingestion_date, lists=lists)
    observed = with_places(rows, lists).observe(observation, *(column.alias(name) for name, column in wanted.items()))
    malformed = F.col("_malformed")
    outcome = F.when(malformed, "quarantined").otherwise("accepted").alias(task.outcome)
    kept = observed.where(malformed | ~F.col(IS_DUPLICATE)).select(*carried(task.contract), outcome)
    kept.write.partitionBy(task.outcome).options(**PARQUET_OPTIONS).parquet(task.version_uri)
    return read_counts(task.contract, observation.get, lists=lists)


def write_no_rows(spark: SparkSession, task: VersionTask) -> None:
    """Write a version of a day that is allowed to have no rows: one file with the columns."""
    ddl = ", ".join(f"`{column.name}` {column.type}" for column in task.contract.columns)
    spark.createDataFrame([], ddl).write.options(**PARQUET_OPTIONS).parquet(task.accepted_uri)
