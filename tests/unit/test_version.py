"""How many files a day becomes, and in how many parts its rows are sorted on the way."""

from datetime import date
from pathlib import Path

import pytest

from contract import load_contract
from curation.version import VersionTask

CONTRACT = load_contract(Path(__file__).parents[2] / "contracts" / "events.odcs.yaml")
MB = 1 << 20


@pytest.mark.parametrize(
    ("raw_sizes", "files", "sorts"),
    [
        ({"a.json": 1}, 1, 1),
        ({"a.json": 128 * MB}, 1, 1),
        ({"a.json": 129 * MB}, 1, 2),
        ({"a.json": 1_400 * MB}, 2, 12),
        ({"a.json": 14_000 * MB}, 15, 120),
        ({"a.json.gz": 100 * MB, "b.json": 100 * MB}, 1, 7),
    ],
)
def test_a_file_is_written_from_several_sorts_that_stay_small(
    raw_sizes: dict[str, int], files: int, sorts: int
) -> None:
    task = VersionTask(
        contract=CONTRACT,
        ingestion_date=date(2025, 1, 1),
        raw_prefix="raw/",
        raw_uri="s3://bucket/raw/",
        raw_sizes=raw_sizes,
        version_uri="file:///version/",
        quarantine_uri="file:///quarantine/",
    )
    assert (task.file_count(2), task.sort_count(2)) == (files, sorts)
