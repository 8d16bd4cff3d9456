"""The two state machines of a backfill: one plans and sums up, the other runs the pipeline for some of its dates.

Two, because one execution holds 25,000 events, and a date takes about 16
(https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html): 3,650 dates would not fit into one.
"""

from typing import Any

from stacks.definitions import integrations, retries
from stacks.definitions.pipeline import invoke_lambda, publish_message

DATES_PER_EXECUTION = 150
# All results travel as one state's data, of at most 256 KiB: once some have failed, later ones come without a reason.
# A reason has room for what most failed gates say, with the place of the report and the next command; of a longer one
# the summary leaves out the end.
_FAILURES_WITH_REASON = 30
_REASON_CHARACTERS = 300

# The name of a closed execution cannot be used again, so what is redriven makes others. It begins at the state that
# failed, with the variables as they were, so the names have to be made in that state.
_REDRIVES = "$states.context.Execution.RedriveCount"
_PREFIX = f"$plan.name_prefix & ({_REDRIVES} > 0 ? '-' & $string({_REDRIVES}) : '')"


def backfill_definition(
    *, plan_arn: str, summary_arn: str, days_machine_arn: str, topic_arn: str, timeout_seconds: int
) -> dict[str, Any]:
    """Return the machine that people start.

    Input: ``{"start", "end"}`` or ``{"dates"}``, and if wanted ``max_concurrency``, ``on_failure``, ``force``. It ends
    as failed when a date failed, after the summary. Start it again with the same input to resume: dates that are
    published and unchanged are skipped.
    """
    return {
        "Comment": "A range of dates: plan, run the pipeline for each, sum up",
        "QueryLanguage": "JSONata",
        "StartAt": "Plan",
        "TimeoutSeconds": timeout_seconds,
        "States": {
            "Plan": _plan(plan_arn),
            "AreDatesLeft": _are_dates_left(then="RunDates", otherwise="Summarize"),
            "RunDates": _run_dates(days_machine_arn),
            "Summarize": {
                **invoke_lambda(
                    summary_arn,
                    {
                        "results": f"{{% [$results, {_not_started('$left')}] %}}",
                        "on_failure": "{% $plan.on_failure %}",
                        "max_concurrency": "{% $plan.max_concurrency %}",
                        "force": "{% $plan.force = true %}",
                    },
                ),
                "Assign": {"summary": "{% $states.result.Payload %}"},
                "Output": "{% $states.result.Payload %}",
                "Next": "NotifySummary",
            },
            "NotifySummary": publish_message(topic_arn, "summary", following="DidAllSucceed"),
            "DidAllSucceed": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $count($summary.failed) > 0 %}", "Next": "Failed"}],
                "Default": "Succeeded",
            },
            "Succeeded": {"Type": "Pass", "Output": "{% $summary %}", "End": True},
            "Failed": {
                "Type": "Fail",
                "Error": "BackfillFailed",
                "Cause": "{% $substring($summary.message, 0, 8000) %}",
            },
        },
    }


def days_definition(*, pipeline_arn: str, timeout_seconds: int) -> dict[str, Any]:
    """Return the machine that runs some dates of a backfill and answers ``{"results", "stopped"}``.

    A failed date is a result, not an error. With ``on_failure: stop`` it runs ``max_concurrency`` dates at a time and
    begins no more after a batch with a failure.
    """
    return {
        "Comment": "Some dates of a backfill: the pipeline for each, as its own execution",
        "QueryLanguage": "JSONata",
        "StartAt": "ReadInput",
        "TimeoutSeconds": timeout_seconds,
        "States": {
            "ReadInput": {
                "Type": "Pass",
                "Assign": {
                    "plan": "{% $states.input %}",
                    "left": "{% [$states.input.runs] %}",
                    "batch": (
                        "{% $states.input.on_failure = 'stop' ? $states.input.max_concurrency"
                        " : $count($states.input.runs) %}"
                    ),
                    "results": [],
                    "stopped": False,
                },
                "Next": "AreDatesLeft",
            },
            "AreDatesLeft": _are_dates_left(then="RunBatch", otherwise="Done"),
            "RunBatch": _run_batch(pipeline_arn),
            "Done": {
                "Type": "Pass",
                "End": True,
                "Output": {
                    "results": f"{{% [$results, {_not_started('$left')}] %}}",
                    "stopped": "{% $stopped %}",
                },
            },
        },
    }


def _plan(plan_arn: str) -> dict[str, Any]:
    payload = "{% $merge([$states.input, {'backfill_id': $states.context.Execution.Name}]) %}"
    plan = "$sift($states.result.Payload, function($value, $name) { $name != 'runs' })"
    return {
        **invoke_lambda(plan_arn, payload),
        "Assign": {
            "plan": f"{{% {plan} %}}",
            "left": "{% [$states.result.Payload.runs] %}",
            "results": [],
            "stopped": False,
        },
        "Output": {},
        "Next": "AreDatesLeft",
    }


