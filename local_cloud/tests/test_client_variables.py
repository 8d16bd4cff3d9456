from typing import Any

import boto3
import pytest

from local_cloud.__main__ import client_variables

URL = "http://127.0.0.1:4566"
ELSEWHERE = "https://sqs.eu-central-1.amazonaws.com"


@pytest.mark.parametrize("service", ["sqs", "s3", "stepfunctions", "events", "logs", "cloudformation", "cloudwatch"])
def test_a_client_of_every_service_stays_whatever_a_shell_had_set_for_it(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SQS", "S3", "SFN", "EVENTBRIDGE", "CLOUDWATCH_LOGS", "CLOUDFORMATION", "CLOUDWATCH"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", ELSEWHERE)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    for name, value in client_variables(URL).items():
        monkeypatch.setenv(name, value)
    session: Any = boto3.session.Session()  # its stubs know no service by a variable
    assert session.client(service).meta.endpoint_url == URL
