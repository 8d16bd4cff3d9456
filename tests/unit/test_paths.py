"""Where things lie below the data root, and what counts as a date."""

from datetime import date

import pytest

from core.layout import DatasetPaths, date_in, parse_ingestion_date, run_id_in

DAY = date(2025, 1, 31)
PATHS = DatasetPaths("events", "app")
RUN = "20250201T040506Z-0a1b2c3d"


@pytest.mark.parametrize("text", ["2025-01-31", "2024-02-29", "0001-01-01", "9999-12-31", "2099-06-01"])
def test_a_day_of_the_calendar_is_a_date_even_in_the_future(text: str) -> None:
    assert str(parse_ingestion_date(text)) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2025-02-30", "is not a day of the calendar"),
        ("2025-02-29", "is not a day of the calendar"),
        ("2025-13-01", "is not a day of the calendar"),
        ("0000-01-01", "is not a day of the calendar"),
        ("2025-1-1", "is not of the form YYYY-MM-DD"),
        ("20250101", "is not of the form YYYY-MM-DD"),
        ("2025-W01-1", "is not of the form YYYY-MM-DD"),
        ("2025-01-01T00:00:00", "is not of the form YYYY-MM-DD"),
        (" 2025-01-01", "is not of the form YYYY-MM-DD"),
        ("2025-01-01\n", "is not of the form YYYY-MM-DD"),
        ("\u0662\u0660\u0662\u0665-\u0660\u0661-\u0660\u0661", "is not of the form YYYY-MM-DD"),
        ("../2025-01-01", "is not of the form YYYY-MM-DD"),
        ("", "is not of the form YYYY-MM-DD"),
    ],
)
def test_anything_else_is_refused_with_its_value_and_the_form(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refused:
        parse_ingestion_date(text)
    assert repr(text) in str(refused.value)


def test_every_key_of_a_dataset() -> None:
    assert {
        "raw": PATHS.raw_prefix(DAY),
        "versions": PATHS.versions_prefix(DAY),
        "version": PATHS.version_prefix(DAY, RUN),
        "quarantine": PATHS.quarantine_prefix(DAY, RUN),
        "metrics": PATHS.metrics_key(DAY, RUN),
        "publications": PATHS.publications,
        "publication": PATHS.publication_key(DAY),
        "leases": PATHS.leases_prefix(DAY),
        "lease": PATHS.lease_key(DAY, RUN),
    } == {
        "raw": "raw/source_system=app/ingestion_date=2025-01-31/",
        "versions": "curated/events/ingestion_date=2025-01-31/",
        "version": f"curated/events/ingestion_date=2025-01-31/run_id={RUN}/",
        "quarantine": f"quarantine/events/ingestion_date=2025-01-31/run_id={RUN}/",
        "metrics": f"metrics/events/ingestion_date=2025-01-31/{RUN}.json",
        "publications": "publications/events/",
        "publication": "publications/events/ingestion_date=2025-01-31.json",
        "leases": "leases/events/ingestion_date=2025-01-31/",
        "lease": f"leases/events/ingestion_date=2025-01-31/{RUN}.json",
    }


@pytest.mark.parametrize(
    ("key", "run_id"),
    [
        (PATHS.version_prefix(DAY, RUN), RUN),
        (f"{PATHS.version_prefix(DAY, RUN)}outcome=accepted/part-0.parquet", RUN),
        (PATHS.lease_key(DAY, RUN), RUN),
        (PATHS.versions_prefix(DAY), None),
        ("curated/events/ingestion_date=2025-01-31/run_id=manual/", None),
        ("curated/events/ingestion_date=2025-01-31/run_id=20250201T040506Z-0A1B2C3D/", None),
        ("", None),
    ],
)
def test_only_a_run_id_of_the_pipelines_own_form_is_found_in_a_key(key: str, run_id: str | None) -> None:
    assert run_id_in(key) == run_id


@pytest.mark.parametrize(
    ("key", "day"),
    [
        (PATHS.publication_key(DAY), DAY),
        (f"{PATHS.raw_prefix(DAY)}events.json", DAY),
        ("publications/events/ingestion_date=2025-02-30.json", None),
        ("publications/events/ingestion_date=today.json", None),
        ("publications/events/README.json", None),
    ],
)
def test_the_date_of_a_key_is_found_when_it_is_one(key: str, day: date | None) -> None:
    assert date_in(key) == day
