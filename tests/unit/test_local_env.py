"""`pipeline local env`: what a shell gets, so that no client in it talks to AWS."""

import os
import subprocess
from pathlib import Path

import pytest

from cli.local import LocalCloud

URL = "http://127.0.0.1:4566"


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    told = {"AWS_ENDPOINT_URL": URL, "AWS_ENDPOINT_URL_SQS": URL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}
    running = {"pid": os.getpid(), "endpoint_url": URL, "environment": told}
    monkeypatch.setattr(LocalCloud, "_running", lambda _: running)
    _, text = LocalCloud(tmp_path).variables({"PATH": "/usr/bin:/bin"})
    return text


def shell(lines: str, script: str, *, given: dict[str, str], tmp_path: Path) -> list[str]:
    """Run a script in a shell that has taken over the variables, with an `aws` that shows its words."""
    aws = tmp_path / "aws"
    aws.write_text('#!/bin/sh\necho aws "$@"\n', encoding="utf-8")
    aws.chmod(0o755)
    command = f'{lines}\nPATH="{tmp_path}:$PATH"\n{script}'
    environment = {"PATH": "/usr/bin:/bin", **given}
    result = subprocess.run(["/bin/sh", "-euc", command], env=environment, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def test_every_call_of_the_aws_command_line_names_the_endpoint(lines: str, tmp_path: Path) -> None:
    """Version 1 of it sends `aws sqs` to AWS whatever the variables say."""
    said = shell(lines, "aws sqs list-queues --output text", given={}, tmp_path=tmp_path)
    assert said == [f"aws --endpoint-url {URL} sqs list-queues --output text"]


def test_what_the_shell_had_set_before_leads_nowhere_else(lines: str, tmp_path: Path) -> None:
    given = {
        "AWS_ENDPOINT_URL_SQS": "https://sqs.eu-central-1.amazonaws.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
    }
    script = 'echo "$AWS_ENDPOINT_URL_SQS $AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ${AWS_PROFILE-} ${AWS_SESSION_TOKEN-}"'
    assert shell(lines, script, given=given, tmp_path=tmp_path) == [f"{URL} false  "]


def test_the_pipeline_command_is_found(lines: str, tmp_path: Path) -> None:
    (found,) = shell(lines, "command -v pipeline", given={}, tmp_path=tmp_path)
    assert Path(found) == Path(__file__).resolve().parents[2] / "pipeline"
