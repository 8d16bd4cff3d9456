"""One run of a Glue script in real Spark: its command, its environment, its end and what it said last.

Knows processes and files; must not know the emulator.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_cloud.jvms import PROCESS_GUARD, Jvm, JvmCommand, Jvms

_SCRIPT_RUNNER: Final = Path(__file__).with_name("script_runner.py")
_TRACEBACK: Final = "Traceback (most recent call last):"
# What Glue passes on to Spark; everything reaches the script as well.
_SPARK_SETTING: Final = "--conf"
# What a shell adds to the number of the signal that ended a program.
_EXIT_BY_SIGNAL: Final = 128
_SHOWN_CHARACTERS: Final = 2000
_LOOK_SECONDS: Final = 0.05
# How long a script may go on when its JVM has ended: it tells what happened.
_LAST_WORDS_SECONDS: Final = 20.0
# After which a JVM may be no more what it was: a class that could not be loaded once, say, never can be.
_JVM_ERROR: Final = re.compile(rb"\bjava\.lang\.\w*Error\b")


@dataclass(frozen=True, kw_only=True)
class SparkHost:
    """The Spark of this machine, with the Python beside it and a Java, and how much of the machine one run gets."""

    spark_submit: Path
    java_home: Path
    cores: int = 2
    memory: str = "1g"
    java_options: str = ""


@dataclass(frozen=True, kw_only=True)
class ScriptRun:
    """What is run: a script with Glue's arguments, its library, the settings that reach S3, and where its log goes."""

    script: Path
    libraries: tuple[Path, ...]
    arguments: Mapping[str, str]
    settings: Mapping[str, str]
    environment: Mapping[str, str]
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def done_with_spark(self) -> Path:
        """The file that appears when the script has ended and left nothing of Spark running."""
        return self.folder / "done-with-spark"


class SparkProcess:
    """A started run: a Python for its script, and a JVM that it has to itself until it ends.

    Both end with this process, however this process ends.
    """

    def __init__(self, run: ScriptRun, host: SparkHost, jvms: Jvms) -> None:
        self._run, self._jvms, self._parting, self._has_jvm = run, jvms, threading.Lock(), True
        self._jvm: Jvm = jvms.take(jvm_command(run, host), log=run.log)
        try:
            self._python = self._started(host)
        except OSError:
            jvms.give_back(self._jvm, is_sound=False)
            raise

    def wait(self, *, seconds: float) -> int | None:
        """Return the exit code, or None when the run took longer and was killed. Its JVM is not its own any more."""
        is_sound = False
        try:
            code = self._ended(seconds)
            if code is None:
                self.kill()
            self._jvm.finish_log()
            is_sound = self._run.done_with_spark.exists() and not _JVM_ERROR.search(self._run.log.read_bytes())
        finally:
            if self._python.stdin:
                self._python.stdin.close()
            with self._parting:
                self._has_jvm = False
                self._jvms.give_back(self._jvm, is_sound=is_sound)
        return code

    def kill(self) -> None:
        """End the run with everything that it has: the script first, which else would see its JVM end and tidy up."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._python.pid, signal.SIGKILL)
        self._python.wait()
        with self._parting:
            if self._has_jvm:
                self._jvm.kill()

    def last_error(self, code: int) -> str:
        """Return the exception that ended the script, as Glue shows it, or that something killed it."""
        return error_message(self._run.log.read_text(encoding="utf-8", errors="replace"), code=code)

    def _started(self, host: SparkHost) -> subprocess.Popen[bytes]:
        run = self._run
        with run.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(PROCESS_GUARD), *script_command(run, host, self._jvm.connection)],
                cwd=run.folder,
                env=script_environment(run, host),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _ended(self, seconds: float) -> int | None:
        """Wait for the script; where its JVM ends before it, the run has ended as the JVM has."""
        deadline = time.monotonic() + seconds
        while (code := self._python.poll()) is None:
            if (jvm_code := self._jvm.exit_code()) is not None:
                self._await_last_words()
                return jvm_code
            if time.monotonic() > deadline:
                return None
            time.sleep(_LOOK_SECONDS)
        return code

    def _await_last_words(self) -> None:
        try:
            self._python.wait(_LAST_WORDS_SECONDS if self._jvm.connection.exists() else 0)
        except subprocess.TimeoutExpired:
            self.kill()


def jvm_command(run: ScriptRun, host: SparkHost) -> JvmCommand:
    """Return what starts the JVM of a run: all that it must have in common with another run to serve both."""
    settings = {
        # In which Java 17 writes the names of objects into requests, whatever the locale.
        "spark.driver.extraJavaOptions": f"-Dfile.encoding=UTF-8 {host.java_options}",
        **dict(_settings(run.arguments)),
        **run.settings,
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": host.memory,
    }
    confs = [word for name, value in settings.items() for word in (_SPARK_SETTING, f"{name}={value}")]
    arguments = (str(host.spark_submit), "--master", f"local[{host.cores}]", *confs, "pyspark-shell")
    return JvmCommand(arguments, tuple(sorted(_variables(run, host).items())))


def script_command(run: ScriptRun, host: SparkHost, connection: Path) -> list[str]:
    """Return the command line of a script, with `--name value` for every argument."""
    arguments = [word for name, value in run.arguments.items() for word in (name, value)]
    runner = [str(_SCRIPT_RUNNER), str(connection), str(run.done_with_spark)]
    return [str(host.spark_submit.with_name("python")), *runner, str(run.script), *arguments]


def script_environment(run: ScriptRun, host: SparkHost) -> dict[str, str]:
    """Return the variables of a script: none of the caller's, so that nothing on this machine changes what it does."""
    return {
        **_variables(run, host),
        "HOME": str(run.folder),
        "PYTHONHASHSEED": "0",  # as spark-submit has it
        "PYTHONPATH": os.pathsep.join(map(str, run.libraries)),
        "PYTHONUNBUFFERED": "1",
    }


def error_message(log: str, *, code: int) -> str:
    """Find the line that a Python traceback ends with; the log's last line when there is no traceback.

    What was killed has no last words, only a signal: its log ends with a line about something else.
    """
    _, found, after = log.rpartition(_TRACEBACK)
    signalled = -code if code < 0 else code - _EXIT_BY_SIGNAL
    if not found and signalled > 0:
        return f"Command failed with exit code {_EXIT_BY_SIGNAL + signalled}"
    lines = after.splitlines()[1:] if found else log.splitlines()[-1:]
    said = next((line for line in lines if line.strip() and not line[0].isspace()), "the script said nothing")
    exception, colon, text = said.partition(": ")
    name = exception.rpartition(".")[2] if exception.replace(".", "").isidentifier() else exception
    return f"{name}{colon}{text}"[:_SHOWN_CHARACTERS]


def _variables(run: ScriptRun, host: SparkHost) -> dict[str, str]:
    binaries = host.spark_submit.parent
    return {
        "PATH": f"{binaries}:{os.environ.get('PATH', os.defpath)}",
        "LANG": "C.UTF-8",
        "JAVA_HOME": str(host.java_home),
        "PYSPARK_PYTHON": str(binaries / "python"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        **run.environment,
    }


def _settings(arguments: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Take Glue's one `--conf` apart, which holds several as ``a=b --conf c=d``."""
    for word in shlex.split(arguments.get(_SPARK_SETTING, "")):
        name, equals, value = word.partition("=")
        if equals:
            yield name, value
