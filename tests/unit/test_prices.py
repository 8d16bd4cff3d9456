import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.stores import open_store
from core.errors import RawDataMissing
from core.job_arguments import ArgumentError, capacity_argument, parse_job_arguments
from core.prices import Capacity, Cost, read_cost
from tests.faults.plain_runs import CONTRACT, DAY, PATHS, lay_raw, plain_run, run_id

GLUE_6 = Capacity(glue_version="6.0", worker_type="G.1X", execution_class="STANDARD")
GIVEN = ["--ingestion_date=2025-01-01", "--data_uri=file:///data", "--contract=a.yaml"]


class TestCostOfARun:
    def test_is_that_of_its_driver_and_of_its_executors_while_they_are_there(self) -> None:
        assert GLUE_6.cost(driver_seconds=120, executor_seconds=480) == Cost(600, 0.0513)

    def test_is_that_of_a_minute_at_least(self) -> None:
        assert GLUE_6.cost(driver_seconds=1, executor_seconds=0) == Cost(60, 0.0051)

    @pytest.mark.parametrize(
        ("changed", "usd"),
        [
            ({"worker_type": "G.2X"}, 0.616),
            ({"glue_version": "5.1"}, 0.44),
            ({"execution_class": "FLEX"}, 0.203),
            ({"glue_version": "9.0"}, None),
        ],
    )
    def test_follows_the_price_table(self, changed: dict[str, str], usd: float | None) -> None:
        cost = replace(GLUE_6, **changed).cost(driver_seconds=3600, executor_seconds=0)
        assert cost is not None
        assert cost.estimated_usd == usd

    def test_is_unknown_for_a_worker_that_the_table_does_not_have(self) -> None:
        assert replace(GLUE_6, worker_type="Z.9X").cost(driver_seconds=3600, executor_seconds=0) is None

    @pytest.mark.parametrize(
        ("cost", "said"),
        [
            (Cost(1, 0.5, limit_usd=0.5), None),
            (Cost(1, 0.5), None),
            (Cost(1, None, limit_usd=0.5), None),
            (
                Cost(1, 0.5001, limit_usd=0.5),
                "the run cost about 0.5001 USD, more than the 0.5000 USD of maxRunCostUsd",
            ),
            (Cost(1, 1234.5, limit_usd=2), "the run cost about 1,234.50 USD, more than the 2.00 USD of maxRunCostUsd"),
        ],
    )
    def test_warns_above_the_limit_of_the_contract(self, cost: Cost, said: str | None) -> None:
        assert cost.excess == said

    def test_is_read_back_as_it_was_written(self) -> None:
        cost = Cost(600, 0.0513, limit_usd=1.0)
        assert read_cost({"cost": cost.document()}) == cost
        assert read_cost({"cost": None}) is read_cost({}) is None


class TestCapacity:
    def test_is_read_as_the_deployment_writes_it(self) -> None:
        assert parse_job_arguments([*GIVEN, "--capacity", capacity_argument(GLUE_6)]).capacity == GLUE_6
        assert parse_job_arguments(GIVEN).capacity is None

    @pytest.mark.parametrize("text", ["6.0", "6.0/G.1X", "6.0//STANDARD", "a/b/c/d"])
    def test_of_another_form_is_refused(self, text: str) -> None:
        with pytest.raises(ArgumentError, match=r"not of the form 6\.0/G\.1X/STANDARD"):
            parse_job_arguments([*GIVEN, "--capacity", text])


def metrics_of(root: Path, **said: Any) -> dict[str, Any]:
    """The metrics of a run that is told what it runs on."""
    limit, seconds, capacity = said.get("limit"), said.get("executor_seconds", lambda: 3540.0), said.get("capacity")
    run = plain_run(open_store(f"file://{root}"), root, run_id(1), capacity=capacity)
    run.contract = replace(CONTRACT, max_run_cost_usd=limit)
    run.executor_seconds = seconds
    try:
        run.execute()
    except RawDataMissing:
        assert "raw" not in {path.name for path in root.iterdir()}
    metrics: dict[str, Any] = json.loads((root / PATHS.metrics_key(DAY, run_id(1))).read_bytes())
    return metrics


def fail() -> float:
    raise RuntimeError("no JVM")


class TestMetricsOfARun:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        lay_raw(tmp_path, "a.json", "1")
        return tmp_path

    def test_tell_its_cost_and_warn_of_one_above_the_limit(self, root: Path) -> None:
        metrics = metrics_of(root, capacity=GLUE_6, limit=0.3)
        assert metrics["cost"] == {
            "dpu_seconds": 3600.0, "estimated_usd": 0.308, "limit_usd": 0.3, "prices_of": "2026-11",
        }  # fmt: skip
        assert metrics["status"] == "published"
        assert metrics["warnings"] == ["the run cost about 0.3080 USD, more than the 0.3000 USD of maxRunCostUsd"]

    @pytest.mark.parametrize(
        ("said", "warnings"),
        [
            ({}, []),
            (
                {"capacity": GLUE_6, "executor_seconds": fail},
                ["the cost of this run is not known, Spark tells nothing of its executors: RuntimeError: no JVM"],
            ),
        ],
    )
    def test_tell_none_where_it_is_not_known(self, root: Path, said: dict[str, Any], warnings: list[str]) -> None:
        metrics = metrics_of(root, **said)
        assert (metrics["cost"], metrics["status"], metrics["warnings"]) == (None, "published", warnings)

    def test_tell_the_cost_of_one_that_failed(self, tmp_path: Path) -> None:
        metrics = metrics_of(tmp_path, capacity=GLUE_6)
        assert (metrics["status"], metrics["cost"]["dpu_seconds"]) == ("raw_missing", 3600.0)
