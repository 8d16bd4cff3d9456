"""Dates written under an older contract and dates of the new one are one table, for every change called safe."""

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import DataFrame, SparkSession

from contract import load_contract
from contract_diff import SAFE, changes_between
from contract_diff.types import SPARK_3, type_changes
from tests.spark.lab import DAY, Lab
from tests.unit.written_types import as_read, changed_somewhere, random_type, values

OTHER_DAY = "2025-01-02"
HEAD = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
customProperties: [{property: sourceSystem, value: shop}]
schema:
  - name: orders
    properties:
"""
OLD = f"""{HEAD}
      - {{name: id, logicalType: string, primaryKey: true}}
      - {{name: n, physicalType: smallint}}
      - {{name: price, physicalType: 'decimal(12,2)'}}
      - {{name: place, physicalType: 'struct<city:string,zip:smallint>'}}
      - {{name: lines, physicalType: 'array<struct<sku:string,n:tinyint>>'}}
      - {{name: tags, physicalType: 'map<string,struct<a:string>>'}}
"""
NEW = f"""{HEAD}
      - {{name: added_in_front, logicalType: timestamp}}
      - {{name: price, physicalType: 'decimal(18,2)'}}
      - {{name: id, logicalType: string, primaryKey: true}}
      - {{name: place, physicalType: 'struct<zip:int,street:string,city:string>'}}
      - {{name: added, logicalType: string}}
      - {{name: n, physicalType: int}}
      - {{name: lines, physicalType: 'array<struct<sku:string,price:decimal(9,2),n:int>>'}}
      - {{name: tags, physicalType: 'map<string,struct<b:int,a:string>>'}}
