"""What becomes of a record: which replaced versions it keeps, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import InvalidDocument
from core.publication import (
    JOB_VERSION,
    Publication,
    Version,
    from_json,
    published,
    rolled_back,
    to_json,
    without_expired,
)
from core.times import iso

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def version(number: int, *, published_hours_ago: float = 0, replaced_hours_ago: float | None = None) -> Version:
    return Version(
        run_id=f"20250101T000000Z-{number:08x}",
        location=f"file:///data/{number}/",
        published_at=iso(NOW - timedelta(hours=published_hours_ago)),
        replaced_at=None if replaced_hours_ago is None else iso(NOW - timedelta(hours=replaced_hours_ago)),
        raw={"objects": 1, "bytes": 1, "fingerprint": f"{number:032x}"},
        contract={"id": "events", "version": "1.0.0", "checksum": "c"},
        rows_read=1,
        rows_quarantined=0,
        duplicates_removed=0,
        rows_written=1,
        files=1,
        bytes=1,
    )


def kept(*hours_since_replaced: float, keep_versions: int, keep_hours: int) -> list[float]:
    """Which of the versions that were published a year ago and replaced so many hours ago stay, newest first."""
    previous = [
        version(number, published_hours_ago=9000, replaced_hours_ago=hours)
        for number, hours in enumerate(hours_since_replaced)
    ]
    record = Publication("events", "2025-01-01", version(99), tuple(previous))
    left = without_expired(record, now=NOW, keep_versions=keep_versions, keep_hours=keep_hours)
    assert left.current == record.current
    return [hours_since_replaced[previous.index(old)] for old in left.previous]


@pytest.mark.parametrize(
    ("keep_versions", "keep_hours", "stay"),
    [
        pytest.param(0, 0, [], id="nothing is asked for"),
        pytest.param(2, 0, [0, 23], id="the newest two, however old"),
        pytest.param(0, 24, [0, 23], id="those replaced within a day, however long ago they were published"),
        pytest.param(1, 48, [0, 23, 25], id="whichever keeps more"),
        pytest.param(9, 0, [0, 23, 25, 500], id="more than there are"),
    ],
)
def test_a_replaced_version_stays_while_it_is_among_the_newest_or_was_replaced_lately(
    keep_versions: int, keep_hours: int, stay: list[float]
) -> None:
    assert kept(0, 23, 25, 500, keep_versions=keep_versions, keep_hours=keep_hours) == stay


def test_a_version_that_is_replaced_now_starts_its_day_now() -> None:
    before = Publication("events", "2025-01-01", version(1, published_hours_ago=9000))
    after = published(before, version(2), dataset="events", ingestion_date="2025-01-01")
    assert without_expired(after, now=NOW, keep_versions=0, keep_hours=24) == after


def test_a_record_is_read_as_it_was_written() -> None:
    record = Publication("events", "2025-01-01", version(2), (version(1, replaced_hours_ago=1),), (version(3).input,))
    assert from_json(to_json(record), source="record") == record
    assert b'"held"' in to_json(record)


def test_a_record_of_another_release_is_not_read_as_one_of_this() -> None:
    written = to_json(Publication("events", "2025-01-01", version(1)))
    newer = written.replace(b'"schema_version": 1', b'"schema_version": 2')
    with pytest.raises(InvalidDocument, match=r"record cannot be used: .*schema_version 2, this release reads 1"):
        from_json(newer, source="record")


def test_a_version_that_people_go_back_to_is_published_then_and_the_other_replaced() -> None:
    old = version(1, published_hours_ago=9, replaced_hours_ago=5)
    before = Publication("events", "2025-01-01", version(2, published_hours_ago=5), (old,))
    after = rolled_back(before, None, at=iso(NOW))
    times = [(one.run_id, one.published_at, one.replaced_at) for one in after.versions]
    assert times == [
        (old.run_id, iso(NOW), None),
        (before.current.run_id, before.current.published_at, iso(NOW)),
    ]


@pytest.mark.parametrize(("newer_by", "is_up_to_date"), [(-1, False), (0, True), (1, True)])
def test_a_version_is_up_to_date_unless_an_older_job_wrote_it(newer_by: int, *, is_up_to_date: bool) -> None:
    current = replace(version(1), job_version=JOB_VERSION + newer_by)
    assert Publication("events", "2025-01-01", current).is_up_to_date(current.input) is is_up_to_date
