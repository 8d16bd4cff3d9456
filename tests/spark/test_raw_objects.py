"""Spark reads what is classified as input, by the names that decide how it decompresses."""

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from core.raw_objects import INPUT, RawObjects, needs_spark_4_1

TEXT = b'{"a": 1}\n{"a": 2}\n'
# Two Zstandard frames without compression, made by hand: no Python of the tests has the codec.
ZSTANDARD = b"".join(
    b"\x28\xb5\x2f\xfd\x20" + bytes([len(line)]) + (len(line) << 3 | 1).to_bytes(3, "little") + line
    for line in TEXT.splitlines(keepends=True)
)
CONTENT: dict[str, Callable[[], bytes]] = {
    "": lambda: TEXT,
    ".gz": lambda: gzip.compress(TEXT),
    ".bz2": lambda: bz2.compress(TEXT),
    ".zst": lambda: ZSTANDARD,
}


@pytest.mark.parametrize("compression", CONTENT)
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title], ids=["lower", "upper", "title"])
def test_an_input_is_read_whatever_its_suffix_or_known_to_need_a_newer_spark(
    spark: SparkSession, tmp_path: Path, compression: str, case: Callable[[str], str]
) -> None:
    for name in (case(f"a.json{compression}"), case(f"a.ndjson{compression}"), f"delivery-1{case(compression)}"):
        path = tmp_path / name
        path.write_bytes(CONTENT[compression]())
        found = RawObjects(("delivery-*",)).classify(f"{tmp_path}/{name}", 1, day_prefix=f"{tmp_path}/")
        assert found == INPUT
        if needs_spark_4_1(name) is None or not spark.version.startswith("3."):
            assert [row.value for row in spark.read.text(str(path)).collect()] == ['{"a": 1}', '{"a": 2}'], name


@pytest.mark.parametrize("name", ["a.json.GZ", "a.BZ2", "a.zst"])
def test_spark_3_5_cannot_read_what_is_said_to_need_a_newer_one(spark: SparkSession, tmp_path: Path, name: str) -> None:
    if not spark.version.startswith("3."):
        return
    (tmp_path / name).write_bytes(CONTENT[f".{name.lower().rpartition('.')[2]}"]())
    try:
        lines = [row.value for row in spark.read.text(str(tmp_path / name)).collect()]
    except Exception:  # noqa: BLE001  whatever the engine says of it
        return
    assert lines != TEXT.decode().splitlines()
