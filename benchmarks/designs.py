"""The designs that are compared: each turns the same raw objects into Parquet with the same six checks, or part of it.

Every design gets a running session, so that the start of Spark and its JVM is not measured.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

DAY = date(2025, 1, 1)
SCHEMA = (
    "event_id string, event_type string, user_id string, event_ts timestamp, item_id string, quantity int, "
    "price decimal(12,2), currency string, session_id string, device string, properties map<string,string>"
)
EVENT_TYPES = ("login", "view_item", "add_to_cart", "purchase")
Design = Callable[[SparkSession, Path], object]


def bare(spark: SparkSession, root: Path) -> None:
    """Read and write: no checks, no deduplication. The floor."""
    _write(_read(spark, root), root)


def bare_with_window(spark: SparkSession, root: Path) -> None:
    """Read, deduplicate by a row_number window, write; still no checks."""
    _write(_latest(_read(spark, root)), root)


def one_action_per_check(spark: SparkSession, root: Path) -> None:
    """Run the six checks as one action each, then deduplicate and write: the usual sample."""
    events = _read(spark, root)
    _six_actions(events)
    _write(_latest(events), root)


def one_action_per_check_cached(spark: SparkSession, root: Path) -> None:
    """Do the same on a cached frame."""
    events = _read(spark, root).cache()
    _six_actions(events)
    _write(_latest(events), root)
    events.unpersist()


def this_job(spark: SparkSession, root: Path) -> str:
    """Run the whole curation job: list, fingerprint, parse, quarantine, check, deduplicate, audit, publish."""
    import curate_job  # noqa: PLC0415  only this design needs the job

    spark.sparkContext.setLogLevel("WARN")
    contract = Path(__file__).parent.parent / "contracts" / "events.odcs.yaml"
    _, run = curate_job.prepared(
        ["--ingestion_date", str(DAY), "--data_uri", root.as_uri(), "--contract", str(contract), "--force", "true"]
    )
    run.execute()
    return run.report.status


DESIGNS: dict[str, Design] = {
    "bare": bare,
    "bare_with_window": bare_with_window,
    "this_job": this_job,
    "one_action_per_check": one_action_per_check,
    "one_action_per_check_cached": one_action_per_check_cached,
}


def raw_folder(root: Path) -> Path:
    """Return where the day's raw objects of a benchmark lie."""
    return root / "raw" / "source_system=app" / f"ingestion_date={DAY}"


def _read(spark: SparkSession, root: Path) -> DataFrame:
    return spark.read.schema(SCHEMA).json(str(raw_folder(root)))


def _latest(events: DataFrame) -> DataFrame:
    newest_first = Window.partitionBy("event_id").orderBy(F.col("event_ts").desc())
    return events.withColumn("position", F.row_number().over(newest_first)).where("position = 1").drop("position")


def _write(events: DataFrame, root: Path) -> None:
    events.write.mode("overwrite").parquet(str(root / "comparison"))


def _six_actions(events: DataFrame) -> None:
    def count(condition: Column) -> int:
        return events.where(condition).count()

    events.count()
    count(F.col("event_id").isNull())
    count(F.col("event_type").isNull())
    count(~F.col("event_type").isin(*EVENT_TYPES))
    count(F.col("user_id").isNull())
    events.groupBy("event_id").count().where("count > 1").agg(F.sum(F.col("count") - 1)).collect()
