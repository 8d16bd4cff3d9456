"""Calls that no run on one machine makes, and that AWS makes for what the templates configure and a run used.

Each says where AWS documents it. Knows the deployment and the calls of a run; must not know its policies.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from tests.iam.deployment import ACCOUNT, REGION, Deployment, Resource
from tests.iam.policies import Call, protected

PERSON: Final = f"arn:aws:iam::{ACCOUNT}:role/person"
_FROM_ACCOUNT: Final = {"aws:SourceAccount": ACCOUNT}
_LOGGING: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy"
_LOG_DELIVERY: Final = (
    *("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries"),
    *("PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"),
)
_TRACING: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html"
_TRACES: Final = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
_GLUE_LOGS: Final = "https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html"
_GLUE_GROUPS: Final = "https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html"
_GLUE_METRICS: Final = "https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html"
_DEAD_LETTERS: Final = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"
_RULES: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"
_ALARMS: Final = "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"
_ACCESS_LOGS: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"
_DEPUTIES: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
_BUCKET_KEYS: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
_TOPIC_KEYS: Final = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
_QUEUE_KEYS: Final = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"
)
_LOG_KEYS: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
_READS_AND_WRITES: Final = ("kms:Decrypt", "kms:GenerateDataKey")
# By the action, what of a key is needed: who writes in parts also decrypts, who sends makes data keys.
_KEY_ACTIONS: Final = {
    "s3:GetObject": ("s3", ("kms:Decrypt",), _BUCKET_KEYS),
    "s3:PutObject": ("s3", _READS_AND_WRITES, _BUCKET_KEYS),
    "sns:Publish": ("sns", _READS_AND_WRITES, _TOPIC_KEYS),
    "sqs:SendMessage": ("sqs", _READS_AND_WRITES, _QUEUE_KEYS),
    "sqs:ReceiveMessage": ("sqs", ("kms:Decrypt",), _QUEUE_KEYS),
}


def with_implied(recorded: Iterable[Call], deployment: Deployment, *, old_keys: Sequence[str] = ()) -> list[Call]:
    """Return all calls: those of a run and what goes with them in this deployment."""
    calls = list(recorded)
    active = {call.actor for call in calls}
    calls += [call for role in deployment.of("AWS::IAM::Role") if role.arn in active for call in _of(role, deployment)]
    calls += [*_undelivered(deployment), *_alarms(deployment), *_access_logs(deployment), *_people(deployment)]
    calls += [*_of_keys(calls, deployment, old_keys), *_of_log_groups(deployment)]
    return [_as_sent(call) for call in dict.fromkeys(calls)]


def _of(role: Resource, deployment: Deployment) -> Iterator[Call]:
    for job in _users(deployment, "AWS::Glue::Job", "Role", role):
        yield Call("glue.amazonaws.com", "sts:AssumeRole", role.arn, _FROM_ACCOUNT, _DEPUTIES)
        yield from _of_job(role, job)
    for _ in _users(deployment, "AWS::Lambda::Function", "Role", role):
        yield Call("lambda.amazonaws.com", "sts:AssumeRole", role.arn, {}, _DEPUTIES)
    for machine in _users(deployment, "AWS::StepFunctions::StateMachine", "RoleArn", role):
        context = {**_FROM_ACCOUNT, "aws:SourceArn": machine.arn}
        yield Call("states.amazonaws.com", "sts:AssumeRole", role.arn, context, _DEPUTIES)
        yield from _of_machine(role, machine)
    for schedule in deployment.of("AWS::Scheduler::Schedule"):
        if schedule.properties["Target"]["RoleArn"] == role.arn:
            group = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{schedule.properties['GroupName']}"
            context = {**_FROM_ACCOUNT, "aws:SourceArn": group}
            why = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html"
            yield Call("scheduler.amazonaws.com", "sts:AssumeRole", role.arn, context, why)


def _users(deployment: Deployment, kind: str, property_name: str, role: Resource) -> list[Resource]:
    return [item for item in deployment.of(kind) if item.properties[property_name] == role.arn]


def _of_machine(role: Resource, machine: Resource) -> Iterator[Call]:
    if machine.properties.get("LoggingConfiguration", {}).get("Level", "OFF") != "OFF":
        yield from (Call(role.arn, f"logs:{action}", "*", {}, _LOGGING) for action in _LOG_DELIVERY)
    if machine.properties.get("TracingConfiguration", {}).get("Enabled"):
        yield from (Call(role.arn, f"xray:{action}", "*", {}, _TRACING) for action in _TRACES)


def _of_job(role: Resource, job: Resource) -> Iterator[Call]:
    """Glue fetches the script and the library, and writes logs and metrics, all in the name of the job's role."""
    arguments: dict[str, Any] = job.properties["DefaultArguments"]
    for uri in (job.properties["Command"]["ScriptLocation"], arguments["--extra-py-files"]):
        yield Call(role.arn, "s3:GetObject", f"arn:aws:s3:::{uri.removeprefix('s3://')}", {}, "started by Glue")
    security = job.properties.get("SecurityConfiguration")
    prefix = arguments["--custom-logGroup-prefix"]
    groups = [f"{prefix}/{{stream}}"]
    if security:
        groups += [f"{prefix}-{{role}}-{security}/{{stream}}", f"/aws-glue/jobs-{{role}}-{security}/{{stream}}"]
    actions = ["CreateLogGroup", "CreateLogStream", "PutLogEvents", *(["AssociateKmsKey"] if security else [])]
    for group in groups:
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
        why = _GLUE_GROUPS if security else _GLUE_LOGS
        yield from (Call(role.arn, f"logs:{action}", arn, {}, why) for action in actions)
    yield Call(role.arn, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Glue"}, _GLUE_METRICS)


def _undelivered(deployment: Deployment) -> Iterator[Call]:
    """Whatever has a queue for what fails puts it there."""
    for function in deployment.of("AWS::Lambda::Function"):
        queue = function.properties.get("DeadLetterConfig", {}).get("TargetArn")
        if queue:
            yield Call(function.properties["Role"], "sqs:SendMessage", queue, {}, _DEAD_LETTERS)
    for schedule in deployment.of("AWS::Scheduler::Schedule"):
        target = schedule.properties["Target"]
        if "DeadLetterConfig" in target:
            why = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html"
            yield Call(target["RoleArn"], "sqs:SendMessage", target["DeadLetterConfig"]["Arn"], {}, why)
    for rule in deployment.of("AWS::Events::Rule"):
        context = {**_FROM_ACCOUNT, "aws:SourceArn": rule.arn}
        for target in rule.properties["Targets"]:
            if "DeadLetterConfig" in target:
                queue = target["DeadLetterConfig"]["Arn"]
                yield Call("events.amazonaws.com", "sqs:SendMessage", queue, context, _RULES)


def _alarms(deployment: Deployment) -> Iterator[Call]:
    for alarm in deployment.of("AWS::CloudWatch::Alarm"):
        context = {**_FROM_ACCOUNT, "aws:SourceArn": alarm.arn}
        for topic in {*alarm.properties.get("AlarmActions", ()), *alarm.properties.get("OKActions", ())}:
            yield Call("cloudwatch.amazonaws.com", "sns:Publish", topic, context, _ALARMS)


def _access_logs(deployment: Deployment) -> Iterator[Call]:
    for bucket in deployment.of("AWS::S3::Bucket"):
        logging = bucket.properties.get("LoggingConfiguration")
        if logging:
            key = f"arn:aws:s3:::{logging['DestinationBucketName']}/{logging['LogFilePrefix']}{{log}}"
            context = {**_FROM_ACCOUNT, "aws:SourceArn": bucket.arn}
            yield Call("logging.s3.amazonaws.com", "s3:PutObject", key, context, _ACCESS_LOGS)


def _people(deployment: Deployment) -> Iterator[Call]:
    """People read data, access logs and dead letters too; by which permissions is not this deployment's business."""
    for bucket in deployment.of("AWS::S3::Bucket"):
        yield Call(PERSON, "s3:ListBucket", bucket.arn, {}, "somebody looks", may_fail=True)
        yield Call(PERSON, "s3:GetObject", f"{bucket.arn}/{{key}}", {}, "somebody looks", may_fail=True)
    for queue in deployment.of("AWS::SQS::Queue"):
        yield Call(PERSON, "sqs:ReceiveMessage", queue.arn, {}, "somebody looks", may_fail=True)


def _of_keys(calls: Sequence[Call], deployment: Deployment, old_keys: Sequence[str]) -> Iterator[Call]:
    """Whoever reads or writes what is encrypted uses its key, through the service that keeps it.

    What was written before, in a bucket or a queue, is still encrypted with the key of then.
    """
    for call in calls:
        if call.may_fail or call.action not in _KEY_ACTIONS:
            continue
        service, actions, why = _KEY_ACTIONS[call.action]
        key, is_ours = _key_of(protected(call.resource), deployment)
        via = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
        context = _FROM_ACCOUNT if call.is_by_service else via
        if key is not None:
            yield from (Call(call.actor, action, key, context, why) for action in actions)
        if is_ours and call.action in {"s3:GetObject", "sqs:ReceiveMessage"}:
            yield from (Call(call.actor, "kms:Decrypt", old, context, why) for old in old_keys)


def _key_of(arn: str, deployment: Deployment) -> tuple[str | None, bool]:
    """Return the key of a bucket, queue or topic, and whether this deployment has it."""
    found = deployment.by_arn(arn)
    if found is None:
        return None, False
    properties = found.properties
    key = properties.get("KmsMasterKeyId")
    for rule in properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", ()):
        key = rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    return key, True


def _of_log_groups(deployment: Deployment) -> Iterator[Call]:
    """CloudWatch Logs encrypts the groups that Glue makes for a job with a security configuration."""
    for job in deployment.of("AWS::Glue::Job"):
        for security in deployment.of("AWS::Glue::SecurityConfiguration"):
            if security.properties["Name"] != job.properties.get("SecurityConfiguration"):
                continue
            encryption = security.properties["EncryptionConfiguration"]["CloudWatchEncryption"]
            prefix = job.properties["DefaultArguments"]["--custom-logGroup-prefix"]
            group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{prefix}/{{stream}}"
            context = {"kms:EncryptionContext:aws:logs:arn": group}
            for action in ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "DescribeKey"):
                actor, key = f"logs.{REGION}.amazonaws.com", encryption["KmsKeyArn"]
                yield Call(actor, f"kms:{action}", key, context, _LOG_KEYS)


def _as_sent(call: Call) -> Call:
    """Add what every request carries that goes to a service whose policies ask for it."""
    service = call.action.partition(":")[0]
    if service not in {"s3", "sns", "sqs"}:
        return call
    tls = {"s3:TlsVersion": "1.2"} if service == "s3" else {}
    return replace(call, context={**call.context, "aws:SecureTransport": "true", **tls})
