"""One AWS account in process for each test, and the environment that the deployed functions have."""

import socket
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import boto3
import pytest
from moto import mock_aws
from moto.backends import get_backend

from adapters.aws import client
from core.raw_objects import RawObjects
from tests.lambdas.cloud import ACCOUNT, BUCKET, CHECKSUM, DATABASE, JOB, REGION, TABLE, Cloud


@pytest.fixture(scope="module")
def aws() -> Iterator[Mapping[str, Any]]:
    """Clients of the services, which take half a second to start; other test folders must not meet them."""
    make: Any = boto3.client  # its stubs know no service by a variable
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        yield {service: make(service) for service in ("s3", "glue", "sns", "stepfunctions")}


@pytest.fixture
def cloud(aws: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An account with the deployed resources and nothing else, and the variables that name them."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    for service, region in {
        "s3": "aws",
        "glue": REGION,
        "sns": REGION,
        "stepfunctions": REGION,
        "cloudwatch": REGION,
    }.items():
        get_backend(service)[ACCOUNT][region].reset()  # type: ignore[call-overload]  # it knows literal names only
    client.cache_clear()
    deployed = _deploy(aws)
    deployed.set_job_runs()
    for name, value in _environment(deployed).items():
        monkeypatch.setenv(name, value)
    yield deployed
    client.cache_clear()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_socket: socket.socket, address: object) -> NoReturn:
        raise AssertionError(f"a test tried to reach {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def _deploy(aws: Mapping[str, Any]) -> Cloud:
    aws["s3"].create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    aws["glue"].create_database(DatabaseInput={"Name": DATABASE})
    aws["glue"].create_table(DatabaseName=DATABASE, TableInput={"Name": TABLE})
    topic_arn = aws["sns"].create_topic(Name="alerts")["TopicArn"]
    machine = aws["stepfunctions"].create_state_machine(
        name="events-pipeline",
        definition='{"StartAt": "Sensor", "States": {"Sensor": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/pipeline",
    )
    return Cloud(topic_arn, machine["stateMachineArn"])


def _environment(deployed: Cloud) -> dict[str, str]:
    return {
        "DATA_BUCKET": BUCKET,
        "DATASET": "events",
        "SOURCE_SYSTEM": "app",
        "CONTRACT_CHECKSUM": CHECKSUM,
        "RAW_OBJECTS": RawObjects().to_json(),
        "TIME_ZONE": "UTC",
        "FRESHNESS_HOURS": "6",
        "SCHEDULE": "1+120",
        "ALERT_TOPIC_ARN": deployed.topic_arn,
        "STATE_MACHINE_ARN": deployed.state_machine_arn,
        "JOB_NAME": JOB,
        "CATALOG_DATABASE": DATABASE,
        "CATALOG_TABLE": TABLE,
    }
