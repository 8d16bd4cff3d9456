"""Every number in the metrics, and every published row, equals what DuckDB makes of the same raw files."""

import json
import random
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from generate_events import generate_day
from sample_days import Defects
from tests.spark.judge import Judge
from tests.spark.lab import CONTRACTS, DAY, EVENTS, ROOT, Lab, Outcome, Row

WEB_ACCESS = ROOT / "tests/data/web_access/events-2015-05-17.json.gz"
CLEAN = Defects(null_user_percent=Decimal(0), duplicate_percent=Decimal(0))
DIRTY = Defects(
    null_user_percent=Decimal("2.5"),
    null_event_id_rows=3,
    null_event_type_rows=4,
    unknown_type_percent=Decimal("1.3"),
    duplicate_percent=Decimal(7),
    bad_type_rows=23,
    malformed_rows=31,
    unknown_field="surprise",
    unknown_field_percent=Decimal(10),
    misdated_rows=17,
)


def judged(lab: Lab, *, day: str = DAY) -> Judge:
    return Judge(lab.contract, sorted(path for path in lab.raw(day).rglob("*") if path.is_file()), day=day)


def assert_same_numbers(run: Outcome, judge: Judge) -> None:
    expected = judge.metrics()
    assert {name: run.metrics[name] for name in expected} == expected
    expected_values = judge.check_values()
    assert {id_: value for id_, value in run.check_values.items() if id_ in expected_values} == expected_values


def lenient(contract: Path, copy: Path) -> Path:
    """Copy a contract with its rules as warnings and no limit on malformed lines, so that dirty rows are published."""
    document = yaml.safe_load(contract.read_text(encoding="utf-8"))
    for entry in document["customProperties"]:
        if entry["property"] == "maxMalformedPercent":
            entry["value"] = 100
    [table] = document["schema"]
    for column in table["properties"]:
        column["required"] = False
    for rules in (table["quality"], *(column.get("quality", []) for column in table["properties"])):
        for rule in rules:
            rule["severity"] = "warning"
    copy.write_text(yaml.safe_dump(document), encoding="utf-8")
    return copy


def test_a_dirty_day_in_several_objects_is_counted_and_published_as_duckdb_does(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "data", lenient(EVENTS, tmp_path / "events.odcs.yaml"))
    written = generate_day(date.fromisoformat(DAY), out=str(lab.root), rows=6000, defects=DIRTY, objects=3)
    assert len(written) == 3
    generate_day(date(2024, 12, 31), out=str(tmp_path / "other"), rows=500, seed=11, compress=True)
    other = tmp_path / "other/raw/source_system=app/ingestion_date=2024-12-31/events.json.gz"
    lab.put(other.read_bytes(), "more.json.gz")
    run, judge = lab.run(), judged(lab)
    assert run.error is None
    assert_same_numbers(run, judge)
    assert judge.unlike(run.location) == []
    assert run.metrics["rows_quarantined"] == 23 + 31
    assert run.metrics["event_time"]["rows_on_other_days"] == 517
    assert run.failed_checks == {
        "event_id_not_null", "event_type_not_null", "event_type_valid", "event_id_duplicates",
    }  # fmt: skip


def test_a_clean_day_is_counted_and_published_as_duckdb_does(lab: Lab) -> None:
    generate_day(date.fromisoformat(DAY), out=str(lab.root), rows=1000, defects=CLEAN)
    run, judge = lab.run(), judged(lab)
    assert run.error is None
    assert_same_numbers(run, judge)
    assert judge.unlike(run.location) == []
    assert (run.metrics["rows_quarantined"], run.metrics["duplicates_removed"], run.failed_checks) == (0, 0, set())