"""
OLD_ROW = {
    "id": "o-1", "n": -32768, "price": 9999999999.99, "place": {"city": "Oslo", "zip": 150},
    "lines": [{"sku": "s", "n": -128}], "tags": {"k": {"a": "x"}},
}  # fmt: skip
NEW_ROW = {
    "id": "o-2", "n": 2**31 - 1, "price": 19.99, "place": {"city": "Rome", "street": "Via", "zip": 100_000},
    "added": "y", "added_in_front": "2025-01-02T10:00:00Z",
    "lines": [{"sku": "t", "price": 1.5, "n": 7}], "tags": {"k": {"b": 1}},
}  # fmt: skip
READ = "id, n, CAST(price AS string), place.street, place.zip, added, lines[{first}].n AS line, added_in_front IS NULL"
ROWS = [
    ("o-1", -32768, "9999999999.99", None, 150, None, -128, True),
    ("o-2", 2**31 - 1, "19.99", "Via", 100_000, "y", 7, False),
]


def files_of_both(lab: Lab) -> str:
    """Publish a date under each contract, and return where the files of both lie."""
    for text, row, day in ((OLD, OLD_ROW, DAY), (NEW, NEW_ROW, OTHER_DAY)):
        lab.contract.write_text(text, encoding="utf-8")
        lab.put([row], day=day)
        assert lab.run(day=day).status == "published"
    return f"{lab.root}/curated/orders"


@pytest.fixture
def both(tmp_path: Path) -> str:
    return files_of_both(Lab(tmp_path, tmp_path / "orders.odcs.yaml"))


def test_days_of_two_contracts_are_one_table(spark: SparkSession, both: str, tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(OLD, encoding="utf-8")
    new = load_contract(tmp_path / "orders.odcs.yaml")
    changes = changes_between(load_contract(tmp_path / "old.yaml"), new)
    assert {change.effect for change in changes} == {SAFE}

    schema = ", ".join(f"{column.name} {column.type}" for column in new.stored_columns)
    spark.read.schema(schema).parquet(both).createOrReplaceTempView("orders")
    read = READ.format(first=0)
    found = spark.sql(f"SELECT {read} FROM orders ORDER BY id").collect()  # noqa: S608
    assert [tuple(row) for row in found] == ROWS

    read = READ.format(first=1)
    source = f"read_parquet('{both}/**/*.parquet', union_by_name = true)"
    assert duckdb.sql(f"SELECT {read} FROM {source} ORDER BY id").fetchall() == ROWS  # noqa: S608


def _pairs(*, are_safe: bool) -> Iterator[tuple[str, str]]:
    dice = random.Random(16)
    while True:
        old = random_type(dice)
        new = changed_somewhere(dice, old)
        if all(change.written.effect == SAFE for change in type_changes("column", old, new)) == are_safe and old != new:
            yield old, new


def test_old_and_new_files_of_safe_types_read_as_they_were_written(spark: SparkSession, tmp_path: Path) -> None:
    left_out = SPARK_3 if spark.version.startswith("3.") else "nothing"
    safe = (pair for pair in _pairs(are_safe=True) if left_out not in str(list(type_changes("column", *pair))))
    pairs = list(islice(safe, 24))
    for number in (0, 1):
        _of_types(spark, [pair[number] for pair in pairs]).write.parquet(str(tmp_path / str(number)))
    schema = _schema([new for _, new in pairs])
    rows = spark.read.schema(schema).parquet(str(tmp_path / "0"), str(tmp_path / "1")).collect()
    found = [row.asDict(recursive=True) for row in rows]
    for position, (old, new) in enumerate(pairs):
        expected = [*(as_read(value, old, new) for value in _three(old)), *_three(new)]
        assert sorted(map(repr, (row[f"c{position}"] for row in found))) == sorted(map(repr, expected)), f"{old}->{new}"


@pytest.mark.parametrize(
    ("old", "new"), [("int", "bigint"), ("decimal(9,2)", "decimal(12,2)"), ("decimal(18,2)", "decimal(20,2)")]
)
def test_wider_numbers_that_are_stored_in_more_bits_are_read_by_spark_4_only(
    spark: SparkSession, tmp_path: Path, old: str, new: str
) -> None:
    _of_types(spark, [old]).write.parquet(str(tmp_path / "old"))
    read = spark.read.schema(_schema([new])).parquet(str(tmp_path / "old"))
    if spark.version.startswith("3."):
        with pytest.raises(Exception, match="SchemaColumnConvertNotSupportedException"):
            read.collect()
    else:
        assert {row.c0 for row in read.collect()} == set(values(old))


def test_rows_are_kept_by_a_query_of_new_fields_alone_where_spark_reads_structs_whole(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Spark before 4.1 takes a struct for null when a query reads nothing of it that the file has (SPARK-53535)."""
    _of_types(spark, ["struct<a:int>", "array<struct<a:int>>"]).write.parquet(str(tmp_path / "old"))
    read = spark.read.schema(_schema(["struct<b:int,a:int>", "array<struct<b:int,a:int>>"])).parquet(
        str(tmp_path / "old")
    )
    read.createOrReplaceTempView("old")
    query = "SELECT c0.b, item.b FROM old LATERAL VIEW explode(c1) AS item WHERE c0 IS NOT NULL"
    pruned = spark.sql(query).count()
    try:
        spark.conf.set("spark.sql.optimizer.nestedSchemaPruning.enabled", "false")
        whole = spark.sql(query).count()
    finally:
        spark.conf.unset("spark.sql.optimizer.nestedSchemaPruning.enabled")
    assert whole > 0
    assert pruned == (0 if spark.version.startswith("3.") else whole)


def _of_types(spark: SparkSession, types: list[str]) -> DataFrame:
    rows = [tuple(row) for row in zip(*map(_three, types), strict=True)]
    return spark.createDataFrame(rows, _schema(types)).coalesce(1)


def _three(type_: str) -> list[Any]:
    """Return three values of a type, the last of which is null."""
    found = list(values(type_))
    return [found[0], found[-2], None]


def _schema(types: list[str]) -> str:
    return ", ".join(f"c{position} {type_}" for position, type_ in enumerate(types))
