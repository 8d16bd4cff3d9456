"""An environment of its own for each engine: their dependencies contradict each other and the project's."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_REQUIREMENTS = Path(__file__).parent / "requirements"
_SODA_SETTINGS = "send_anonymous_usage_stats: false\n"


def made(name: str, *, below: Path, requirements: Path = _REQUIREMENTS) -> Path:
    """Make the environment unless it is there with just these requirements; return its folder."""
    folder, wanted = below / name, (requirements / f"{name}.txt").read_text(encoding="utf-8")
    installed = folder / "installed.txt"
    if installed.is_file() and installed.read_text(encoding="utf-8") == wanted:
        return folder
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "--requirement", str(requirements / f"{name}.txt")], check=True)
    settings = folder / "home" / ".soda" / "config.yml"
    settings.parent.mkdir(parents=True)
    settings.write_text(_SODA_SETTINGS, encoding="utf-8")
    installed.write_text(wanted, encoding="utf-8")
    return folder


def variables(folder: Path) -> Mapping[str, str]:
    """Return the environment variables to run in: engines report their use to nobody and leave nothing in a home."""
    return os.environ | {
        "HOME": str(folder / "home"),
        "GX_ANALYTICS_ENABLED": "false",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
