"""The state machine that takes one date from raw data to a notification."""

from dataclasses import dataclass
from typing import Any

from stacks.definitions import integrations, retries

# What the caller tells this machine; everything else is for the sensor, which refuses keys that it does not know.
_OWN_KEYS = "['notify', 'wait_minutes', 'backfill']"
_KNOWN_ANSWERS = "ready, unchanged, refused, changed_since, waiting"
_FAULT = "{% $exists($raw.fault) ? $raw.fault : null %}"


@dataclass(frozen=True)
class Waits:
    """How long an execution waits between two looks for raw data, and between two tries for a free run of the job."""

    poll_seconds: int
    shortest_try_seconds: int
    longest_try_seconds: int


def pipeline_definition(
    *,
    sensor_arn: str,
    report_arn: str,
    job_name: str,
    topic_arn: str,
    waits: Waits,
    task_timeout_seconds: int,
    timeout_seconds: int,
    notify_success: bool,
) -> dict[str, Any]:
    """Return the definition.

    Input: ``{"ingestion_date", "force"}``, or ``{"scheduled_time"}`` for the day before; optional ``wait_minutes`` (how
    long to wait for raw data) or ``wait_until``, ``unless_refused`` (leave raw data alone that the latest run of the
    date refused), ``only_state`` (the only raw data to run, of which another execution runs what has changed since),
    ``notify: false``, and the name of the ``backfill`` that the date is part of, which is for those who
    read of a failure. Nothing is caught but that no run of the job is free: a failed execution can be redriven from the
    state that failed, and EventBridge alerts. The execution outlives the task, and the task the job.
    """
    return {
        "Comment": "One date: find raw data, curate it behind the gate, publish, report",
        "QueryLanguage": "JSONata",
        "StartAt": "ReadInput",
        "TimeoutSeconds": timeout_seconds,
        "States": {
            "ReadInput": _read_input(notify_success=notify_success),
            "FindRawData": _invoke(sensor_arn, "{% $sensor_input %}", assign="raw", following="IsThereWork"),
            "IsThereWork": _is_there_work(),
            "WaitForData": {"Type": "Wait", "Seconds": waits.poll_seconds, "Next": "FindRawData"},
            # Of many that wait, few ask at once. The sensor looks again: meanwhile another run may have done the work.
            "WaitForFreeRun": {
                "Type": "Wait",
                "Seconds": _at_random(waits.shortest_try_seconds, waits.longest_try_seconds),
                "Next": "FindRawData",
            },
            "AlreadyPublished": {
                "Type": "Pass",
                "End": True,
                "Output": {
                    "ingestion_date": "{% $raw.ingestion_date %}",
                    "status": "unchanged",
                    "run_id": "{% $exists($raw.published_run_id) ? $raw.published_run_id : null %}",
                    "is_rolled_back": "{% $exists($raw.is_rolled_back) and $raw.is_rolled_back %}",
                },
            },
            "AlreadyRefused": {
                "Type": "Pass",
                "End": True,
                "Output": {
                    "ingestion_date": "{% $raw.ingestion_date %}",
                    "status": "refused",
                    "run_id": "{% $raw.held_back_by %}",
                },
            },
            "ChangedSince": {
                "Type": "Pass",
                "End": True,
                "Output": {"ingestion_date": "{% $raw.ingestion_date %}", "status": "changed_since"},
            },
            "CurateDay": _curate_day(job_name, task_timeout_seconds),
            # It is not documented that a job run which somebody stopped fails the task.
            "DidJobSucceed": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $job_run.JobRunState = 'SUCCEEDED' %}", "Next": "Report"}],
                "Default": "JobRunNotSucceeded",
            },
            "JobRunNotSucceeded": {
                "Type": "Fail",
                "Error": "JobRunNotSucceeded",
                "Cause": "{% $string($job_run) %}",
            },
            "Report": _invoke(
                report_arn,
                {
                    "ingestion_date": "{% $raw.ingestion_date %}",
                    "job_run": "{% $job_run %}",
                    "fault": _FAULT,
                },
                assign="report",
                following="IsNoticeWanted",
            ),
            "IsNoticeWanted": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $notify %}", "Next": "NotifySuccess"}],
                "Default": "Done",
            },
            "NotifySuccess": publish_message(topic_arn, "report", following="Done"),
            "Done": {
                "Type": "Pass",
                "End": True,
                "Output": {
                    "ingestion_date": "{% $raw.ingestion_date %}",
                    "status": "{% $report.status %}",
                    "run_id": "{% $report.summary.run_id %}",
                    "fault": _FAULT,
                    "summary": "{% $report.summary %}",
                },
            },
            "UnknownAnswer": {
                "Type": "Fail",
                "Error": "UnknownSensorStatus",
                "Cause": f"{{% 'The sensor answered ' & $string($raw.status) & '; known: {_KNOWN_ANSWERS}' %}}",
            },
        },
    }


