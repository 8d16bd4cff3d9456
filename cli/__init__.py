"""The `pipeline` command and the story that `make run` tells.

An edge: it reads arguments, clock and environment and talks to a person; what a run or a publication is, `core` knows.
"""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


def release() -> str:
    """Return the version of this release."""
    import tomllib  # noqa: PLC0415  what every command loads first is small, so that Ctrl-C is heard at once

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])
