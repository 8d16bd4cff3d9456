"""The embedded AWS of `make run`: started, and the pipeline deployed into it by the real CDK.

A story begins with an empty cloud; one that somebody else has filled is never emptied.
"""

import fcntl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console

from cli import ROOT
from cli.errors import CommandFailed
from cli.local import LocalCloud
from cli.output import shown_progress

ADDRESS: Final = "you@example.com"
_MARK: Final = ".story"
_LINES_SHOWN: Final = 15
_DEPLOY: Final = ("deploy", "--all", "--require-approval=never", "--method=direct", f"--context=alert_emails={ADDRESS}")


class StoryCloud:
    """The cloud in one folder, with what a story does to it."""

    def __init__(self, state: Path, environment: Mapping[str, str]) -> None:
        self.state = state
        self._environment = environment
        self._cloud = LocalCloud(state)
        self._log = state / "cdk.txt"

    def start_anew(self) -> None:
        """Start with nothing in it.

        Raises:
            CommandFailed: when it holds what no story made.
        """
        if self.state.is_dir() and any(self.state.iterdir()) and not (self.state / _MARK).exists():
            raise CommandFailed(
                f"the embedded AWS in {self.state} contains data that `make run` did not create; "
                "`pipeline local reset` deletes it, or set PIPELINE_LOCAL_STATE=DIRECTORY to use another one"
            )
        self._cloud.reset()
        self.state.mkdir(parents=True)
        (self.state / _MARK).touch()
        self._cloud.up(self._environment)

    def start_as_it_is(self) -> None:
        """Start with what is in it; from now on no story empties it."""
        (self.state / _MARK).unlink(missing_ok=True)
        self._cloud.up(self._environment)

    def variables(self) -> Mapping[str, str]:
        """Return the variables with which any client talks to it."""
        values, _ = self._cloud.variables(self._environment)
        found: Mapping[str, str] = values
        return found

    def deploy(self, console: Console) -> None:
        """Let the CDK bootstrap the account and deploy all stacks."""
        account, region = (self.variables()[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_REGION"))
        with shown_progress(console, "cdk") as show_step:
            show_step("bootstrap")
            # From a folder without an app, which would be synthesized only to be ignored.
            self._cdk("bootstrap", f"aws://{account}/{region}", folder=self.state)
            show_step("deploy")
            self._cdk(*_DEPLOY, f"--output={self.state / 'cdk.out'}", folder=ROOT)

    def _cdk(self, *arguments: str, folder: Path) -> None:
        command = [str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments]
        variables = {**self._environment, **self.variables()}
        with self._log.open("ab") as log:
            done = subprocess.run(
                command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
            )
        if done.returncode != 0:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES_SHOWN:]
            raise CommandFailed("\n".join([f"cdk {arguments[0]} failed; see its log {self._log}:", *lines]))


@contextmanager
def one_at_a_time(state: Path) -> Iterator[None]:
    """Hold a cloud for one `make run`.

    Raises:
        CommandFailed: when another one holds it.
    """
    state.parent.mkdir(parents=True, exist_ok=True)
    with state.with_name(f".{state.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandFailed(f"another `make run` is using {state}; wait for it to finish") from None
        yield
