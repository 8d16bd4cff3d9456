"""Whether a deployed dataset can do its work: what is there, switched on, allowed, listened to, and up to date.

Reads only. What the caller's credentials do not let it see is said to be unchecked, never taken as right.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from adapters.aws import says_missing
from adapters.glue_catalog import GlueCatalog
from cli.dataset import Dataset, open_dataset
from cli.deployed_contract import deployed_checksum
from cli.deployment import Deployment
from cli.findings import RIGHT, UNCHECKED, WRONG, Finding
from cli.questions import alarms_named, ask, denied_to, function_configuration, messages_in, pages, schedules
from core.days import due_time, last_due_day, time_zone
from core.errors import InvalidDocument, PipelineError
from core.times import iso_seconds
from core.wording import first_of, plural
from deployed_dataset import LATE_DATA

FUNCTIONS: Final = ("sensor", "report", "alert", "backfill-plan", "backfill-summary")
_MOST_NAMED: Final = 5
_DEPLOY: Final = "cdk deploy --all"


def examine(deployment: Deployment, *, command: Callable[[str], str]) -> list[Finding]:
    """Look at everything that a dataset needs, in the order in which it is worth mending.

    ``command`` makes a whole command of the pipeline's of the words that are given to it.
    """
    return list(_Examination(deployment, command).findings())


class _Examination:
    def __init__(self, deployment: Deployment, command: Callable[[str], str]) -> None:
        self._deployment = deployment
        self._command = command
        self._names = deployment.names

    def findings(self) -> Iterator[Finding]:
        checks: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
            ("bucket", self._bucket),
            ("job", self._job),
            ("functions", self._functions),
            ("state machines", self._machines),
            ("contract", self._contract),
            ("permissions", self._permissions),
            ("schedule", self._schedule),
            ("late data", self._late_data),
            ("alert topic", self._topic),
            ("dead letters", self._dead_letters),
            ("alarms", self._alarms),
            ("table", self._table),
            ("partitions", self._partitions),
            ("days", self._days),
        )
        for name, look in checks:
            try:
                yield from look()
            except InvalidDocument as error:  # which was read, so that it is no matter of credentials
                yield Finding(name, WRONG, str(error))
            except PipelineError as error:
                yield _missing(name, error) if says_missing(error) else Finding(name, UNCHECKED, str(error))
            except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
                yield Finding(name, UNCHECKED, f"the answer of AWS has another form than is known: {error!r}")

    def _bucket(self) -> Iterator[Finding]:
        bucket = self._deployment.bucket
        versioning = ask("s3", "get_bucket_versioning", "s3:GetBucketVersioning", Bucket=bucket).get("Status")
        events = ask("s3", "get_bucket_notification_configuration", "s3:GetBucketNotification", Bucket=bucket)
        if versioning != "Enabled":
            yield Finding("bucket", WRONG, f"{bucket} keeps no versions of overwritten objects", _DEPLOY)
        elif "EventBridgeConfiguration" not in events:
            yield Finding("bucket", WRONG, f"{bucket} tells EventBridge nothing, so late data starts nothing", _DEPLOY)
        else:
            yield Finding("bucket", RIGHT, bucket)

    @cached_property
    def _glue_job(self) -> Mapping[str, Any]:
        job: Mapping[str, Any] = ask("glue", "get_job", "glue:GetJob", JobName=self._names.job_name)["Job"]
        return job

    def _job(self) -> Iterator[Finding]:
        yield Finding("job", RIGHT, f"{self._names.job_name}, Glue {self._glue_job['GlueVersion']}")

    @cached_property
    def _function_configurations(self) -> dict[str, Mapping[str, Any]]:
        parts = (*FUNCTIONS, *([LATE_DATA] if self._has_late_data else []))
        names = [self._names.function_name(part) for part in parts]
        return {name: function_configuration(name) for name in names}

    @cached_property
    def _has_late_data(self) -> bool:
        name = self._names.function_name(LATE_DATA)
        listed = pages("lambda", "list_functions", "lambda:ListFunctions", "Functions")
        return any(function["FunctionName"] == name for function in listed)

    def _functions(self) -> Iterator[Finding]:
        for name, configuration in self._function_configurations.items():
            state = configuration.get("State", "Active")
            if state not in ("Active", "Inactive"):  # what was not called for weeks is inactive until it is
                yield Finding("functions", WRONG, f"{name} is {state}: {configuration.get('StateReason', '')}", _DEPLOY)
                return
        yield Finding("functions", RIGHT, f"{len(self._function_configurations)} of them")

    @cached_property
    def _state_machines(self) -> list[Mapping[str, Any]]:
        return [
            ask("stepfunctions", "describe_state_machine", "states:DescribeStateMachine", stateMachineArn=arn)
            for arn in (self._deployment.pipeline_arn, self._deployment.backfill_arn, self._deployment.days_arn)
        ]

    def _machines(self) -> Iterator[Finding]:
        yield Finding("state machines", RIGHT, ", ".join(machine["name"] for machine in self._state_machines))

    def _contract(self) -> Iterator[Finding]:
        contract = self._names.contract
        if deployed_checksum(self._deployment) == contract.checksum:
            yield Finding("contract", RIGHT, f"version {contract.version} is deployed as it is here")
        else:
            says = f"the deployed contract is not that of {self._deployment.contract}"
            yield Finding("contract", WRONG, says, f"deploy it, or check out the deployed one; {_DEPLOY}")

    def _permissions(self) -> Iterator[Finding]:
        roles = {self._names.job_name: self._glue_job["Role"]}
        roles |= {name: configuration["Role"] for name, configuration in self._function_configurations.items()}
        roles |= {machine["name"]: machine["roleArn"] for machine in self._state_machines}
        roles |= self._roles_of_schedules
        denied = [f"{action} for {actor}" for actor, role in roles.items() for action in denied_to(role)]
        if denied:
            says = f"denied though the roles allow it: {_named(denied)}"
            yield Finding("permissions", WRONG, says, "look for a permissions boundary or an organization's policy")
        else:
            yield Finding("permissions", RIGHT, f"{len(roles)} roles may do what their policies say")

    @cached_property
    def _all_schedules(self) -> list[Mapping[str, Any]]:
        return schedules()

    def _schedules_of(self, target_arn: str) -> list[Mapping[str, Any]]:
        return [item for item in self._all_schedules if item["Target"]["Arn"] == target_arn]

    @property
    def _schedules(self) -> list[Mapping[str, Any]]:
        """The schedules that start the pipeline."""
        return self._schedules_of(self._deployment.pipeline_arn)

    @property
    def _freshness_checks(self) -> list[Mapping[str, Any]]:
        """The schedules that ask whether the last day that is due is published."""
        return self._schedules_of(self._function_configurations[self._names.function_name("alert")]["FunctionArn"])

    @property
    def _promises_freshness(self) -> bool:
        return self._names.contract.freshness_hours is not None

    @property
    def _freshness_checks_switched_off(self) -> list[str]:
        return [str(item["Name"]) for item in self._freshness_checks if item["State"] != "ENABLED"]

    @property
    def _roles_of_schedules(self) -> dict[str, str]:
        found = {}
        for schedule in [*self._schedules, *self._freshness_checks]:
            named = {"Name": schedule["Name"], "GroupName": schedule["GroupName"]}
            target = ask("scheduler", "get_schedule", "scheduler:GetSchedule", **named)["Target"]
            found[f"schedule {schedule['Name']}"] = target["RoleArn"]
        return found

    @property
    def _starts_by_itself(self) -> bool:
        return any(schedule["State"] == "ENABLED" for schedule in self._schedules)

    @property
    def _schedule_is_wanted(self) -> bool:
        deployed = self._variable(LATE_DATA, "SCHEDULE") if self._has_late_data else None
        return self._names.settings.schedule_enabled if deployed is None else deployed != "off"

    def _schedule(self) -> Iterator[Finding]:
        if not self._schedules:
            yield Finding("schedule", WRONG, f"no schedule starts {self._names.pipeline_name}", _DEPLOY)
        elif self._starts_by_itself and self._promises_freshness and not self._freshness_checks:
            says = "there is no daily check for overdue days, so nobody hears of them"
            yield Finding("schedule", WRONG, says, _DEPLOY)
        elif self._starts_by_itself and (off := self._freshness_checks_switched_off):
            says = "the daily check for overdue days is switched off, so nobody hears of them"
            yield Finding("schedule", WRONG, says, f"switch {off[0]} on in EventBridge Scheduler")
        elif self._starts_by_itself:
            yield Finding("schedule", RIGHT, "on")
        elif not self._schedule_is_wanted:
            yield Finding("schedule", RIGHT, "off, as it was deployed")
        else:
            says = "it was switched off by hand, so no day starts by itself"
            yield Finding("schedule", WRONG, says, f"switch {self._schedules[0]['Name']} on in EventBridge Scheduler")

    def _late_data(self) -> Iterator[Finding]:
        if not self._has_late_data:
            yield Finding("late data", RIGHT, "off, as it was deployed: raw data that changes starts no rerun")
            return
        name = self._names.function_name(LATE_DATA)
        mappings = pages(
            "lambda",
            "list_event_source_mappings",
            "lambda:ListEventSourceMappings",
            "EventSourceMappings",
            FunctionName=name,
        )
        if not any(mapping["State"] in ("Enabled", "Enabling", "Updating") for mapping in mappings):
            says = f"{name} takes no messages, so raw data that changes starts no rerun"
            yield Finding("late data", WRONG, says, f"switch its trigger on; {_DEPLOY}")
        else:
            yield Finding("late data", RIGHT, "on")

    def _variable(self, part: str, name: str) -> str | None:
        """Return a variable of a deployed function, or None where it has none of that name."""
        variables = self._function_configurations[self._names.function_name(part)]["Environment"]["Variables"]
        value: str | None = variables.get(name)
        return value

    def _topic(self) -> Iterator[Finding]:
        request = {"TopicArn": self._variable("sensor", "ALERT_TOPIC_ARN")}
        found = pages("sns", "list_subscriptions_by_topic", "sns:ListSubscriptionsByTopic", "Subscriptions", **request)
        confirmed = [item for item in found if item["SubscriptionArn"].startswith("arn:")]
        waiting = [item["Endpoint"] for item in found if item not in confirmed]
        if waiting:
            says = f"not confirmed, so they hear nothing: {_named(waiting)}"
            yield Finding("alert topic", WRONG, says, "confirm the mail that AWS sent, or take the address out")
        elif not confirmed:
            yield Finding("alert topic", WRONG, "nobody hears of a failure", f"{_DEPLOY} -c alert_emails=…")
        else:
            yield Finding("alert topic", RIGHT, plural(len(confirmed), "confirmed subscription"))

    def _dead_letters(self) -> Iterator[Finding]:
        names = self._names.dead_letter_queues(has_late_data=self._has_late_data)
        full = [f"{name} ({number})" for name in names if (number := messages_in(name))]
        if full:
            yield Finding("dead letters", WRONG, _named(full), "docs/runbook.md, Dead letters")
        else:
            yield Finding("dead letters", RIGHT, f"{len(names)} queues are empty")

    def _alarms(self) -> Iterator[Finding]:
        names = self._names.alarms(has_late_data=self._has_late_data)
        alarms = alarms_named(names)
        missing = sorted(set(names) - {alarm["AlarmName"] for alarm in alarms})
        if missing:
            yield Finding("alarms", WRONG, f"not there: {_named(missing)}", _DEPLOY)
        elif going := [alarm["AlarmName"] for alarm in alarms if alarm["StateValue"] == "ALARM"]:
            yield Finding("alarms", WRONG, f"on: {_named(going)}", "each says in its description what to do")
        elif silent := [alarm["AlarmName"] for alarm in alarms if alarm.get("ActionsEnabled") is False]:
            says = f"their actions are switched off, so they tell nobody: {_named(silent)}"
            yield Finding("alarms", WRONG, says, "aws cloudwatch enable-alarm-actions --alarm-names NAME")
        else:
            yield Finding("alarms", RIGHT, f"{len(alarms)} of them, none is on")

    def _table(self) -> Iterator[Finding]:
        contract = self._names.contract
        name = f"{self._deployment.database}.{contract.table}"
        table = ask("glue", "get_table", "glue:GetTable", DatabaseName=self._deployment.database, Name=contract.table)[
            "Table"
        ]
        found = [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]]
        wanted = [(column.name.lower(), column.type) for column in contract.stored_columns]
        if found != wanted:
            yield Finding("table", WRONG, f"{name} has other columns than the contract", _DEPLOY)
        else:
            yield Finding("table", RIGHT, f"{name}, {len(found)} columns")

    @cached_property
    def _dataset(self) -> Dataset:
        return open_dataset(self._deployment.place)

    def _partitions(self) -> Iterator[Finding]:
        records = self._dataset.records()
        faults = self._dataset.publications.faults(records)
        catalog = GlueCatalog(self._deployment.database, self._names.contract.table)
        older = [str(day) for day in catalog.days_with_other_columns()]
        in_vain = [str(day) for day in self._dataset.publications.catalog.days_shown_in_vain()]
        unrecorded = sorted({*map(str, self._dataset.publications.catalog.shown_without_record())} - {*in_vain})
        says = [f"{fault.day}: {fault.reason}" for fault in faults[:_MOST_NAMED]]
        says += [f"with other columns than the table: {_named(older)}"] if older else []
        says += [f"without files, of dates that are not published: {_named(in_vain)}"] if in_vain else []
        says += [f"shown to readers though no record publishes them: {_named(unrecorded)}"] if unrecorded else []
        # First what a repair mends, which brings no files back.
        to_repair = [*older, *in_vain, *(fault.day for fault in faults if not fault.is_about_files)]
        to_run = [*(fault.day for fault in faults if fault.is_about_files), *unrecorded]
        if says:
            step = "repair" if to_repair else f"run {to_run[0]}"
            yield Finding("partitions", WRONG, "; ".join(says), self._command(step))
        else:
            yield Finding("partitions", RIGHT, f"{plural(len(records), 'date')}, each at its published version")

    def _days(self) -> Iterator[Finding]:
        if not self._promises_freshness:
            yield Finding("days", RIGHT, "no freshness is promised, so none is ever overdue")
            return
        zone = time_zone(self._variable("sensor", "TIME_ZONE") or "UTC")
        hours = float(self._variable("alert", "FRESHNESS_HOURS") or self._names.freshness_hours)
        due = last_due_day(datetime.now(UTC), zone, freshness_hours=hours)
        if self._dataset.publications.records.read(due).record is not None:
            yield Finding("days", RIGHT, f"{due}, the last one that is due, is published")
        elif not self._starts_by_itself:
            yield Finding("days", RIGHT, f"{due} is not published; no schedule starts it")
        else:
            at = iso_seconds(due_time(due, zone, freshness_hours=hours))
            yield Finding("days", WRONG, f"{due} is not published; it was due at {at}", self._command(f"run {due}"))


def _missing(check: str, error: PipelineError) -> Finding:
    return Finding(check, WRONG, f"something of it is not there: {error}", _DEPLOY)


def _named(names: Sequence[str]) -> str:
    return ", ".join(first_of(names, _MOST_NAMED))
