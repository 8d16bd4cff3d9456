"""What a second run of a date does to the first, and to everything beside it."""

import gzip
import json
import random
from collections import Counter

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from core.errors import GateFailed
from tests.spark.lab import CONTRACTS, DAY, Lab, Row, as_set

OTHER_DAY = "2025-01-02"


@pytest.fixture
def readings(lab: Lab) -> Lab:
    return Lab(lab.root, CONTRACTS / "readings.odcs.yaml")


def reading(meter: str | None, *, at: str | None = f"{DAY}T10:00:00Z", level: int | None = 1, note: str = "") -> Row:
    return {"meter": meter, "read_at": at, "level": level, "note": note}


def test_unchanged_input_is_published_again_only_when_forced(readings: Lab) -> None:
    readings.put([reading("a"), reading("b"), reading("b"), reading("c")])
    first = readings.run()
    published = readings.files("curated") | readings.files("publications")
    assert first.status == "published"

    unchanged = readings.run()
    assert (unchanged.status, unchanged.metrics["published_run_id"]) == ("unchanged", first.metrics["run_id"])
    assert unchanged.metrics["location"] == first.metrics["location"]
    assert [unchanged.metrics[name] for name in ("rows_read", "duplicates_removed", "rows_written")] == [4, 1, 3]
    assert readings.files("curated") | readings.files("publications") == published

    forced = readings.run("--force", "true")
    assert forced.status == "published"
    assert forced.location != first.location
    assert as_set(forced.rows()) == as_set(first.rows())
    assert [version["run_id"] for version in readings.record()["previous"]] == [first.metrics["run_id"]]


def test_late_data_gives_one_new_version_with_the_union(readings: Lab) -> None:
    early = [reading("a"), reading("b")]
    late = [reading("b", at=f"{DAY}T11:00:00Z", note="corrected"), reading("c")]
    readings.put(early)
    first = readings.run()
    readings.put(late, "late.json.gz")
    second = readings.run()
    assert {row["meter"]: row["note"] for row in first.rows()} == {"a": "", "b": ""}
    assert {row["meter"]: row["note"] for row in second.rows()} == {"a": "", "b": "corrected", "c": ""}
    assert readings.record()["current"]["location"] == second.metrics["location"]
    assert readings.run().status == "unchanged"


def test_a_run_touches_no_other_date(readings: Lab) -> None:
    readings.put([reading("a")], day=OTHER_DAY)
    readings.run(day=OTHER_DAY)
    before = {name: content for name, content in readings.files().items() if OTHER_DAY in name}
    readings.put([reading("a"), reading("b")])
    assert readings.run().status == "published"
    assert {name: content for name, content in readings.files().items() if OTHER_DAY in name} == before


def test_a_failed_gate_keeps_the_published_version_and_deletes_its_own(readings: Lab) -> None:
    readings.put([reading("a")])
    good = readings.run()
    published = readings.files("curated") | readings.files("publications")

    readings.put([reading("b", level=None)], "late.json")
    failed = readings.run()

    assert isinstance(failed.error, GateFailed)
    assert failed.status == "gate_failed"
    assert failed.failed_checks == {"level_known"}
    assert "null count of level is 1, must be 0" in failed.message
    assert readings.files("curated") | readings.files("publications") == published
    assert readings.files("leases") == {}
    assert failed.metrics["location"] is None
    assert [row["meter"] for row in good.rows()] == ["a"]


def test_a_first_run_that_fails_leaves_nothing_for_readers(readings: Lab) -> None:
    readings.put([reading("a", level=None)])
    assert readings.run().status == "gate_failed"
    assert readings.files("curated") | readings.files("publications") | readings.files("leases") == {}


