"""What lies between Athena's SQL and the files: which partitions are read, how values are shown, what may be reached."""  # noqa: E501

from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

from local_cloud.athena import pruning, rendering, session
from local_cloud.athena.dialect import parsed
from local_cloud.athena.trino.datatypes import BOOLEAN, DOUBLE, REAL, VARBINARY, Type


def test_the_engine_reaches_no_file_outside_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "own").mkdir()
    connection = session.opened(tmp_path / "own")
    with pytest.raises(duckdb.PermissionException):
        connection.execute(f"SELECT * FROM read_text('{tmp_path}/secret')")  # noqa: S608
    connection.close()


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("day = 'b'", "b"),
        ("day IN ('a', 'c')", "ac"),
        ("day >= 'b' AND a = 1", "bc"),
        ("day BETWEEN 'a' AND 'b'", "ab"),
        ("day = 'a' OR a = 1", "abc"),
        ("NOT day = 'a'", "abc"),
        ("day = other", "abc"),
    ],
)
def test_partitions_are_left_out_by_conditions_on_the_keys_alone(where: str, kept: str) -> None:
    statement = parsed(f"SELECT 1 FROM t WHERE {where}")  # noqa: S608
    table = next(statement.find_all(exp.Table))
    needed = pruning.conditions(table, keys=frozenset({"day"}))
    assert "".join(day for day in "abc" if all(condition({"day": day}) for condition in needed)) == kept


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (DOUBLE, 1e7, "1.0E7"),
        (DOUBLE, 0.0001, "1.0E-4"),
        (DOUBLE, 123456789.125, "1.23456789125E8"),
        (DOUBLE, 100.0, "100.0"),
        (DOUBLE, float("nan"), "NaN"),
        (REAL, 0.10000000149011612, "0.1"),
        (VARBINARY, b"\x00\xff", "00 ff"),
        (BOOLEAN, True, "true"),
    ],
)
def test_values_are_written_as_athena_writes_them(kind: Type, value: object, expected: str) -> None:
    assert rendering.writer(kind)(value) == expected
