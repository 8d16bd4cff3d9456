"""Generated days: deterministic, with exactly the defects that were asked for, never a half-written object."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from generate_events import generate_day
from sample_days import Chunk
from tests.unit.sample_files import (
    COLUMNS,
    DAY,
    EVENT_TYPES,
    PARTITION,
    SCRIPTS,
    count_defects,
    defects,
    files,
    lines,
    rows,
    run,
)


def test_same_seed_gives_the_same_bytes_whatever_the_workers_hash_seed_and_order_of_dates(
    tmp_path: Path,
) -> None:
    switches = ("--rows", 50_000, "--objects", 2, "--malformed-rows", 3, "--bad-type-rows", 3)
    first = run(
        "generate_events.py", "2025-01-01..2025-01-02", *switches,
        "--out", tmp_path / "a", "--workers", 1, PYTHONHASHSEED="1",
    )  # fmt: skip
    second = run(
        "generate_events.py", "2025-01-02", "--dates", "2025-01-01", *switches,
        "--out", tmp_path / "b", "--workers", 3, PYTHONHASHSEED="2",
    )  # fmt: skip

    assert (first.returncode, second.returncode) == (0, 0)
    assert len(files(tmp_path / "a")) == 4
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_another_seed_and_another_date_share_no_event_id(tmp_path: Path) -> None:
    for name, seed, day in (("a", 7, DAY), ("b", 8, DAY), ("c", 7, date(2025, 1, 2))):
        generate_day(day, out=str(tmp_path / name), rows=500, seed=seed, defects=defects())

    ids = [row["event_id"] for path in tmp_path.rglob("events.json") for row in rows(path)]
    assert len(set(ids)) == len(ids) == 1_500


def test_a_clean_row_has_the_contracts_columns_and_plausible_values(tmp_path: Path) -> None:
    generate_day(DAY, out=str(tmp_path), rows=5_000, defects=defects())

    events = rows(tmp_path / PARTITION / "events.json")
    assert len({event["event_id"] for event in events}) == 5_000
    for line, event in zip(lines(tmp_path / PARTITION / "events.json"), events, strict=True):
        assert list(event) == COLUMNS
        assert ": " not in line, "compact"
        assert re.fullmatch("[0-9a-f]{32}", event["event_id"])
        assert re.fullmatch(r"2025-01-01T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z", event["event_ts"])
        assert 1 <= len(event["properties"]) <= 4
        assert all(isinstance(value, str) for value in event["properties"].values())
        shopping = [event[name] for name in ("item_id", "quantity", "price", "currency")]
        if event["event_type"] == "login":
            assert shopping == [None] * 4
        else:
            assert [type(value) for value in shopping] == [str, int, float, str]
            assert re.search(r'"price":\d+\.\d\d,', line)


def test_types_follow_a_funnel_and_times_a_daily_curve(tmp_path: Path) -> None:
    generate_day(DAY, out=str(tmp_path), rows=5_000, defects=defects())

    events = rows(tmp_path / PARTITION / "events.json")
    types = Counter(event["event_type"] for event in events)
    hours = Counter(event["event_ts"][11:13] for event in events)
    assert set(types) == EVENT_TYPES
    assert types["view_item"] > types["add_to_cart"] > types["purchase"] > 0
    assert hours["20"] > 5 * hours["03"] > 0


def test_every_defect_comes_out_exactly_and_is_reported_so(tmp_path: Path) -> None:
    switches = {
        "--rows": 45_000, "--objects": 2, "--null-user-percent": "2.5", "--null-event-id-rows": 4,
        "--null-event-type-rows": 6, "--unknown-type-percent": "0.1", "--duplicate-percent": "1.5",
        "--bad-type-rows": 11, "--malformed-rows": 13, "--unknown-field": 'coupon "x"',
        "--unknown-field-percent": "20", "--misdated-rows": 9,
    }  # fmt: skip
    done = run(
        "generate_events.py", DAY, "--out", tmp_path, "--json", *[word for pair in switches.items() for word in pair]
    )
    reported: Counter[str] = Counter()
    for line in done.stdout.splitlines():
        report = json.loads(line)
        assert report["bytes"] == Path(report["path"]).stat().st_size
        assert report["rows"] == len(lines(Path(report["path"])))
        reported.update(report["defects"])

    found = count_defects(sorted((tmp_path / PARTITION).iterdir()))
    assert found == {
        "malformed_rows": 13,
        "bad_type_rows": 11,
        "duplicate_rows": 675,  # 1.5 % of the 44,976 well-formed rows is 674.64
        "null_event_id_rows": 4,
        "misdated_rows": 9,
        "null_user_rows": 1_124,  # 1,124.4
        "null_event_type_rows": 6,
        "unknown_type_rows": 45,  # 44.976
        "unknown_field_rows": 8_995,  # 8,995.2
    }
    assert dict(reported) == found


@pytest.mark.parametrize(
    ("row_count", "percent", "expected"),
    [
        (10_000, "3", 300),
        (10_000, "3.01", 301),
        (250, "1", 3),
        (249, "1", 2),
        (10, "100", 10),
        (10, "0", 0),
        (0, "50", 0),
    ],
)
def test_percentages_round_half_up_to_whole_rows(tmp_path: Path, row_count: int, percent: str, expected: int) -> None:
    generate_day(DAY, out=str(tmp_path), rows=row_count, defects=defects(null_user_percent=Decimal(percent)))

    assert sum(row["user_id"] is None for row in rows(tmp_path / PARTITION / "events.json")) == expected


def test_a_default_day_has_one_percent_null_users_and_half_a_percent_duplicates(tmp_path: Path) -> None:
    run("generate_events.py", DAY, "--out", tmp_path)

    found = count_defects([tmp_path / PARTITION / "events.json"])
    assert {name: count for name, count in found.items() if count} == {"null_user_rows": 100, "duplicate_rows": 50}


@pytest.mark.parametrize("percent", ["2", "50", "99"])
def test_duplicates_are_resends_later_or_at_the_same_time_and_some_differ_in_content(
    tmp_path: Path, percent: str
) -> None:
    generate_day(DAY, out=str(tmp_path), rows=4_000, objects=2, defects=defects(duplicate_percent=Decimal(percent)))

    sent: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted((tmp_path / PARTITION).iterdir()):
        for row in rows(path):
            sent[row["event_id"]].append(row | {"path": path.name})
    repeated = [group for group in sent.values() if len(group) > 1]
    assert sum(len(group) - 1 for group in repeated) == 4_000 * int(percent) // 100
    assert any(len({row["path"] for row in group}) == 2 for group in repeated), "resends cross objects"
    times = [{row["event_ts"] for row in group} for group in repeated]
    contents = [{str(row["properties"]) for row in group} for group in repeated]
    kinds = {(len(ts) > 1, len(content) > 1) for ts, content in zip(times, contents, strict=True)}
    assert (True, True) in kinds
    if percent == "2":
        assert kinds == {(False, False), (False, True), (True, False), (True, True)}
    assert {ts[:10] for group in times for ts in group} == {"2025-01-01"}


def test_bad_values_and_malformed_lines_come_in_several_forms(tmp_path: Path) -> None:
    generate_day(DAY, out=str(tmp_path), rows=60, defects=defects(bad_type_rows=30, malformed_rows=30))

    found = lines(tmp_path / PARTITION / "events.json")
    for form in ('"quantity":"three"', '"event_ts":"yesterday"', '"price":{}', '["login",1]', "ERROR connection", "[{"):
        assert any(form in line for line in found), form
    assert any(line.startswith('{"event_id"') and not line.endswith("}") for line in found), "truncated"


def test_objects_and_gzip_keep_the_layout_and_the_rows(tmp_path: Path) -> None:
    done = run("generate_events.py", DAY, "--rows", 7, "--objects", 3, "--gzip", "--out", tmp_path)

    found = files(tmp_path)
    expected = [str(PARTITION / f"{name}.json.gz") for name in ("events", "events-0001", "events-0002")]
    assert found.keys() == set(expected)
    assert [len(gzip.decompress(found[name]).splitlines()) for name in expected] == [3, 2, 2]
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [str(tmp_path / name) for name in expected]


@pytest.mark.parametrize(("switches", "name"), [((), "events.json"), (("--gzip",), "events.json.gz")])
def test_empty_writes_an_object_without_rows(tmp_path: Path, switches: tuple[str, ...], name: str) -> None:
    done = run("generate_events.py", DAY, "--empty", "--out", tmp_path, *switches)

    data = (tmp_path / PARTITION / name).read_bytes()
    assert (gzip.decompress(data) if switches else data) == b""
    assert done.stdout.startswith(f"{tmp_path / PARTITION / name}: 0 rows, {len(data)} bytes; defective rows: none")


def test_a_reader_never_sees_a_part_of_an_object(tmp_path: Path) -> None:
    script = str(SCRIPTS / "generate_events.py")
    command = [sys.executable, script, str(DAY), "--rows", "60000", "--out", str(tmp_path)]
    target = tmp_path / PARTITION / "events.json"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as writer:
        deadline = time.monotonic() + 60
        while not target.exists() and time.monotonic() < deadline:
            time.sleep(0.002)
        first_seen = target.read_bytes()
    assert first_seen == target.read_bytes()
    assert len(first_seen.splitlines()) == 60_000
    assert writer.returncode == 0


def test_a_failure_half_way_leaves_the_objects_of_the_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_day(DAY, out=str(tmp_path), rows=30, objects=3)
    before = files(tmp_path)
    render, rendered = Chunk.render, []

    def fail_at_the_last(chunk: Chunk) -> bytes:
        rendered.append(chunk)
        if len(rendered) == 3:
            raise OSError("no space left")
        return render(chunk)

    monkeypatch.setattr(Chunk, "render", fail_at_the_last)
    with pytest.raises(OSError, match="no space left"):
        generate_day(DAY, out=str(tmp_path), rows=60, objects=3)
    assert files(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_objects_of_an_earlier_run_are_replaced_but_never_left_beside_the_new_ones(tmp_path: Path) -> None:
    run("generate_events.py", "2025-01-02", "--objects", 2, "--rows", 10, "--out", tmp_path)
    before = files(tmp_path)
    refused = run("generate_events.py", "2025-01-01..2025-01-02", "--rows", 10, "--out", tmp_path)
    assert refused.returncode == 2
    assert "2025-01-02: events-0001.json of an earlier run" in refused.stderr
    assert files(tmp_path) == before

    replaced = run("generate_events.py", "2025-01-02", "--objects", 2, "--rows", 20, "--out", tmp_path)
    assert replaced.returncode == 0
    assert files(tmp_path).keys() == before.keys()
    assert files(tmp_path) != before