def test_the_same_rows_are_kept_whatever_the_order_of_objects_and_lines_and_the_parallelism(
    readings: Lab, spark: SparkSession
) -> None:
    """Forty keys with ten copies each: most agree in their event time, many lack one, and all differ in content."""
    choice = random.Random(7)
    times = (None, f"{DAY}T10:00:00Z", f"{DAY}T10:00:00Z", f"{DAY}T10:00:00.000001Z", f"{DAY}T11:00:00+01:00")
    rows = [
        reading(f"m{n % 40}", at=choice.choice(times), level=n, note=f"copy {n}" + " " * choice.randrange(200))
        for n in range(400)
    ]
    rows += [reading(None, note="no key")] * 3
    readings.put(rows)
    whole = readings.run()
    assert whole.metrics["duplicates_removed"] == 360

    (readings.raw() / "events.json").unlink()
    choice.shuffle(rows)
    for part in range(5):
        content = "".join(f"{json.dumps(row)}\n" for row in rows[part::5]).encode()
        name = f"part-{9 - part}.json"
        readings.put(gzip.compress(content) if part % 2 else content, f"{name}.gz" if part % 2 else name)
    split = spark.conf.get("spark.sql.files.maxPartitionBytes")
    spark.conf.set("spark.sql.files.maxPartitionBytes", "4096")
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    try:
        scattered = readings.run()
    finally:
        spark.conf.set("spark.sql.files.maxPartitionBytes", str(split))
        spark.conf.set("spark.sql.shuffle.partitions", "2")

    assert scattered.status == "published"
    assert as_set(scattered.rows()) == as_set(whole.rows())
    assert scattered.check_values == whole.check_values
    assert all(
        scattered.metrics[name] == whole.metrics[name]
        for name in ("rows_read", "duplicates_removed", "columns", "event_time")
    )


def test_an_unusual_dataset_is_published_like_any_other(lab: Lab) -> None:
    """No text column to carry malformed lines in, and a key of two columns that may be null."""
    measures = Lab(lab.root, CONTRACTS / "measures.odcs.yaml")
    good: list[Row] = [
        {
            "probe": 1,
            "day": "2025-01-01",
            "amount": 0.5,
            "ok": True,
            "series": [1, 2.5],
            "place": {"lat": 1.5, "marks": [1]},
        },
        {"probe": 1, "day": "2025-01-02"},
        {"probe": 2, "day": "2025-01-01", "amount": -3},
        {"probe": None, "day": "2025-01-01", "ok": False},
        {"probe": None, "day": "2025-01-01", "ok": False},
        {"probe": 1, "day": None},
        {},
        {},
    ]
    measures.put([*good, good[1], {"probe": "1"}, {"day": "yesterday"}])
    measures.put(b"no json\n\xff\n", "more.json")
    run = measures.run()
    assert run.error is None
    assert [run.metrics[name] for name in ("rows_read", "rows_quarantined", "duplicates_removed", "rows_written")] == [
        13,
        4,
        1,
        8,
    ]
    rows = run.rows()
    keys = [(row["probe"], row["day"] and row["day"].isoformat()) for row in rows]
    assert Counter(keys) == Counter((row.get("probe"), row.get("day")) for row in good)
    [full] = [row for row in rows if row["amount"] is not None and row["amount"] > 0]
    assert (str(full["amount"]), full["series"], full["place"]) == ("0.5000", [1.0, 2.5], {"lat": 1.5, "marks": [1]})
    rejected = [(row["source_object"].rpartition("/")[2], row["line"]) for row in run.quarantine()]
    assert sorted(rejected) == [
        ("events.json", '{"day": "yesterday"}'),
        ("events.json", '{"probe": "1"}'),
        ("more.json", "no json"),
        ("more.json", "\ufffd"),
    ]
    columns = ["probe", "day", "amount", "ok", "series", "place"]
    assert {tuple(pq.read_schema(file).names) for file in run.location.glob("*.parquet")} == {tuple(columns)}


def test_an_empty_day_is_published_with_its_columns_when_the_contract_allows_it(readings: Lab) -> None:
    readings.put("\n \r\n\t\n")
    run = readings.run()
    assert (run.status, run.metrics["rows_read"], run.metrics["rows_written"]) == ("published", 0, 0)
    [file] = run.location.glob("*.parquet")
    assert pq.read_schema(file).names == ["meter", "read_at", "level", "note"]
