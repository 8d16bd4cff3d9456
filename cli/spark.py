"""The curation job as a process of its own: started with the Spark of this environment, its log kept, its outcome read.

Knows spark-submit and the job's last line; must not know what an outcome means or how it is shown.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any, TypeAlias

from cli import ROOT
from cli.errors import CommandFailed
from core.documents import json_object

Outcome: TypeAlias = dict[str, Any]

SECONDS_TO_STOP = 10
_STOPPING = (signal.SIGINT, signal.SIGTERM)
_OUT_OF_MEMORY = 52  # by which Spark's driver ends then
_LONGEST_HINT = 300


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One run of the job. ``java_options`` reach the driver's JVM; ``log`` gets all that Spark and the job say."""

    ingestion_date: date
    data_uri: str
    contract: str
    log: Path
    force: bool = False
    job_options: tuple[str, ...] = ()
    java_options: str = ""

    def command(self, spark_home: Path) -> list[str]:
        """Return the command line; Spark listens on loopback only and without its web page."""
        java = ["--driver-java-options", self.java_options] if self.java_options else []
        quiet = ["--conf", "spark.ui.enabled=false", "--conf", "spark.ui.showConsoleProgress=false"]
        local = ["--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.driver.bindAddress=127.0.0.1"]
        job = [f"--ingestion_date={self.ingestion_date}", f"--data_uri={self.data_uri}", f"--contract={self.contract}"]
        flags = [f"--force={str(self.force).lower()}", *self.job_options]
        script = ROOT / "glue_src" / "curate_job.py"
        return [str(spark_home / "bin" / "spark-submit"), *java, *quiet, *local, str(script), *job, *flags]


class NoOutcome(CommandFailed):
    """The job ended, or was ended, before it could say what became of the date; the message names the log."""

    def __init__(self, job: Submission, exit_code: int) -> None:
        why = " (Spark ran out of memory)" if exit_code == _OUT_OF_MEMORY else ""
        words = _last_words(job.log)
        self.reason = f"the job ended with exit code {exit_code}{why} and no outcome: {words}"
        self.log = job.log
        super().__init__(f"{job.ingestion_date}: {self.reason}; log {job.log}")


def submit(job: Submission, *, environment: Mapping[str, str], on_step: Callable[[str], None]) -> Outcome:
    """Run the job to its end and return its outcome, whatever its status; ``on_step`` hears what it is doing.

    Raises:
        NoOutcome: when the job ended without one.
    """
    home = spark_home()
    variables = _variables(environment, home)
    job.log.parent.mkdir(parents=True, exist_ok=True)
    outcome: Outcome | None = None
    with job.log.open("w", encoding="utf-8") as log, _process(job.command(home), variables, log) as process:
        for line in process.stdout or ():
            log.write(line)
            log.flush()
            said = json_object(line) or {}
            outcome = said if "status" in said else None
            if "level" in said:
                on_step(str(said["message"]))
        exit_code = process.wait()
    if exit_code < 0:  # ended by a signal, which Python tells otherwise than shells and Spark do
        exit_code = 128 - exit_code
    if outcome is None:
        raise NoOutcome(job, exit_code)
    return outcome


@contextmanager
def _process(command: Sequence[str], variables: Mapping[str, str], log: IO[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a process in a group of its own and leave none of the group behind."""
    held, release = _held_signals()
    try:
        process = subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except BaseException:
        release()
        raise
    with process:
        try:
            release()
            for number in held:
                signal.raise_signal(number)
            yield process
        finally:
            if process.poll() is None:
                _stop(process)


def _held_signals() -> tuple[list[int], Callable[[], None]]:
    """Hold back the signals that stop this command; return those that come, and what lets them through again.

    A process would stay behind if one came after its start and before anybody knew of it.
    """
    held: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # which Python's signals never reach
        return held, lambda: None
    before = {number: signal.signal(number, lambda number, _: held.append(number)) for number in _STOPPING}

    def release() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return held, release


def _stop(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def spark_home() -> Path:
    """Return the Spark of this environment.

    Raises:
        CommandFailed: when there is none.
    """
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise CommandFailed(f"PySpark is not installed for {sys.executable}; `make run` sets everything up")
    return Path(found.origin).parent


def _variables(environment: Mapping[str, str], spark_home: Path) -> dict[str, str]:
    python = {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    own = {"SPARK_HOME": str(spark_home), "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONUNBUFFERED": "1", **python}
    java = {} if environment.get("JAVA_HOME") else {"JAVA_HOME": java_home()}
    return {**environment, **java, **own}


def java_home() -> str:
    """Return a Java that Spark can run on.

    Raises:
        CommandFailed: when there is none; what was tried is on stderr.
    """
    command = [sys.executable, str(ROOT / "scripts" / "java_home.py")]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if found.returncode != 0:
        raise CommandFailed("no Java that Spark can run on; see the lines above for what was tried and what to install")
    return found.stdout.strip()


def end_on_sigterm() -> None:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that no Spark stays behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:_LONGEST_HINT] if lines else "its log is empty"