def _at_random(shortest: int, longest: int) -> str:
    return f"{{% {shortest} + $floor($random() * {longest - shortest}) %}}"


def publish_message(topic_arn: str, variable: str, *, following: str) -> dict[str, Any]:
    """Return the state that sends the subject and message held by a variable."""
    return {
        "Type": "Task",
        "Resource": integrations.PUBLISH_MESSAGE,
        "Arguments": {
            "TopicArn": topic_arn,
            # SNS takes at most 100 characters: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
            "Subject": f"{{% $substring(${variable}.subject, 0, 100) %}}",
            "Message": f"{{% ${variable}.message %}}",
        },
        "Retry": [retries.SNS],
        "Next": following,
    }


def invoke_lambda(function_arn: str, payload: Any) -> dict[str, Any]:
    """Return the task that calls a function; its answer is in ``$states.result.Payload``."""
    return {
        "Type": "Task",
        "Resource": integrations.INVOKE_LAMBDA,
        "Arguments": {"FunctionName": function_arn, "Payload": payload},
        "Retry": [retries.LAMBDA],
    }


def _invoke(function_arn: str, payload: Any, *, assign: str, following: str) -> dict[str, Any]:
    answer = "{% $states.result.Payload %}"
    return {**invoke_lambda(function_arn, payload), "Assign": {assign: answer}, "Output": answer, "Next": following}


def _read_input(*, notify_success: bool) -> dict[str, Any]:
    deadline = "$fromMillis($toMillis($states.context.Execution.StartTime) + $states.input.wait_minutes * 60000)"
    wait = f"$exists($states.input.wait_minutes) ? {{'wait_until': {deadline}}} : {{}}"
    passed_on = f"$sift($states.input, function($value, $name) {{ $not($name in {_OWN_KEYS}) }})"
    return {
        "Type": "Pass",
        "Assign": {
            "sensor_input": f"{{% $merge([{passed_on}, {wait}]) %}}",
            "force": "{% $states.input.force = true %}",
            "notify": "{% $not($states.input.notify = false) %}" if notify_success else False,
        },
        "Next": "FindRawData",
    }


def _is_there_work() -> dict[str, Any]:
    return {
        "Type": "Choice",
        "Choices": [
            {"Condition": "{% $raw.status = 'waiting' %}", "Next": "WaitForData"},
            {"Condition": "{% $raw.status = 'unchanged' and $not($force) %}", "Next": "AlreadyPublished"},
            {"Condition": "{% $raw.status = 'refused' %}", "Next": "AlreadyRefused"},
            {"Condition": "{% $raw.status = 'changed_since' %}", "Next": "ChangedSince"},
            {"Condition": "{% $raw.status in ['ready', 'unchanged'] %}", "Next": "CurateDay"},
        ],
        "Default": "UnknownAnswer",
    }


def _curate_day(job_name: str, task_timeout_seconds: int) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": integrations.RUN_JOB,
        "Arguments": {
            "JobName": job_name,
            "Arguments": {
                "--ingestion_date": "{% $raw.ingestion_date %}",
                "--force": "{% $force ? 'true' : 'false' %}",
                "--execution": "{% $states.context.Execution.Name %}",
            },
        },
        # The job's own timeout comes first and leaves TIMEOUT, not STOPPED; this one ends what Glue lost sight of.
        "TimeoutSeconds": task_timeout_seconds,
        "Retry": [retries.GLUE_SERVICE],
        "Catch": [{"ErrorEquals": retries.GLUE_FULL, "Next": "WaitForFreeRun"}],
        "Assign": {"job_run": "{% $states.result %}"},
        "Next": "DidJobSucceed",
    }
