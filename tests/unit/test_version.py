"""How many tasks a day becomes: the parts it is read in, the files it is written to, the sorts on the way."""

from datetime import date
from pathlib import Path

import pytest

from contract import load_contract
from curation.version import WriteRequest

CONTRACT = load_contract(Path(__file__).parents[2] / "contracts" / "events.odcs.yaml")
MB = 1 << 20
GB = 1 << 30
CORES = (1, 2, 3, 4, 8, 36, 300)
SIZES = tuple(round(1.5**power) for power in range(75))  # from a byte to some ten terabytes
PLAIN_PER_PARQUET = 7


def task_of(raw_sizes: dict[str, int]) -> WriteRequest:
    return WriteRequest(
        contract=CONTRACT,
        ingestion_date=date(2025, 1, 1),
        raw_prefix="raw/",
        raw_uri="s3://bucket/raw/",
        raw_sizes=raw_sizes,
        version_uri="file:///version/",
        quarantine_uri="file:///quarantine/",
    )


@pytest.mark.parametrize(
    ("raw", "files_by_cores"),
    [
        (1, {2: 1, 8: 1, 36: 1}),
        (50 * MB, {2: 1, 8: 1, 36: 1}),
        (160 * MB, {2: 2, 8: 2, 36: 2}),  # some half a million events
        (640 * MB, {2: 2, 8: 4, 36: 4}),
        (1_600 * MB, {2: 2, 8: 7, 36: 7}),
        (10 * GB, {2: 6, 8: 8, 36: 36}),
        (100 * GB, {2: 58, 8: 64, 36: 72}),
    ],
)
def test_each_core_writes_a_file_unless_files_became_small(raw: int, files_by_cores: dict[int, int]) -> None:
    assert {cores: task_of({"a.json": raw}).file_count(cores) for cores in files_by_cores} == files_by_cores


@pytest.mark.parametrize("cores", CORES)
def test_no_core_is_idle_while_a_file_stays_above_32_mb(cores: int) -> None:
    for raw in SIZES:
        files = task_of({"a.json": raw}).file_count(cores)
        if raw / PLAIN_PER_PARQUET >= cores * 32 * MB:
            assert files % cores == 0, f"{raw} bytes: the last round of {files} files leaves cores idle"


@pytest.mark.parametrize("cores", CORES)
def test_files_are_neither_tiny_nor_huge(cores: int) -> None:
    for raw in SIZES:
        files = task_of({"a.json": raw}).file_count(cores)
        file_bytes = raw / PLAIN_PER_PARQUET / files
        assert file_bytes <= 256 * MB
        assert files == 1 or file_bytes >= (8 if files <= 4 else 32) * MB


@pytest.mark.parametrize("cores", CORES)
def test_what_a_task_sorts_at_a_time_stays_in_memory(cores: int) -> None:
    for raw in SIZES:
        request = task_of({"a.json": raw})
        assert request.sort_count(cores) % request.file_count(cores) == 0
        assert raw / request.sort_count(cores) <= 128 * MB


@pytest.mark.parametrize("cores", CORES)
def test_all_cores_read_until_the_end(cores: int) -> None:
    for raw in SIZES:
        parts = task_of({"a.json": raw}).read_count(cores)
        assert parts % cores == 0
        assert raw / parts <= 128 * MB


def test_gzip_is_taken_for_seven_times_its_size() -> None:
    for_plain = task_of({"a.json": 800 * MB})
    mixed = task_of({"a.json.gz": 100 * MB, "b.json": 100 * MB})
    assert (mixed.file_count(8), mixed.sort_count(8)) == (for_plain.file_count(8), for_plain.sort_count(8))