def test_a_real_day_of_a_second_dataset_is_counted_and_published_as_duckdb_does(lab: Lab) -> None:
    lab.contract, day = CONTRACTS / "web_access.odcs.yaml", "2015-05-17"
    lab.put(WEB_ACCESS.read_bytes(), "events.json.gz", day=day)
    run, judge = lab.run(day=day), judged(lab, day=day)
    assert run.error is None
    assert run.metrics["rows_written"] == 1632
    assert_same_numbers(run, judge)
    assert judge.unlike(run.location) == []
    assert all(value == 0 for value in judge.implied_counts().values())


@pytest.fixture(scope="module")
def all_rules(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Judge]:
    """A day in which every rule finds rows that count and rows that do not."""
    choice = random.Random(3)
    values: Mapping[str, list[Any]] = {
        "id": [None, *(f"id {n}" for n in range(400))],
        "at": [None, *(f"2025-01-0{day}T{hour:02d}:00:00.{hour:03d}Z" for day in (1, 2) for hour in range(24))],
        "shop": [None, "", "n/a", "aa", "bbb", "käse", "käsé", "zzzzz", "A", "a\nb", "\U0001f600\U0001f600", "ab\n"],
        "receipt": [None, -6, -5, -1, 0, 999, 1000, 1001, 2**53 + 1, 2**53, -(2**63)],
        "share": [None, 0, -0.0, 1, 0.5, 1e-300, 0.1, 0.30000000000000004, 0.3],
        "amount": [None, 0.07, 0.06, 0.1, 19.99, 19.98, 1234567890.12],
        "flag": [None, True, False],
        "day": [None, "2025-01-01", "2024-02-29", "0001-01-01", "9999-12-31"],
        "code": [None, *(f"c{n}" for n in range(300)), "", "É", "é", "e\u0301"],
    }
    rows: list[Row] = [{name: choice.choice(found) for name, found in values.items()} for _ in range(700)]
    for number, row in enumerate(rows):
        if number % 9 == 0:
            row.update({"unknown": 1} if number % 2 else {"Id": 1, "also.unknown": None})
        if number % 13 == 0:
            del row["flag"]
    rows += [{"receipt": "1"}, {"flag": "yes"}, {"share": True}]
    lab = Lab(tmp_path_factory.mktemp("rules"), CONTRACTS / "all_rules.odcs.yaml")
    lab.put(rows)
    lab.put(json.dumps(rows[5]) + "\n[]\n", "more.ndjson")
    return lab.run(), judged(lab)


def test_every_metric_with_every_argument_counts_what_duckdb_counts(all_rules: tuple[Outcome, Judge]) -> None:
    run, judge = all_rules
    assert_same_numbers(run, judge)
    assert len(judge.check_values()) == 16


def test_what_a_column_promises_without_a_rule_is_counted(all_rules: tuple[Outcome, Judge]) -> None:
    run, judge = all_rules
    kinds = {"nullValues": "required", "duplicateValues": "unique", "invalidValues": "options"}
    stated = judge.check_values()
    implied = {
        f"{check['column']} {kinds[check['metric']]}": check["value"]
        for check in run.metrics["checks"]
        if check["id"] not in stated and check["column"]
    }
    assert implied == judge.implied_counts()
    assert len(implied) == 6


def test_a_check_says_what_it_compared_and_only_errors_fail_the_gate(all_rules: tuple[Outcome, Judge]) -> None:
    run, _ = all_rules
    checks = {check["id"]: check for check in run.metrics["checks"]}
    assert checks["rows_between"] == {
        "id": "rows_between", "metric": "rowCount", "column": None, "operator": "mustBeBetween", "limit": [10, 100000],
        "unit": "rows", "value": 701, "severity": "error", "passed": True, "baseline": None,
    }  # fmt: skip
    failed = [check for check in checks.values() if not check["passed"]]
    assert {"triple_unique_warning", "id_nulls_warning"} <= {
        check["id"] for check in failed if check["severity"] == "warning"
    }
    assert run.status == "gate_failed"
    named = [check["column"] for check in failed if check["severity"] == "error"]
    assert named
    assert run.message.count("limit") + run.message.count("must be") == len(named)
    assert "pair" not in run.message
