"""One run of a Glue script in real Spark: the command, its environment, its end and what it said last.

Knows processes and files; must not know the emulator.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROCESS_GUARD: Final = Path(__file__).with_name("process_guard.py")
_TRACEBACK: Final = "Traceback (most recent call last):"
# What Glue passes on to Spark; everything reaches the script as well.
_SPARK_SETTING: Final = "--conf"
# What a shell adds to the number of the signal that ended a program.
_EXIT_BY_SIGNAL: Final = 128
_SHOWN_CHARACTERS: Final = 2000


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


class SparkProcess:
    """A started run. It ends with this process, however this process ends."""

    def __init__(self, run: ScriptRun, host: SparkHost) -> None:
        self._log = run.log
        with run.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(_PROCESS_GUARD), *command(run, host)],
                cwd=run.folder,
                env=environment(run, host),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self, *, seconds: float) -> int | None:
        """Return the exit code, or None when the run takes longer."""
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End the run with everything that it started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()

    def last_error(self, code: int) -> str:
        """Return the exception that ended the script, as Glue shows it, or that something killed it."""
        return error_message(self._log.read_text(encoding="utf-8", errors="replace"), code=code)


def command(run: ScriptRun, host: SparkHost) -> list[str]:
    """Return the command line: Spark's own part, then the script with `--name value` for every argument."""
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
    libraries = ["--py-files", ",".join(map(str, run.libraries))] if run.libraries else []
    arguments = [word for name, value in run.arguments.items() for word in (name, value)]
    return [str(host.spark_submit), "--master", f"local[{host.cores}]", *confs, *libraries, str(run.script), *arguments]


def environment(run: ScriptRun, host: SparkHost) -> dict[str, str]:
    """Return the variables of a run: none of the caller's, so that nothing on this machine changes what it does."""
    binaries = host.spark_submit.parent
    return {
        "PATH": f"{binaries}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(run.folder),
        "LANG": "C.UTF-8",
        "JAVA_HOME": str(host.java_home),
        "PYSPARK_PYTHON": str(binaries / "python"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONUNBUFFERED": "1",
        **run.environment,
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


def _settings(arguments: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Take Glue's one `--conf` apart, which holds several as ``a=b --conf c=d``."""
    for word in shlex.split(arguments.get(_SPARK_SETTING, "")):
        name, equals, value = word.partition("=")
        if equals:
            yield name, value
