"""A change of a type is called safe for written data only where old and new files together read as they should.

The judge is DuckDB over real Parquet files of both types, read as one table.
"""

import random
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.ddl_types import decimal_digits, inner_types, kind_of
from contract_diff import SAFE
from contract_diff.types import type_changes
from tests.unit.written_types import SIMPLE, as_read, changed_somewhere, random_type, values

_DUCKDB: Final = {"string": "VARCHAR", "int": "INTEGER", "float": "FLOAT"}
_ARROW: Final = {
    "tinyint": pa.int8(), "smallint": pa.int16(), "int": pa.int32(), "bigint": pa.int64(), "float": pa.float32(),
    "double": pa.float64(), "string": pa.string(), "boolean": pa.bool_(), "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}  # fmt: skip


def is_safe(old: str, new: str) -> bool:
    return all(change.written.effect == SAFE for change in type_changes("column", old, new))


@pytest.mark.parametrize("seed", range(12))
def test_what_is_called_safe_reads_together_as_it_was_written(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    tried = 0
    while tried < 10:
        old = random_type(dice)
        new = changed_somewhere(dice, old)
        if old != new and is_safe(old, new):
            assert read_together(tmp_path / str(tried), old, new) == [
                *(as_read(value, old, new) for value in values(old)),
                *values(new),
            ], f"{old} -> {new}"
            tried += 1


@pytest.mark.parametrize("old", SIMPLE)
def test_a_wider_number_of_its_kind_is_safe_and_no_other_type_is(old: str) -> None:
    for new in SIMPLE:
        assert is_safe(old, new) == (new == old or (old, new) in WIDER), f"{old} -> {new}"


WIDER: Final = {
    *combinations(("tinyint", "smallint", "int", "bigint"), 2),
    *combinations([f"decimal({digits},2)" for digits in (4, 9, 12, 18, 20, 38)], 2),
}


@pytest.mark.parametrize(
    ("old", "new", "are_alike"),
    [(8, 9, True), (9, 10, False), (10, 18, True), (17, 18, True), (18, 19, False), (19, 38, True)],
)
def test_decimals_are_stored_alike_up_to_the_digits_that_their_size_holds(
    old: int, new: int, *, are_alike: bool
) -> None:
    [change] = type_changes("column", f"decimal({old},2)", f"decimal({new},2)")
    assert change.written.why.startswith("files store both alike") is are_alike


def read_together(folder: Path, old: str, new: str) -> list[Any]:
    """Write a file of each type and read the column of both as the newer one."""
    folder.mkdir()
    for number, type_ in enumerate((old, new)):
        table = pa.table({"v": pa.array([*values(type_)], type=arrow_type(type_))})
        pq.write_table(table, folder / f"{number}.parquet")
    sql = f"SELECT CAST(v AS {duckdb_type(new)}) FROM read_parquet('{folder}/*.parquet', union_by_name = true, filename = true) ORDER BY filename"  # noqa: S608, E501
    return [value for (value,) in duckdb.sql(sql).fetchall()]


def arrow_type(type_: str) -> Any:
    inner = inner_types(type_)
    match kind_of(type_):
        case "struct":
            return pa.struct([(name, arrow_type(field)) for name, field in inner.items()])
        case "array":
            return pa.list_(arrow_type(inner["element"]))
        case "map":
            return pa.map_(pa.string(), arrow_type(inner["value"]))
        case "decimal":
            return pa.decimal128(*decimal_digits(type_))
    return _ARROW[type_]


def duckdb_type(type_: str) -> str:
    inner = inner_types(type_)
    match kind_of(type_):
        case "struct":
            return f"STRUCT({', '.join(f'{name} {duckdb_type(field)}' for name, field in inner.items())})"
        case "array":
            return f"{duckdb_type(inner['element'])}[]"
        case "map":
            return f"MAP(VARCHAR, {duckdb_type(inner['value'])})"
    return _DUCKDB.get(type_, type_)
