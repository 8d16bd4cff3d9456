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


def same_guarantees(spark: SparkSession, root: Path) -> None:
    """Give the guarantees of the job the usual way: parse strictly, quarantine, one action per check, then write."""
    _with_guarantees(spark, root, cached=False)


def same_guarantees_cached(spark: SparkSession, root: Path) -> None:
    """Do the same on a cached frame."""
    _with_guarantees(spark, root, cached=True)


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
    "same_guarantees": same_guarantees,
    "same_guarantees_cached": same_guarantees_cached,
}


def raw_folder(root: Path) -> Path:
    """Return where the day's raw objects of a benchmark lie."""
    return root / "raw" / "source_system=app" / f"ingestion_date={DAY}"


def _with_guarantees(spark: SparkSession, root: Path, *, cached: bool) -> None:
    lines = spark.read.text(str(raw_folder(root)))
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": "_corrupt"}
    parsed = F.from_json("value", f"{SCHEMA}, _corrupt string", options)
    rows = lines.where(F.trim("value") != "").select("value", parsed.alias("row")).select("value", "row.*")
    rows = rows.cache() if cached else rows
    # What a strict contract says of a line, in Spark's own words: one object, every value of its type, valid UTF-8.
    is_good = F.col("_corrupt").isNull() & F.is_valid_utf8("value")
    bad, events = rows.where(~is_good), rows.where(is_good).drop("value", "_corrupt")
    bad.select("value").write.mode("overwrite").parquet(str(root / "comparison" / "quarantine"))
    rows.count()
    _six_actions(events)
    _measured_like_the_job(events)
    written = root / "comparison" / "rows"
    _latest(events).write.mode("overwrite").parquet(str(written))
    spark.read.parquet(str(written)).count()
    if cached:
        rows.unpersist()


def _read(spark: SparkSession, root: Path) -> DataFrame:
    return spark.read.schema(SCHEMA).json(str(raw_folder(root)))


def _latest(events: DataFrame) -> DataFrame:
    newest_first = Window.partitionBy("event_id").orderBy(F.col("event_ts").desc())
    return events.withColumn("position", F.row_number().over(newest_first)).where("position = 1").drop("position")


def _write(events: DataFrame, root: Path) -> None:
    events.write.mode("overwrite").parquet(str(root / "comparison"))


def _measured_like_the_job(events: DataFrame) -> None:
    """Make the other numbers of the job's metrics, with one action each: nulls, a distribution, the times."""
    for column in events.columns:
        events.where(F.col(column).isNull()).count()
    events.groupBy("event_type").count().collect()
    events.agg(F.min("event_ts"), F.max("event_ts")).collect()
    events.where(F.to_date("event_ts") != F.lit(str(DAY)).cast("date")).count()


def _six_actions(events: DataFrame) -> None:
    def count(condition: Column) -> int:
        return events.where(condition).count()

    events.count()
    count(F.col("event_id").isNull())
    count(F.col("event_type").isNull())
    count(~F.col("event_type").isin(*EVENT_TYPES))
    count(F.col("user_id").isNull())
    events.groupBy("event_id").count().where("count > 1").agg(F.sum(F.col("count") - 1)).collect()
