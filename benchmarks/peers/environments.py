"""An environment of its own for each engine: their dependencies contradict each other and the project's."""

import os
from collections.abc import Mapping
from pathlib import Path

from benchmarks.environments import installed

_REQUIREMENTS = Path(__file__).parent / "requirements"
_SODA_SETTINGS = "send_anonymous_usage_stats: false\n"


def made(name: str, *, below: Path, requirements: Path = _REQUIREMENTS) -> Path:
    """Make the environment unless it is there with just these requirements; return its folder."""
    folder = below / name
    installed(requirements / f"{name}.txt", folder=folder)
    settings = folder / "home" / ".soda" / "config.yml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(_SODA_SETTINGS, encoding="utf-8")
    return folder


def variables(folder: Path) -> Mapping[str, str]:
    """Return the environment variables to run in: engines report their use to nobody and leave nothing in a home."""
    return os.environ | {
        "HOME": str(folder / "home"),
        "GX_ANALYTICS_ENABLED": "false",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
