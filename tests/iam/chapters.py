"""What the story of `make run` leaves out and permissions are needed for: told on the same embedded AWS, after it.

Every chapter goes through public interfaces and waits for what comes of it, so a chapter without effect is an error.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.local.cloud import Cloud, spark_processes, until
from tests.unit.past import Past
from tests.unit.programs import ROOT

_ODD_DAY: Final = date(2024, 6, 30)
_MISSING_DAY: Final = date(2024, 7, 31)
_USUAL_ROWS: Final = 1000


def tell(cloud: Cloud, folder: Path) -> None:
    """Tell all chapters."""
    cloud.watch_for_late_data(enabled=False)
    for chapter in (_schedules, _missing_data, _stopped_run, _rejected_and_accepted):
        chapter(cloud, folder / chapter.__name__)


def _schedules(cloud: Cloud, _: Path) -> None:
    """Let both schedules call now: one starts an execution, the other asks whether a day is overdue."""
    before = len(_executions(cloud))
    overdue = len(cloud.messages("overdue"))
    for schedule in cloud.client("scheduler").list_schedules()["Schedules"]:
        _let_call(cloud, schedule["GroupName"], schedule["Name"])
    until(lambda: len(_executions(cloud)) > before)
    until(lambda: len(cloud.messages("overdue")) > overdue)
    for execution in _executions(cloud):
        if execution["status"] == "RUNNING":
            cloud.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])


def _let_call(cloud: Cloud, group: str, name: str) -> None:
    scheduler = cloud.client("scheduler")
    kept = scheduler.get_schedule(GroupName=group, Name=name)
    names = ("Description", "FlexibleTimeWindow", "GroupName", "Name", "State", "Target")
    moment = datetime.now(UTC) + timedelta(seconds=2)
    once = {"ScheduleExpression": f"at({moment:%Y-%m-%dT%H:%M:%S})", "ScheduleExpressionTimezone": "UTC"}
    scheduler.update_schedule(**{key: kept[key] for key in names if key in kept}, **once)


def _missing_data(cloud: Cloud, _: Path) -> None:
    assert cloud.run(str(_MISSING_DAY))["status"] == "FAILED"
    until(lambda: cloud.messages(f"no raw data for {_MISSING_DAY}"))


def _stopped_run(cloud: Cloud, folder: Path) -> None:
    """Stop a run at work; its lease stays behind, and the next run of the day finds it."""
    past = Past(folder / "past", ROOT / "contracts" / "events.odcs.yaml")
    for back in range(1, 30):
        past.publish(_ODD_DAY - timedelta(days=back), _USUAL_ROWS + back % 7)
    for path in (folder / "past").rglob("*.json"):
        cloud.client("s3").upload_file(str(path), cloud.bucket, str(path.relative_to(folder / "past")))
    cloud.deliver(str(_ODD_DAY), folder / "raw", rows=100)
    execution = cloud.start(str(_ODD_DAY))
    until(lambda: cloud.keys(f"leases/events/ingestion_date={_ODD_DAY}/"))
    cloud.client("stepfunctions").stop_execution(executionArn=execution)
    until(lambda: not spark_processes(cloud.state))
    until(lambda: cloud.messages(str(_ODD_DAY)))


def _rejected_and_accepted(cloud: Cloud, _: Path) -> None:
    """Run a day of 100 rows where 1,000 are usual, look at it as late data, and accept it."""
    assert cloud.pipeline("run", str(_ODD_DAY)).returncode == 1
    cloud.watch_for_late_data(enabled=True)
    until(lambda: _looked_at(cloud))
    accepted = cloud.pipeline("accept", str(_ODD_DAY), "--reason", "a holiday")
    assert accepted.returncode == 0, accepted.stderr


def _looked_at(cloud: Cloud) -> bool:
    """Tell whether late data has looked at the day, which lists its runs as no version of it is published."""
    lines = (cloud.state / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    prefix = f"metrics/events/ingestion_date={_ODD_DAY}/"
    roles = {fact["role"] for fact in map(json.loads, lines) if fact["kind"] == "batch"}
    requests = (fact for fact in map(json.loads, lines) if fact["kind"] == "request")
    return any(fact["role"] in roles and fact["given"].get("prefix") == prefix for fact in requests)


def _executions(cloud: Cloud) -> list[dict[str, Any]]:
    answer = cloud.client("stepfunctions").list_executions(stateMachineArn=cloud.machine_arn())
    executions: list[dict[str, Any]] = answer["executions"]
    return executions
