"""The `pipeline` command over a data root, called in this process."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.__main__ import main
from tests.unit.programs import Result


class Pipeline:
    """Calls `pipeline` in this process, with the data root in its environment."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.environment = {"PIPELINE_DATA_URI": str(root)}
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Result:
        exit_code = main(arguments, self.environment)
        captured = self._capsys.readouterr()
        return Result(exit_code, captured.out, captured.err)

    def json(self, *arguments: str) -> Any:
        result = self(*arguments, "--json")
        assert (result.exit_code, result.err) == (0, "")
        return json.loads(result.out)


def lines_with(text: str, *words: str) -> list[str]:
    return [line for line in text.splitlines() if all(word in line for word in words)]
