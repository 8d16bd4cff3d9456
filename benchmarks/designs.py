"""The designs that are compared: each turns the same raw objects into Parquet with the same six checks, or part of it.

Every design gets a running session, so that the start of Spark and its JVM is not measured.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import yaml
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

DAY = date(2025, 1, 1)
SCHEMA = (
    "event_id string, event_type string, user_id string, event_ts timestamp, item_id string, quantity int, "
    "price decimal(12,2), currency string, session_id string, device string, properties map<string,string>"
)
_CONTRACT = Path(__file__).resolve().parent.parent / "contracts" / "events.odcs.yaml"
_FIELD_SAMPLE = 25  # the job's, of five million rows
EVENT_TYPES = ("login", "view_item", "add_to_cart", "purchase")
# Variants of the job are the job under more of Spark's settings; they are measured when they are asked for.
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "this_job_zstd_1": {"spark.hadoop.parquet.compression.codec.zstd.level": "1"},
    "this_job_shuffle_plain": {"spark.shuffle.compress": "false"},
    "this_job_shuffle_zstd": {"spark.io.compression.codec": "zstd"},
}
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
    return _job(spark, root, _CONTRACT)


def this_job_long_list(spark: SparkSession, root: Path) -> str:
    """Run the job by a contract that lists 1,500 items."""
    document = yaml.safe_load(_CONTRACT.read_text(encoding="utf-8"))
    [item] = [prop for prop in document["schema"][0]["properties"] if prop["name"] == "item_id"]
    listed = {"validValues": [f"item-{number:05}" for number in range(1_500)]}
    rule = {
        "id": "item_listed",
        "metric": "invalidValues",
        "arguments": listed,
        "mustBeLessThan": 100,
        "unit": "percent",
    }
    item["quality"] = [rule]
    contract = root / "long-list.json"
    contract.write_text(json.dumps(document), encoding="utf-8")
    return _job(spark, root, contract)


def _job(spark: SparkSession, root: Path, contract: Path) -> str:
    import curate_job  # noqa: PLC0415  only this design needs the job

    spark.sparkContext.setLogLevel("WARN")
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
    "this_job_long_list": this_job_long_list,
}


def raw_folder(root: Path) -> Path:
    """Return where the day's raw objects of a benchmark lie."""
    return root / "raw" / "source_system=app" / f"ingestion_date={DAY}"


def _with_guarantees(spark: SparkSession, root: Path, *, cached: bool) -> None:
    """Parse as strictly as the job does, by its own parser, and do all else one after the other."""
    rows = _strictly_parsed(spark, root)
    rows = rows.cache() if cached else rows
    events = rows.where(~F.col("_malformed"))
    rows.where("_malformed").select("_refused", "_object").write.mode("overwrite").parquet(str(root / "comparison-bad"))
    _six_actions(events)
    _write(_latest(events).select(*(name for name in rows.columns if not name.startswith("_"))), root)
    spark.read.parquet(str(root / "comparison")).count()
    rows.unpersist()


def _strictly_parsed(spark: SparkSession, root: Path) -> DataFrame:
    from contract import load_contract  # noqa: PLC0415  as below
    from curation.framing import Frame  # noqa: PLC0415  only designs that are as strict need the job
    from curation.parsing import parse_lines, read_texts  # noqa: PLC0415  as above
    from curation.session import open_session  # noqa: PLC0415  as above

    open_session("same_guarantees")  # strictness needs the job's settings
    contract = load_contract(_CONTRACT)
    lines = read_texts(spark, [f"file://{file}" for file in sorted(raw_folder(root).iterdir())], contract)
    return parse_lines(lines, contract, Frame(), field_sample=_FIELD_SAMPLE)


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
