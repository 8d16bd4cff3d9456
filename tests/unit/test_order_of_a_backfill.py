"""Whole runs of a season, in order and in any other: what a date is told depends on the dates before it alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.directory import DirectoryStore
from core.errors import GateFailed
from core.job_arguments import JobArguments
from core.publishing import Publications
from curation.metrics import RunReport
from curation.run import DayRun
from curation.version import Counts, WriteRequest, WrittenVersion
from tests.faults.plain_runs import CONTRACT, PATHS, counts

FIRST = date(2025, 1, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(40)]
# Half the rows, one type missing, many nulls: the first fails, the others are warned of.
HALF, NO_LOGINS, NULLS = DAYS[30], DAYS[33], DAYS[36]
TYPES = ("login", "view_item", "add_to_cart", "purchase")

Verdict = tuple[str, list[dict[str, Any]]]


def counted(day: date) -> Counts:
    """Return what the day holds: a weekly season with noise that is the day's own."""
    noise = Random(day.toordinal())
    rows = int((60_000 if day.weekday() < 5 else 30_000) * noise.gauss(1, 0.01)) // (2 if day == HALF else 1)
    weights = [0.0 if day == NO_LOGINS else 0.2, 0.5, 0.2, 0.1]
    shares = [weight / sum(weights) * noise.gauss(1, 0.01) for weight in weights]
    of_types = {name: int(rows * share) for name, share in zip(TYPES, shares, strict=True)}
    nulls = int(rows * (0.025 if day == NULLS else 0.005) * noise.gauss(1, 0.02))
    found = counts(CONTRACT, rows)
    by_rule = {**found.by_rule, "user_id_null_rate": nulls}
    distributions = {
        **found.distributions,
        "event_type": {**of_types, TYPES[1]: rows - sum(of_types.values()) + of_types[TYPES[1]]},
    }
    return replace(found, nulls={**found.nulls, "user_id": nulls}, by_rule=by_rule, distributions=distributions)


class Season:
    """A data root with raw data for all days."""

    def __init__(self, root: Path) -> None:
        self._root, self._store, self._runs = root, DirectoryStore(str(root)), 0
        for day in DAYS:
            folder = root / PATHS.raw_prefix(day)
            folder.mkdir(parents=True)
            (folder / "events.json").write_text(f"{day}\n")

    def run(self, day: date, *, poisoned: bool = False) -> Verdict:
        """Run a day whatever is published of it; a poisoned run counts nonsense and is refused for it."""
        self._runs += 1
        run_id = f"20250601T000000Z-{self._runs:08x}"

        def write_version(request: WriteRequest) -> WrittenVersion:
            found = counted(day)
            if poisoned:
                found = replace(found, by_rule=dict.fromkeys(found.by_rule, 10**6), rows_read=10**6)
            self._store.write(f"{PATHS.version_prefix(day, run_id)}part-0.parquet", b"rows")
            return WrittenVersion(found, request.accepted_uri, "none", {})

        run = DayRun(
            arguments=JobArguments(day, f"file://{self._root}", "unused", keep_hours=0, force=True),
            contract=CONTRACT,
            store=self._store,
            paths=PATHS,
            publications=Publications(self._store, PATHS, None),
            write_version=write_version,
            report=RunReport(run_id, str(day), CONTRACT, datetime.now(UTC)),
        )
        try:
            run.execute()
        except GateFailed:
            assert run.report.status == "gate_failed"
        metrics: Mapping[str, Any] = json.loads((self._root / PATHS.metrics_key(day, run_id)).read_bytes())
        return str(metrics["status"]), list(metrics["checks"])

    def backfill(self, days: Sequence[date]) -> dict[date, Verdict]:
        return {day: self.run(day) for day in days}


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> dict[date, Verdict]:
    return Season(tmp_path_factory.mktemp("in-order")).backfill(DAYS)


def failed(verdict: Verdict) -> set[str]:
    return {check["id"] for check in verdict[1] if not check["passed"]}


def test_a_backfill_in_order_finds_the_odd_days(in_order: dict[date, Verdict]) -> None:
    odd = {day: failed(verdict) for day, verdict in in_order.items() if failed(verdict)}
    assert odd == {HALF: {"total_rows_usual"}, NO_LOGINS: {"event_type_shares_usual"}, NULLS: {"user_id_nulls_usual"}}
    assert {day for day, (status, _) in in_order.items() if status != "published"} == {HALF}


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_a_date_with_the_same_dates_before_it_is_told_the_same(
    tmp_path: Path, in_order: dict[date, Verdict], seed: int
) -> None:
    dice, season = Random(seed), Season(tmp_path)
    # Without dates before it half a day is not odd, is published, and is part of what is usual then.
    others = [day for day in DAYS if day != HALF]
    for day in [*dice.sample(others, len(others)), HALF]:
        season.run(day)
        if dice.random() < 0.3:  # what is refused in between changes nothing
            season.run(dice.choice(others), poisoned=True)
    assert season.backfill(dice.sample(DAYS, len(DAYS))) == in_order
