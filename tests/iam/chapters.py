"""What the story of `make run` leaves out and permissions are needed for: told on the same embedded AWS, after it.

Every chapter goes through public interfaces and waits for what comes of it, so a chapter without effect is an error.
"""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from tests.local.cloud import Cloud, held_scripts, scripts, until
from tests.unit.past import Past
from tests.unit.programs import ROOT

_ODD_DAY: Final = date(2024, 6, 30)
_MISSING_DAY: Final = date(2024, 7, 31)
_USUAL_ROWS: Final = 1000


def tell(cloud: Cloud, folder: Path) -> None:
    """Tell all chapters."""
    cloud.watch_for_late_data(enabled=False)
    stopped = (_stopped_backfill, _stopped_run, _rejected_and_accepted, _stopped_rerun)
    for chapter in (_schedules, _missing_data, *stopped):
        chapter(cloud, folder / chapter.__name__)


def _schedules(cloud: Cloud, _: Path) -> None:
    """Let both schedules call now: one starts an execution, the other asks whether a day is overdue."""
    before = len(_executions(cloud))
    overdue = len(cloud.messages("overdue"))
    scheduler = cloud.client("scheduler")
    names = [(item["GroupName"], item["Name"]) for item in scheduler.list_schedules()["Schedules"]]
    kept = [scheduler.get_schedule(GroupName=group, Name=name) for group, name in names]
    for schedule in kept:
        scheduler.update_schedule(**_settings(schedule) | {"ScheduleExpression": "rate(1 minute)"})
    until(lambda: len(_executions(cloud)) > before)
    until(lambda: len(cloud.messages("overdue")) > overdue)
    for schedule in kept:
        scheduler.update_schedule(**_settings(schedule))
    for execution in _executions(cloud):
        if execution["status"] == "RUNNING":
            cloud.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])


def _settings(schedule: dict[str, Any]) -> dict[str, Any]:
    """Return what an update has to repeat."""
    names = (
        *("Description", "FlexibleTimeWindow", "GroupName", "Name", "State", "Target"),
        *("ScheduleExpression", "ScheduleExpressionTimezone"),
    )
    return {name: schedule[name] for name in names if name in schedule}


def _missing_data(cloud: Cloud, _: Path) -> None:
    assert cloud.run(str(_MISSING_DAY))["status"] == "FAILED"
    until(lambda: cloud.messages(f"no raw data for {_MISSING_DAY}"))


def _stopped_backfill(cloud: Cloud, _: Path) -> None:
    """Stop a backfill, whose event does not say why it ended."""
    steps, machine = cloud.client("stepfunctions"), cloud.machine_arn().replace("-pipeline", "-backfill")
    asked = json.dumps({"dates": [str(_MISSING_DAY)]})
    execution = steps.start_execution(stateMachineArn=machine, input=asked)["executionArn"]
    told = len(cloud.messages("backfill"))
    steps.stop_execution(executionArn=execution)
    until(lambda: len(cloud.messages("backfill")) > told)


def _stopped_run(cloud: Cloud, folder: Path) -> None:
    """Stop a run at work; its lease stays behind, and the next run of the day finds it."""
    past = Past(folder / "past", ROOT / "contracts" / "events.odcs.yaml")
    for back in range(1, 30):
        past.publish(_ODD_DAY - timedelta(days=back), _USUAL_ROWS + back % 7)
    for path in (folder / "past").rglob("*.json"):
        cloud.client("s3").upload_file(str(path), cloud.bucket, str(path.relative_to(folder / "past")))
    cloud.deliver(str(_ODD_DAY), folder / "raw", rows=100)
    _stop_at_work(cloud)
    cloud.watch_for_late_data(enabled=True)
    until(lambda: _asked_by_late_data(cloud, "states:GetExecutionHistory"))


def _rejected_and_accepted(cloud: Cloud, _: Path) -> None:
    """Run a day of 100 rows where 1,000 are usual, which late data leaves alone, and accept it."""
    assert cloud.pipeline("run", str(_ODD_DAY)).returncode == 1
    until(lambda: _asked_by_late_data(cloud, "s3:GetObject", f"/metrics/events/ingestion_date={_ODD_DAY}/"))
    accepted = cloud.pipeline("accept", str(_ODD_DAY), "--reason", "a holiday")
    assert accepted.returncode == 0, accepted.stderr


def _stopped_rerun(cloud: Cloud, _: Path) -> None:
    """Stop a rerun of a published day: its alerts say what readers have, as record and catalog have it."""
    _stop_at_work(cloud, force=True)


def _stop_at_work(cloud: Cloud, **more: bool) -> None:
    told = len(cloud.messages(str(_ODD_DAY)))
    leases = len(_leases(cloud))
    execution = cloud.start(str(_ODD_DAY), **more)
    until(lambda: len(_leases(cloud)) > leases)
    held_scripts(cloud.state)
    _forget_arrivals(cloud)
    cloud.client("stepfunctions").stop_execution(executionArn=execution)
    until(lambda: not scripts(cloud.state))
    until(lambda: len(cloud.messages(str(_ODD_DAY))) > told + 1)  # of the job run and of the execution


def _leases(cloud: Cloud) -> list[str]:
    return cloud.keys(f"leases/events/ingestion_date={_ODD_DAY}/")


def _forget_arrivals(cloud: Cloud) -> None:
    """Empty the queue of late data, so that the end of the execution that is stopped next is all that it tells."""
    sqs = cloud.client("sqs")
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName="prod-events-arrivals")["QueueUrl"])


def _asked_by_late_data(cloud: Cloud, action: str, resource: str = "") -> bool:
    """Tell whether late data, which alone asks for an execution's history, has asked for this."""
    lines = (cloud.state / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [fact for fact in map(json.loads, lines) if "action" in fact]
    roles = {fact["role"] for fact in asked if fact["action"] == "states:GetExecutionHistory"}
    return any(
        fact["role"] in roles and fact["action"] == action and resource in str(fact["resource"]) for fact in asked
    )


def _executions(cloud: Cloud) -> list[dict[str, Any]]:
    answer = cloud.client("stepfunctions").list_executions(stateMachineArn=cloud.machine_arn())
    executions: list[dict[str, Any]] = answer["executions"]
    return executions
