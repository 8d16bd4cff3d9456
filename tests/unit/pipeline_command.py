"""The `pipeline` command over a data root, called in this process."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from tests.unit.programs import Result


class Pipeline:
    """Calls `pipeline` in this process, with the data root and no other variable of its own in the environment."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str], environment: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("PIPELINE_")]:
            environment.delenv(name)
        environment.setenv("PIPELINE_DATA_URI", str(root))
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Result:
        exit_code = main(arguments)
        captured = self._capsys.readouterr()
        return Result(exit_code, captured.out, captured.err)

    def json(self, *arguments: str) -> Any:
        result = self(*arguments, "--json")
        assert (result.exit_code, result.err) == (0, "")
        return json.loads(result.out)


def lines_with(text: str, *words: str) -> list[str]:
    return [line for line in text.splitlines() if all(word in line for word in words)]
