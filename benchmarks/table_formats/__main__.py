"""`python -m benchmarks.table_formats`: every question, against an embedded AWS of its own, every answer kept."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.environments import installed
from benchmarks.recording import Measurement, recorded

_ROOT: Final = Path(__file__).resolve().parents[2]
_REQUIREMENTS: Final = Path(__file__).parent / "requirements.txt"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and append each measurement to the results file as it comes."""
    options = _parser().parse_args(arguments)
    environment = options.data / "environment"
    installed(_REQUIREMENTS, folder=environment)
    cloud = {"PIPELINE_LOCAL_STATE": str(options.data / "cloud")}
    _local("up", cloud)
    try:
        variables = json.loads(_local("env", cloud))
        recorded(_measurements(environment / "bin" / "python", options.questions, variables), options.results)
    finally:
        _local("down", cloud)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table_formats", description="Measure table formats.")
    parser.add_argument("--data", type=Path, default=_ROOT / ".data" / "bench" / "table-formats")
    parser.add_argument("--questions", nargs="+", metavar="QUESTION", help="default: all of measure.py")
    parser.add_argument("--results", type=Path, default=_ROOT / "benchmarks" / "results" / "table-formats.jsonl")
    return parser


def _measurements(python: Path, questions: Sequence[str] | None, variables: Mapping[str, str]) -> Iterator[Measurement]:
    command = [str(python), "-m", "benchmarks.table_formats.measure", *(questions or ())]
    with subprocess.Popen(
        command, cwd=_ROOT, env=os.environ | dict(variables), stdout=subprocess.PIPE, text=True
    ) as run:
        for line in run.stdout or ():
            yield {**json.loads(line), "load": round(os.getloadavg()[0], 1)}
    if run.returncode != 0:
        raise SystemExit(f"not everything was measured: {command} ended with {run.returncode}")


def _local(action: str, variables: Mapping[str, str]) -> str:
    command = [sys.executable, "-m", "cli", "local", action, "--json"]
    environment = os.environ | dict(variables)
    return subprocess.run(command, cwd=_ROOT, env=environment, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
