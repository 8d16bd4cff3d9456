"""An emulator of AWS in a process of its own, on loopback, with none of this process's environment."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# The emulator takes the key for the account and no secret for wrong.
ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
ROOT: Final = Path(__file__).resolve().parents[2]
_READY_SECONDS: Final = 60


@contextmanager
def emulator(folder: Path, arguments: Sequence[str]) -> Iterator[str]:
    """Start Python with these arguments, wait until S3 answers, and yield its address."""
    url = f"http://127.0.0.1:{_free_port()}"
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=_environment(folder, url),
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=_READY_SECONDS)


def client(service: str, url: str, config: Config | None = None) -> Any:
    keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=url, region_name=REGION, config=config, **keys)  # type: ignore[call-overload]


def _environment(folder: Path, url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": url.rpartition(":")[2],
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    s3, deadline = client("s3", url), time.monotonic() + _READY_SECONDS
    while True:
        try:
            s3.list_buckets()
        except (BotoCoreError, ClientError):
            assert process.poll() is None, "the emulator ended"
            assert time.monotonic() < deadline, "the emulator does not answer"
            time.sleep(0.1)
        else:
            return
