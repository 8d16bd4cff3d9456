"""Old partitions of a table that changed: what is read together, and what Athena refuses until the catalog agrees."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from local_cloud.athena.partition_types import readable
from local_cloud.athena.trino.datatypes import of_hive
from local_cloud.tests.athena_lake import BUCKET, PARQUET, Cloud, fill, make_table, parquet
from local_cloud.tests.emulator import emulator

_SERVE: Final = "import local_cloud.athena; local_cloud.athena.install(); from ministack import app; app.main()"
OLD: Final = [
    ("id", "string"),
    ("n", "smallint"),
    ("price", "decimal(12,2)"),
    ("place", "struct<city:string,zip:smallint>"),
    ("lines", "array<struct<sku:string,n:tinyint>>"),
]
NEW: Final = [
    ("price", "decimal(18,2)"),
    ("id", "string"),
    ("place", "struct<zip:int,street:string,city:string>"),
    ("added", "string"),
    ("n", "int"),
    ("lines", "array<struct<sku:string,price:decimal(9,2),n:int>>"),
]
OLD_FILE: Final = """SELECT 'o-1' AS id, (-32768)::SMALLINT AS n, 9999999999.99::DECIMAL(12,2) AS price,
    {'city': 'Oslo', 'zip': 150::SMALLINT} AS place, [{'sku': 's', 'n': (-128)::TINYINT}] AS lines"""
NEW_FILE: Final = """SELECT 19.99::DECIMAL(18,2) AS price, 'o-2' AS id,
    {'zip': 100000, 'street': 'Via', 'city': 'Rome'} AS place, 'y' AS added, 2147483647 AS n,
    [{'sku': 't', 'price': 1.5::DECIMAL(9,2), 'n': 7}] AS lines"""
QUERY: Final = """SELECT id, n, price, place.street, place.zip, added, lines[1].n FROM orders ORDER BY id"""


@pytest.fixture
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A table with a partition that was made before it changed, and one that was made after."""
    folder = tmp_path_factory.mktemp("cloud")
    with emulator(folder, ["-c", _SERVE]) as url:
        started = Cloud(url, folder)
        fill(started)
        make_table(started, "orders", columns=NEW, serde=PARQUET, location="orders", keys=["day"])
        for day, file, columns in (("1", OLD_FILE, OLD), ("2", NEW_FILE, NEW)):
            started.s3.put_object(Bucket=BUCKET, Key=f"orders/day={day}/part-0.parquet", Body=parquet(file))
            started.glue.create_partition(
                DatabaseName="web", TableName="orders", PartitionInput=partition(day, columns)
            )
        yield started


def partition(day: str, columns: list[tuple[str, str]]) -> Any:
    stated = [{"Name": name, "Type": kind} for name, kind in columns]
    location = f"s3://{BUCKET}/orders/day={day}/"
    return {
        "Values": [day],
        "StorageDescriptor": {"Location": location, "Columns": stated, "SerdeInfo": {"SerializationLibrary": PARQUET}},
    }


def test_old_files_are_read_with_new_ones_when_the_partition_has_the_columns_of_the_table(cloud: Cloud) -> None:
    assert cloud.reason(QUERY) == (
        "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. The types are "
        "incompatible and cannot be coerced. The column 'place' in table 'web.orders' is declared as type "
        "'struct<zip:int,street:string,city:string>', but partition 'day=1' declared column 'place' as type "
        "'struct<city:string,zip:smallint>'."
    )
    pages = cloud.glue.get_paginator("get_partitions").paginate(DatabaseName="web", TableName="orders")
    listed = [found["StorageDescriptor"]["Columns"] for page in pages for found in page["Partitions"]]
    assert [len(columns) for columns in listed] == [len(OLD), len(NEW)]  # by which the command line repairs them
    cloud.glue.delete_partition(DatabaseName="web", TableName="orders", PartitionValues=["1"])
    cloud.glue.create_partition(DatabaseName="web", TableName="orders", PartitionInput=partition("1", NEW))
    assert cloud.rows(QUERY) == [
        ["o-1", "-32768", "9999999999.99", None, "150", None, "-128"],
        ["o-2", "2147483647", "19.99", "Via", "100000", "y", "7"],
    ]


@pytest.mark.parametrize(
    ("found", "declared", "is_read"),
    [
        ("int", "bigint", True),
        ("bigint", "int", False),
        ("float", "double", True),
        ("string", "int", True),
        ("string", "date", False),
        ("decimal(12,2)", "decimal(18,2)", True),
        ("int", "double", False),
        ("array<int>", "array<bigint>", True),
        ("map<string,int>", "map<string,string>", True),
        ("struct<a:int>", "struct<a:bigint,b:string>", True),
        ("struct<a:int,b:string>", "struct<a:int>", True),
        ("struct<a:int,b:string>", "struct<a:int,c:int,b:string>", False),
        ("struct<a:int,b:string>", "struct<b:string,a:int>", False),
        ("array<struct<a:int>>", "array<struct<b:int,a:int>>", False),
        ("array<int>", "int", False),
    ],
)
def test_types_of_a_partition_are_read_as_those_of_the_table(found: str, declared: str, *, is_read: bool) -> None:
    assert readable(of_hive(found), of_hive(declared)) == is_read
