"""`pipeline local …`: starts, stops and describes the embedded AWS, which runs as a process and environment of its own.

Knows its command line and its folder; must not import it.
"""

import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cli import ROOT
from cli.errors import CommandFailed
from cli.output import Output
from cli.spark import java_home
from cli.spark_classes import short_run_options
from cli.views import whole

STATE: Final = ROOT / ".data" / "local-cloud"
ACTIONS: Final = {
    "up": "start it, with the state that it had",
    "down": "stop it and keep its state",
    "status": "show whether it is running, and where",
    "reset": "stop it and delete its state",
    "logs": "show the last lines of its log",
    "env": "print the variables that point AWS clients at it",
}
_ENVIRONMENT: Final = ROOT / ".venv-local"
_REQUIREMENTS: Final = ROOT / "local_cloud" / "requirements.txt"
_PREFERRED_PORT: Final = 4566
# The CDK looks neither for notices nor for a newer version, and reports nothing.
_CDK_STAYS_HERE: Final = {
    "CDK_NOTICES": "false",
    "CDK_DISABLE_VERSION_CHECK": "1",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
}
# Credentials of a person go nowhere. Version 1 of the AWS CLI sends `aws sqs` and some others to AWS whatever the
# variables say, and looks at the option only: https://github.com/aws/aws-cli/issues/8737
_SHELL_STAYS_HERE: Final = (
    "unset AWS_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN",
    'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }',
)
_ATTEMPTS_TO_START: Final = 3
_SECONDS_TO_START: Final = 60
_SECONDS_TO_STOP: Final = 30
_LINES_SHOWN: Final = 50
# A day of a laptop is done before the better of the JVM's two compilers repays its work.
_JAVA_OPTIONS_VARIABLE: Final = "PIPELINE_LOCAL_JAVA_OPTIONS"
_RECORD_VARIABLE: Final = "PIPELINE_LOCAL_RECORD_CALLS"
_NOT_RUNNING: Final = "the embedded AWS is not running"
_PASSED_ON: Final = ("HOME", "LANG", "TMPDIR")


def carry_out(action: str, *, environment: Mapping[str, str], output: Output) -> int:
    """Carry out one of ACTIONS on the project's own cloud."""
    cloud = LocalCloud(state_folder(environment))
    actions: dict[str, Callable[[], tuple[Any, str]]] = {
        "up": lambda: cloud.up(environment),
        "down": cloud.down,
        "status": cloud.status,
        "reset": cloud.reset,
        "logs": cloud.last_lines,
        "env": lambda: cloud.variables(environment),
    }
    document, text = actions[action]()
    output.show(document, whole(text))
    return 0


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the project's own cloud."""
    return Path(environment.get("PIPELINE_LOCAL_STATE") or STATE)


def read_outbox(state: Path) -> list[Any]:
    """Return the messages that it would have mailed, oldest first."""
    outbox = state / "outbox.jsonl"
    if not outbox.exists():
        return []
    return [json.loads(line) for line in outbox.read_text(encoding="utf-8").splitlines() if line]