def _are_dates_left(*, then: str, otherwise: str) -> dict[str, Any]:
    return {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $count($left) > 0 and $not($stopped) %}", "Next": then}],
        "Default": otherwise,
    }


def _run_dates(days_machine_arn: str) -> dict[str, Any]:
    return {
        **_start_execution(
            days_machine_arn,
            name=f"{{% {_PREFIX} & '-' & $left[0].ingestion_date %}}",
            payload=(
                f"{{% $merge([$plan, {{'name_prefix': {_PREFIX}, 'runs': {_first('$left', DATES_PER_EXECUTION)}}}]) %}}"
            ),
        ),
        "Assign": {
            "results": f"{{% {_with_results('$states.result.Output.results')} %}}",
            "left": f"{{% {_rest('$left', DATES_PER_EXECUTION)} %}}",
            "stopped": "{% $states.result.Output.stopped %}",
        },
        "Output": {},
        "Next": "AreDatesLeft",
    }


def _with_results(new: str) -> str:
    """Return all results with new ones added; of too many failures only the first keep their reasons."""
    bare = "$sift($item, function($value, $name) { $name != 'reason' })"
    some = f"$map($new, function($item, $at) {{ $known + $at < {_FAILURES_WITH_REASON} ? $item : {bare} }})"
    return (
        f"($new := {new}; $known := $count($results[status = 'failed']);"
        f" $known + $count($new[status = 'failed']) <= {_FAILURES_WITH_REASON} ? [$results, $new] : [$results, {some}])"
    )


def _run_batch(pipeline_arn: str) -> dict[str, Any]:
    return {
        "Type": "Map",
        "Items": f"{{% {_first('$left', '$batch')} %}}",
        "MaxConcurrency": "{% $plan.max_concurrency %}",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "RunDate",
            "States": {
                "RunDate": {
                    **_start_execution(
                        pipeline_arn,
                        name=f"{{% {_PREFIX} & '-' & $states.input.ingestion_date %}}",
                        payload={
                            "ingestion_date": "{% $states.input.ingestion_date %}",
                            "force": "{% $plan.force = true %}",
                            "notify": False,
                            "backfill": "{% $plan.name_prefix %}",
                        },
                    ),
                    "Output": {
                        "ingestion_date": "{% $states.input.ingestion_date %}",
                        "status": "{% $states.result.Output.status %}",
                    },
                    # The only catch of all machines: one date's failure must not discard what the others did.
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Output": _failure(), "Next": "DateFailed"}],
                    "End": True,
                },
                "DateFailed": {"Type": "Pass", "End": True},
            },
        },
        "Assign": {
            "results": "{% [$results, $states.result] %}",
            "left": f"{{% {_rest('$left', '$batch')} %}}",
            "stopped": "{% $plan.on_failure = 'stop' and 'failed' in $states.result.status %}",
        },
        "Output": {},
        "Next": "AreDatesLeft",
    }


def _failure() -> dict[str, Any]:
    """Return the result of a failed date; its reason is searched for, as a cause is nested JSON and may be cut off."""
    cause = "$string($states.errorOutput.Cause)"
    # JSONata counts brackets in a regular expression, and takes one after a backslash for an escaped one.
    message = rf'$match({cause}, /error_?message\\*"\s*:\s*\\*"([^\\"]+)/i, 1).groups[0]'
    text = rf'$match({cause}, /"Cause"\s*:\s*"([A-Za-z0-9][^\\"]*)/, 1).groups[0]'
    status = rf'$match({cause}, /"Status"\s*:\s*"([A-Z_]+)"/, 1).groups[0]'
    # What is not found leaves no element, so the first one is the best.
    reason = (
        f"($status := {status}; [{message}, {text}, $exists($status) ? 'the execution ended as ' & $status,"
        f" $states.errorOutput.Error & ': ' & {cause}][0])"
    )
    return {
        "ingestion_date": "{% $states.input.ingestion_date %}",
        "status": "failed",
        "reason": f"{{% $substring({reason}, 0, {_REASON_CHARACTERS}) %}}",
    }


def _start_execution(machine_arn: str, *, name: str, payload: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": integrations.RUN_EXECUTION,
        "Arguments": {"StateMachineArn": machine_arn, "Name": name, "Input": payload},
        "Retry": [retries.START_EXECUTION],
    }


def _first(array: str, count: int | str) -> str:
    return f"[$filter({array}, function($item, $at) {{ $at < {count} }})]"


def _rest(array: str, count: int | str) -> str:
    return f"[$filter({array}, function($item, $at) {{ $at >= {count} }})]"


def _not_started(array: str) -> str:
    return f"$map({array}, function($item) {{ {{'ingestion_date': $item.ingestion_date, 'status': 'not_started'}} }})"
