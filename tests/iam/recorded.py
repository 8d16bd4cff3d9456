"""Facts that the embedded AWS wrote down, and the calls of AWS that they stand for.

Names that CloudFormation invented become those of `tests.iam.deployment`, and what differs from run to run a word in
braces; so the facts of any run can be compared, and kept.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.iam.deployment import ACCOUNT, REGION
from tests.iam.hadoop import Connector
from tests.iam.policies import Call

KEPT: Final = Path(__file__).with_name("recorded.jsonl")
Fact = Mapping[str, Any]
_VARIABLES: Final = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "{id}"),
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}"), "{run}"),
    (re.compile(r"attempt_\d+_\d+_m_\d+_\d+"), "{attempt}"),
    (re.compile(r"task_\d+_\d+_m_\d+"), "{attempt}"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "{date}"),
    (re.compile(r"\b[0-9a-f]{40,64}\b"), "{checksum}"),
    (re.compile(r"part-\d{5}-"), "part-{number}-"),
    (re.compile(r"(:execution:[\w-]+:)[^\"]+"), r"\1{execution}"),
    # Files of any name lie below a date.
    (re.compile(r"(raw/[^\"]*/ingestion_date=\{date\}/)[^\"/]+"), r"\1{file}"),
)
_TABLE_ACTIONS: Final = frozenset(
    {"glue:GetTable", "glue:GetPartition", "glue:CreatePartition", "glue:UpdatePartition"}
)
# Requests that name nothing and are about all of a kind.
_OF_ALL: Final = {"cloudwatch:DescribeAlarms": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{alarm}}"}
# What `.sync` calls besides: https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
_RUNNING_A_JOB: Final = ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun")
_NESTING: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html"
_MANAGED_RULE: Final = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
_RECEIVING: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# What is read may not be there on another day, and S3 denies that to who may not list it; the key is then the prefix.
_IS_IT_THERE: Final = "recorded read: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Permissions)"
_OF_THE_CDK: Final = "arn:aws:s3:::cdk-"
_LAMBDA_LOGS: Final = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"


class UnknownFact(Exception):
    """Something happened for which it is not written down what it needs."""


def comparable(lines: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Return the facts of a run as lines that every run has alike, sorted and each once."""
    return sorted({_comparable(line, names) for line in lines if line.strip()})


def _comparable(line: str, names: Mapping[str, str]) -> str:
    for physical in sorted(names, key=len, reverse=True):
        line = line.replace(physical, names[physical])
    for pattern, word in _VARIABLES:
        line = pattern.sub(word, line)
    fact = json.loads(line)
    if fact["kind"] == "task":
        fact["given"].pop("Name", None)
    return json.dumps(fact, sort_keys=True)


def calls_of(facts: Iterable[Fact]) -> Iterator[Call]:
    """Return the calls that facts stand for, all of them over TLS as SDKs and services make them."""
    for fact in facts:
        yield from _MEANINGS[fact["kind"]](fact)


def _request(fact: Fact) -> Iterator[Call]:
    action, resource, given = fact["action"], fact["resource"], fact["given"]
    role, why = fact["role"], "recorded request"
    if action in _TABLE_ACTIONS:
        # https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
        database, table = given["DatabaseName"], given.get("TableName") or given["Name"]
        for name in ("catalog", f"database/{database}", f"table/{database}/{table}"):
            yield Call(role, action, f"arn:aws:glue:{REGION}:{ACCOUNT}:{name}", {}, why)
        return
    if action in _OF_ALL:
        resource = _OF_ALL[action]
    if resource is None or not resource.startswith("arn:"):
        raise UnknownFact(f"{fact}: what it needs is not known; add it to {__name__}")
    context = {"s3:prefix": given.get("prefix", "")} if action == "s3:ListBucket" else {}
    yield Call(role, action, resource, context, why)
    if action == "s3:GetObject" and not resource.startswith(_OF_THE_CDK):
        bucket, _, key = resource.partition("/")
        yield Call(role, "s3:ListBucket", bucket, {"s3:prefix": key}, _IS_IT_THERE)


def _files(fact: Fact) -> Iterator[Call]:
    return Connector(f"arn:aws:iam::{ACCOUNT}:role/{fact['role']}", fact["bucket"]).calls(fact)


def _task(fact: Fact) -> Iterator[Call]:
    role, resource, given = fact["role"], fact["resource"].removeprefix("arn:aws:states:::"), fact["given"]
    why = f"recorded task {resource}"
    if resource == "lambda:invoke":
        yield Call(role, "lambda:InvokeFunction", given["FunctionName"], {}, why)
    elif resource == "sns:publish":
        yield Call(role, "sns:Publish", given["TopicArn"], {}, why)
    elif resource == "glue:startJobRun.sync":
        job = f"arn:aws:glue:{REGION}:{ACCOUNT}:job/{given['JobName']}"
        yield from (Call(role, action, job, {}, why) for action in _RUNNING_A_JOB)
    elif resource == "states:startExecution.sync:2":
        yield from _nested(role, given["StateMachineArn"], why)
    else:
        raise UnknownFact(f"{fact}: what it needs is not known; add it to {__name__}")


def _nested(role: str, machine: str, why: str) -> Iterator[Call]:
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{{execution}}"
    yield Call(role, "states:StartExecution", machine, {}, why)
    for action in ("states:DescribeExecution", "states:StopExecution"):
        yield Call(role, action, execution, {}, f"{why}: {_NESTING}")
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{_MANAGED_RULE}"
    for action in ("events:PutTargets", "events:PutRule", "events:DescribeRule"):
        yield Call(role, action, rule, {}, f"{why}: {_NESTING}")


def _delivery(fact: Fact) -> Iterator[Call]:
    """A schedule calls in the name of its role, a rule as the service EventBridge, which says for which rule."""
    target, source = fact["target"], fact["source"]
    service = target.split(":")[2]
    action = {"sqs": "sqs:SendMessage", "lambda": "lambda:InvokeFunction", "states": "states:StartExecution"}[service]
    if fact["role"]:
        yield Call(fact["role"], action, target, {}, "recorded schedule")
    else:
        context = {"aws:SourceArn": source, "aws:SourceAccount": ACCOUNT}
        yield Call("events.amazonaws.com", action, target, context, "recorded rule")


def _function(fact: Fact) -> Iterator[Call]:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{fact['name']}:{{stream}}"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        yield Call(fact["role"], action, group, {}, f"recorded function: {_LAMBDA_LOGS}")


def _batch(fact: Fact) -> Iterator[Call]:
    for action in _RECEIVING:
        yield Call(fact["role"], action, fact["queue"], {}, "recorded batch")


_MEANINGS: Final = {
    "request": _request,
    "files": _files,
    "task": _task,
    "delivery": _delivery,
    "function": _function,
    "batch": _batch,
}