class LocalCloud:
    """The cloud whose state lies in one folder."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._log = state / "log.txt"

    def up(self, environment: Mapping[str, str]) -> tuple[Any, str]:
        running = self._running()
        if running is not None:
            return running, f"the embedded AWS is already running at {running['endpoint_url']}"
        _install()
        self._state.mkdir(parents=True, exist_ok=True)
        for _ in range(_ATTEMPTS_TO_START):
            port = self._port()
            started = self._started(environment, port)
            if started is not None:
                url = started["endpoint_url"]
                return started, f'the embedded AWS is running at {url}; next: eval "$(./pipeline local env)"'
            if _is_free(port):
                break  # else another one that was started at the same time has taken it
        raise CommandFailed(f"the embedded AWS did not start; see its log {self._log}: {self._tail(5)}")

    def _started(self, environment: Mapping[str, str], port: int) -> Any:
        """Start it and return what it says of itself, or None when it ended or says nothing."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._command(environment, port),
                cwd=ROOT,
                env=_variables(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = self._await(self._running, seconds=_SECONDS_TO_START, unless=lambda: process.poll() is not None)
        if started is None:
            process.kill()
            process.wait()
        return started

    def down(self) -> tuple[Any, str]:
        running = self._running()
        if running is None:
            return {"running": False}, _NOT_RUNNING
        os.kill(running["pid"], signal.SIGTERM)
        if self._await(lambda: _has_ended(running["pid"]) or None, seconds=_SECONDS_TO_STOP) is None:
            os.kill(running["pid"], signal.SIGKILL)
            return {"running": False}, f"the embedded AWS did not stop within {_SECONDS_TO_STOP} s and was killed"
        return {"running": False}, "the embedded AWS has stopped; its state is kept"

    def status(self) -> tuple[Any, str]:
        running = self._running()
        document = {"running": running is not None, **(running or {}), "state": str(self._state)}
        if running is None:
            return document, f"{_NOT_RUNNING}; next: pipeline local up"
        place = f"{running['endpoint_url']}, process {running['pid']}, in {self._state}"
        return document, f"the embedded AWS is running at {place}"

    def reset(self) -> tuple[Any, str]:
        self.down()
        shutil.rmtree(self._state, ignore_errors=True)
        return {"running": False}, f"the embedded AWS has stopped, and {self._state} was deleted"

    def last_lines(self) -> tuple[Any, str]:
        text = self._tail(_LINES_SHOWN)
        return {"log": str(self._log), "lines": text.splitlines()}, f"{text}\n{self._log}"

    def variables(self, environment: Mapping[str, str]) -> tuple[Any, str]:
        """Return the variables, and the lines that set them in a shell."""
        running = self._running()
        if running is None:
            raise CommandFailed(f"{_NOT_RUNNING}; next: pipeline local up")
        values = {
            **running["environment"],
            **_CDK_STAYS_HERE,
            # Node for the CDK and Python for its app are those of this project, and so is `pipeline`.
            "PATH": os.pathsep.join([str(ROOT / ".venv" / "bin"), str(ROOT), environment.get("PATH", os.defpath)]),
        }
        exports = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
        return values, "\n".join([*exports, *_SHELL_STAYS_HERE])

    def _command(self, environment: Mapping[str, str], port: int) -> list[str]:
        return [
            str(_ENVIRONMENT / "bin" / "python"),
            "-m",
            "local_cloud",
            f"--state={self._state}",
            f"--port={port}",
            f"--spark-submit={Path(sys.executable).with_name('spark-submit')}",
            f"--java-home={java_home()}",
            f"--java-options={environment.get(_JAVA_OPTIONS_VARIABLE, short_run_options())}",
            *(["--record-calls"] if environment.get(_RECORD_VARIABLE) else []),
        ]

    def _port(self) -> int:
        """Choose a port: the one it had before, which shells may know, or the usual one, or any."""
        kept = self._state / "port.txt"
        before = [int(kept.read_text(encoding="ascii"))] if kept.exists() else []
        port = _free_port([*before, _PREFERRED_PORT])
        kept.write_text(str(port), encoding="ascii")
        return port

    def _running(self) -> dict[str, Any] | None:
        """Return what a running cloud says of itself; its lock, which ends with it, tells whether it runs."""
        try:
            with (self._state / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            ready = self._state / "ready.json"
            document: dict[str, Any] | None = json.loads(ready.read_bytes()) if ready.exists() else None
            return document
        except FileNotFoundError:
            return None
        return None

    def _await(self, found: Callable[[], Any], *, seconds: float, unless: Callable[[], bool] = bool) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not unless():
            answer = found()
            if answer is not None:
                return answer
            time.sleep(0.1)
        return None

    def _tail(self, lines: int) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def _has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _install() -> None:
    command = [str(ROOT / "scripts" / "set_up.py"), "venv", str(_ENVIRONMENT), str(_REQUIREMENTS)]
    result = subprocess.run([sys.executable, *command], stdout=sys.stderr, check=False)
    if result.returncode != 0:
        raise CommandFailed("the packages of the embedded AWS could not be installed; see the lines above")


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Keep a person's AWS settings away from the emulator, whose functions inherit what it gets."""
    passed_on = {name: environment[name] for name in _PASSED_ON if name in environment}
    return {**passed_on, "PATH": environment.get("PATH", os.defpath), "PYTHONUNBUFFERED": "1"}


def _free_port(preferred: Sequence[int]) -> int:
    for port in (*preferred, 0):
        if (found := _bound(port)) is not None:
            return found
    raise CommandFailed("no free port on 127.0.0.1")


def _is_free(port: int) -> bool:
    return _bound(port) is not None


def _bound(port: int) -> int | None:
    """Take a port for a moment, any for 0, and return its number; None when somebody else has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        number: int = probe.getsockname()[1]
        return number
