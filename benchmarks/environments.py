"""An environment of its own for what the benchmarks compare with; it must not know what is installed or measured."""

import subprocess
import sys
from pathlib import Path


def installed(requirements: Path, *, folder: Path) -> None:
    """Make the environment unless it is there with just these requirements."""
    wanted, done = requirements.read_text(encoding="utf-8"), folder / "installed.txt"
    if done.is_file() and done.read_text(encoding="utf-8") == wanted:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "--requirement", str(requirements)], check=True)
    done.write_text(wanted, encoding="utf-8")
