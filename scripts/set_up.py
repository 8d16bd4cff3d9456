"""Install what a make target needs, once: a virtual environment or the Node packages.

Owns the decision whether an installation is still the one that its inputs describe; a second call answers from a stamp
file in milliseconds and without the network. Must run on the standard library alone, as nothing is installed before it.
"""

import fcntl
import hashlib
import importlib.util
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STAMP: Final = ".set_up"
INSTALLING: Final = "installing"
_REDRAWN_SECONDS: Final = 1.0
_TOLD_SECONDS: Final = 20.0
_LINES_KEPT: Final = 30


class SetUpError(Exception):
    """What could not be installed, and what to do next."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What an installation was made of: its interpreter, its place (both are written into its scripts), its inputs."""

    interpreter: str
    place: str
    inputs: str

    @classmethod
    def read(cls, directory: Path) -> "Stamp | None":
        """Return the stamp of an installation, or None when nothing, or somebody else, made the directory."""
        try:
            interpreter, place, inputs = (directory / STAMP).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        return cls(interpreter=interpreter, place=place, inputs=inputs)

    def write(self, directory: Path) -> None:
        (directory / STAMP).write_text(f"{self.interpreter}\n{self.place}\n{self.inputs}\n", encoding="utf-8")

    def made_alike(self, other: "Stamp") -> bool:
        return (self.interpreter, self.place) == (other.interpreter, other.place)


def set_up_environment(directory: Path, requirements: Path) -> None:
    """Bring a virtual environment to the pinned requirements; start it anew when it cannot be trusted."""

    def install(found: Stamp | None, wanted: Stamp) -> None:
        print(f"installing the Python packages of {requirements} into {directory} (once, some minutes) ...", flush=True)
        # One that a person made is completed, one of ours that was interrupted or moved is not.
        ours_and_broken = found is not None and (found.inputs == INSTALLING or not found.made_alike(wanted))
        if ours_and_broken or not _python(directory).exists():
            _create_environment(directory)
        Stamp(interpreter=wanted.interpreter, place=wanted.place, inputs=INSTALLING).write(directory)
        pip = [str(_python(directory)), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        _run(
            [*pip, "--progress-bar=off", "--requirement", str(requirements)],
            next_step="see pip's message above, then repeat the command",
            progress=Progress(_package_count(requirements)),
        )

    _ensure(directory, inputs=requirements, proof=_python(directory), install=install)


def set_up_node_packages(root: Path) -> None:
    """Bring node_modules to the lockfile, with the `npm` that PATH gives."""

    def install(_found: Stamp | None, _wanted: Stamp) -> None:
        print("installing the CDK command line and JSONata into node_modules (once, some seconds) ...", flush=True)
        npm = ["npm", "ci", "--prefix", str(root), "--no-audit", "--no-fund", "--loglevel=error"]
        _run(npm, next_step="see npm's message above, then repeat the command", progress=Progress())

    modules = root / "node_modules"
    _ensure(modules, inputs=root / "package-lock.json", proof=modules / ".bin" / "cdk", install=install)


def _python(directory: Path) -> Path:
    return directory / "bin" / "python"


def _ensure(directory: Path, *, inputs: Path, proof: Path, install: Callable[[Stamp | None, Stamp], None]) -> None:
    wanted = Stamp(
        interpreter=str(Path(sys.executable).resolve()),  # of an environment, the one that it was made with
        place=str(directory.resolve()),
        inputs=hashlib.sha256(inputs.read_bytes()).hexdigest(),
    )
    if Stamp.read(directory) == wanted and proof.exists():
        return
    with _alone(inputs):
        found = Stamp.read(directory)
        if found == wanted and proof.exists():
            return
        install(found, wanted)
        wanted.write(directory)


@contextmanager
def _alone(inputs: Path) -> Iterator[None]:
    """Let one process install at a time; the lock ends with the process, however it ends."""
    with inputs.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another process that installs {inputs} ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _create_environment(directory: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        raise SetUpError(
            f"{sys.executable} cannot make virtual environments: ensurepip is missing; "
            "next, on Debian and Ubuntu: sudo apt-get install -y python3-venv"
        )
    _run([sys.executable, "-m", "venv", "--clear", str(directory)], next_step=f"remove {directory} and repeat")


def _package_count(requirements: Path) -> int:
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return sum(bool(line.strip()) and not line.lstrip().startswith(("#", "-")) for line in lines)


class Progress:
    """How far an installation is, on one line that is redrawn, or now and then on a new one without a terminal."""

    def __init__(self, packages: int = 0) -> None:
        self._packages, self._seen, self._is_installing = packages, 0, False
        self._start = self._told = time.monotonic()
        self._is_terminal = sys.stdout.isatty()

    def hear(self, line: str) -> None:
        """Take a line that pip has said."""
        self._seen += line.startswith("Collecting ")
        self._is_installing |= line.startswith("Installing collected packages")

    def tell(self) -> None:
        """Say how far it is, if that was not said just now."""
        now = time.monotonic()
        if now - self._told < (_REDRAWN_SECONDS if self._is_terminal else _TOLD_SECONDS):
            return
        self._told = now
        if not self._packages:
            step = "at work"
        elif self._is_installing:
            step = f"{self._packages} packages are there, unpacking them"
        else:
            step = f"{min(self._seen, self._packages)} of {self._packages} packages fetched"
        line = f"  {step}, {now - self._start:.0f} s"
        print(f"\r{line:<60}" if self._is_terminal else line, end="" if self._is_terminal else "\n", flush=True)

    def end(self) -> None:
        """Clear the line that was redrawn."""
        if self._is_terminal:
            print(f"\r{'':<60}\r", end="", flush=True)


def _run(command: list[str], *, next_step: str, progress: Progress | None = None) -> None:
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            said = _follow(process, progress or Progress())
    except OSError as error:
        raise SetUpError(f"{' '.join(command)} failed: {error}; next: {next_step}") from error
    if process.returncode != 0:
        print("".join(said), end="", file=sys.stderr)
        raise SetUpError(f"{' '.join(command)} failed with exit code {process.returncode}; next: {next_step}")


def _follow(process: "subprocess.Popen[str]", progress: Progress) -> deque[str]:
    """Read what an installer says, tell how far it is meanwhile, and return its last lines."""
    said: deque[str] = deque(maxlen=_LINES_KEPT)

    def read() -> None:
        for line in process.stdout or ():
            said.append(line)
            progress.hear(line)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        while reader.is_alive():
            reader.join(timeout=_REDRAWN_SECONDS)
            progress.tell()
    except BaseException:
        process.terminate()
        raise
    finally:
        progress.end()
    return said


def main(arguments: list[str]) -> int:
    """`venv DIRECTORY REQUIREMENTS` or `node`; 1 with one line on stderr when it cannot be done."""
    try:
        _set_up(arguments)
    except SetUpError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _set_up(arguments: list[str]) -> None:
    match arguments:
        case ["venv", directory, requirements]:
            set_up_environment(Path(directory), Path(requirements))
        case ["node"]:
            set_up_node_packages(Path())
        case _:
            raise SetUpError(
                f"{arguments} names no set-up; next: set_up.py venv DIRECTORY REQUIREMENTS, or: set_up.py node"
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
