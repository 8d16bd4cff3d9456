"""The JVMs of job runs, kept for the next run that needs the same one: most of a short run is Spark's start.

Knows processes; must not know what runs in them. A run has its JVM to itself and gives it back only when it has left
nothing in it; a JVM whose run was killed ends with it.
"""

import contextlib
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PROCESS_GUARD: Final = Path(__file__).with_name("process_guard.py")
OPEN_STDIN: Final = "--open-stdin"
# By which Spark says on which port, and with which secret, Python reaches the JVM.
_CONNECTION_VARIABLE: Final = "_PYSPARK_DRIVER_CONN_INFO_PATH"
_SECONDS_KEPT: Final = 180.0
# A JVM grows by some 10 MB a run.
_MOST_RUNS: Final = 25
_CHUNK_BYTES: Final = 65536
_LOG_SECONDS: Final = 5.0
_MILLISECONDS: Final = 1000


@dataclass(frozen=True)
class JvmCommand:
    """A command line and its variables, sorted: runs for which both are equal can have one JVM after each other."""

    arguments: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]


class Jvm:
    """A JVM in which a Python drives Spark. What it says goes to the log of the run that has it."""

    def __init__(self, command: JvmCommand, folder: Path, *, log: Path) -> None:
        folder.mkdir(parents=True)
        self.command, self.connection, self.runs, self._folder = command, folder / "connection", 1, folder
        self._log, self._writing, self._is_silent = log, threading.Lock(), False
        own = {
            "HOME": str(folder),
            "SPARK_SUBMIT_OPTS": f'"-Djava.io.tmpdir={folder}"',
            _CONNECTION_VARIABLE: str(self.connection),
        }
        self._said, said = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, str(PROCESS_GUARD), OPEN_STDIN, *command.arguments],
            cwd=folder,
            env={**dict(command.variables), **own},
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        os.close(said)
        threading.Thread(target=self._write_down, daemon=True).start()

    def serve(self, *, log: Path) -> None:
        """Work for another run."""
        self.runs += 1
        self._log = log

    def exit_code(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._process.poll()

    def finish_log(self) -> None:
        """Wait until the log has all that it said so far; some seconds at most, as it may go on saying things."""
        deadline = time.monotonic() + _LOG_SECONDS
        while time.monotonic() < deadline:
            with self._writing:
                if self._is_silent or not self._has_said(within=0):
                    return
            time.sleep(0.01)

    def kill(self) -> None:
        """End it with everything that it started and kept on disk."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write_down(self) -> None:
        """Take over what it says to its end, also where it cannot be written: it would wait for that for ever."""
        while not self._is_silent:
            self._has_said(within=None)
            with self._writing:
                chunk = os.read(self._said, _CHUNK_BYTES)
                if chunk:
                    with contextlib.suppress(OSError), self._log.open("ab") as log:
                        log.write(chunk)
                else:
                    self._is_silent = True
                    os.close(self._said)

    def _has_said(self, *, within: float | None) -> bool:
        poll = select.poll()
        poll.register(self._said, select.POLLIN)
        return bool(poll.poll(None if within is None else within * _MILLISECONDS))


@dataclass(kw_only=True)
class Jvms:
    """As many JVMs as are taken, and others kept up to ``most`` in all.

    One ends when it has had ``most_runs`` runs, or when nobody has taken it again for ``seconds_kept``.
    """

    folder: Path
    most: int
    most_runs: int = _MOST_RUNS
    seconds_kept: float = _SECONDS_KEPT
    _idle: dict[Jvm, threading.Timer] = field(default_factory=dict, init=False)
    _taken: int = field(default=0, init=False)
    _changing: threading.Lock = field(default_factory=threading.Lock, init=False)

    def take(self, command: JvmCommand, *, log: Path) -> Jvm:
        """Return a JVM for one run: one that was kept, or a new one."""
        with self._changing:
            kept = next((jvm for jvm in self._idle if jvm.command == command and jvm.exit_code() is None), None)
            if kept:
                self._idle.pop(kept).cancel()
                kept.serve(log=log)
            while self._idle and self._taken + 1 + len(self._idle) > self.most:
                self._end(next(iter(self._idle)))
            jvm = kept or Jvm(command, self.folder / secrets.token_hex(8), log=log)
            self._taken += 1
            return jvm

    def give_back(self, jvm: Jvm, *, is_sound: bool) -> None:
        """Keep a JVM for the next run if it is as it was before this one; end it otherwise."""
        with self._changing:
            self._taken -= 1
            if not is_sound or jvm.exit_code() is not None or jvm.runs >= self.most_runs:
                jvm.kill()
                return
            timer = self._idle[jvm] = threading.Timer(self.seconds_kept, self._end_idle, args=[jvm])
            timer.daemon = True
            timer.start()

    def _end_idle(self, jvm: Jvm) -> None:
        with self._changing:
            if jvm in self._idle:
                self._end(jvm)

    def _end(self, jvm: Jvm) -> None:
        self._idle.pop(jvm).cancel()
        jvm.kill()
