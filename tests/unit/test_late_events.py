"""Late events for a generated day: new ones and ones sent again, in objects of their own."""

from __future__ import annotations

from pathlib import Path

from add_late_events import add_late_events
from generate_events import generate_day
from tests.unit.sample_files import (
    DAY,
    PARTITION,
    defects,
    files,
    lines,
    parsed,
    rows,
    run,
)


def test_late_events_are_new_events_of_the_date_in_an_object_of_their_own(tmp_path: Path) -> None:
    run("generate_events.py", DAY, "--rows", 300, "--out", tmp_path)
    before = files(tmp_path)
    first = run("add_late_events.py", DAY, "--rows", 40, "--out", tmp_path)
    second = run("add_late_events.py", DAY, "--rows", 40, "--out", tmp_path)

    after = files(tmp_path)
    assert (first.returncode, second.returncode) == (0, 0)
    assert after.items() >= before.items()
    assert sorted(after.keys() - before.keys()) == [str(PARTITION / f"late-events-{n}.json") for n in (1, 2)]
    late = [rows(tmp_path / PARTITION / f"late-events-{n}.json") for n in (1, 2)]
    ids = [{row["event_id"] for row in group} for group in (rows(tmp_path / PARTITION / "events.json"), *late)]
    assert [len(group) for group in ids[1:]] == [40, 40]
    assert len(set.union(*ids)) == sum(map(len, ids))
    assert {row["event_ts"][:10] for group in late for row in group} == {"2025-01-01"}


def test_late_events_are_the_same_for_the_same_state(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("generate_events.py", DAY, "--rows", 300, "--malformed-rows", 5, "--gzip", "--out", tmp_path / name)
        run("add_late_events.py", DAY, "--resend", 5, "--gzip", "--out", tmp_path / name)

    assert len(files(tmp_path / "a")) == 2
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_resend_repeats_existing_events_later_or_at_the_same_time(tmp_path: Path) -> None:
    flaws = defects(malformed_rows=20, bad_type_rows=20, null_event_id_rows=20, misdated_rows=20)
    generate_day(DAY, out=str(tmp_path), rows=300, defects=flaws)
    written = add_late_events(DAY, out=str(tmp_path), rows=10, resend_rows=100)

    existing = {
        event["event_id"]: event for line in lines(tmp_path / PARTITION / "events.json") if (event := parsed(line))
    }
    late = rows(Path(written.path))
    resent = [row for row in late if row["event_id"] in existing]
    assert (len(late), len(resent)) == (110, 100)
    assert (written.counts.rows, written.counts.duplicate_rows) == (110, 100)
    assert all(row["event_ts"] >= existing[row["event_id"]]["event_ts"] for row in resent)
    assert {row["event_ts"][:10] for row in resent} == {"2025-01-01"}
    assert any(row == existing[row["event_id"]] for row in resent)
    assert any(row["properties"] != existing[row["event_id"]]["properties"] for row in resent)
