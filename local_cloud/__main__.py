"""`python -m local_cloud --state FOLDER --port N --spark-submit PATH --java-home PATH`: serves until it is stopped.

The edge: reads the command line, sets the variables by which the emulator is configured before it is imported, and
answers signals.
"""

import argparse
import asyncio
import fcntl
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Final

from local_cloud.spark_run import SparkHost

HOST: Final = "127.0.0.1"
ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
READY: Final = "ready.json"
LOCK: Final = "lock"
_SECONDS_TO_END: Final = 5


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; 1 when another one has the same folder."""
    given = _parser().parse_args(argv)
    given.state.mkdir(parents=True, exist_ok=True)
    with (given.state / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"another local cloud is running with the state in {given.state}\n")
            return 1
        (given.state / READY).unlink(missing_ok=True)
        os.environ.update(emulator_variables(given.state, port=given.port))
        asyncio.run(_serve(given))
    end_within(_SECONDS_TO_END)
    return 0


def end_within(seconds: float) -> None:
    """See to it that the process ends: a thread of the emulator that waits for an execution would hold it for ever."""
    watchdog = threading.Timer(seconds, os._exit, args=[0])
    watchdog.daemon = True
    watchdog.start()


# Those that the pipeline, its deployment and its runbook use, as the SDKs spell them:
# https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html
_SERVICES = (
    *(
        "ATHENA",
        "CLOUDFORMATION",
        "CLOUDWATCH",
        "CLOUDWATCH_LOGS",
        "ECR",
        "EVENTBRIDGE",
        "GLUE",
        "IAM",
        "KMS",
        "LAMBDA",
    ),
    *("S3", "SCHEDULER", "SFN", "SNS", "SQS", "SSM", "STS"),
)


def emulator_variables(state: Path, *, port: int) -> dict[str, str]:
    """Return the emulator's configuration: loopback only, everything it knows below one folder."""
    return {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(state / "services"),
        "S3_DATA_DIR": str(state / "s3"),
        # A wait of ten minutes takes six seconds; time limits of tasks and executions are not shortened.
        "SFN_WAIT_SCALE": "0.01",
    }


def client_variables(endpoint_url: str) -> dict[str, str]:
    """Return the variables with which a client talks to the emulator, which takes the access key for the account.

    A variable for one service goes before the one for all, so that what a shell had set for a service does not win.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        **{f"AWS_ENDPOINT_URL_{service}": endpoint_url for service in _SERVICES},
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }


async def _serve(given: argparse.Namespace) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415  the emulator reads its variables when it is imported
    from hypercorn.config import Config  # noqa: PLC0415  as above

    from local_cloud.host import assembled  # noqa: PLC0415  as above

    endpoint_url = f"http://{HOST}:{given.port}"
    spark = SparkHost(spark_submit=given.spark_submit, java_home=given.java_home, java_options=given.java_options)
    cloud = assembled(given.state, endpoint_url, spark, is_recorded=given.record_calls)
    config = Config()
    config.bind = [f"{HOST}:{given.port}"]
    config.keep_alive_timeout = 75
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    application: Any = cloud.application
    server = asyncio.create_task(serve(application, config, shutdown_trigger=stopping.wait))
    await _listening(given.port)
    cloud.started()
    ready = given.state / READY
    document = {"pid": os.getpid(), "endpoint_url": endpoint_url, "environment": client_variables(endpoint_url)}
    ready.with_suffix(".new").write_text(json.dumps(document))
    ready.with_suffix(".new").rename(ready)
    await server
    cloud.stop()
    ready.unlink(missing_ok=True)


async def _listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except ConnectionError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_cloud", allow_abbrev=False)
    parser.add_argument("--state", type=Path, required=True, help="folder that everything is kept in")
    parser.add_argument("--port", type=int, required=True, help="free port on 127.0.0.1")
    parser.add_argument("--spark-submit", type=Path, required=True)
    parser.add_argument("--java-home", type=Path, required=True)
    parser.add_argument("--java-options", default="", help="options of the JVM of each job run")
    parser.add_argument("--record-calls", action="store_true", help="write down who asks for what, in calls.jsonl")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
