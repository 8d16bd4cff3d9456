"""`python -m benchmarks.anomalies`: simulated years before this project's baseline and before other judges."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.anomalies.formulas import FORMULAS
from benchmarks.anomalies.summary import tables
from benchmarks.peers.environments import made, variables
from benchmarks.recording import Measurement, recorded

_ROOT = Path(__file__).resolve().parents[2]
_REQUIREMENTS = Path(__file__).parent / "requirements"
_CHECKS = ("rows", "nulls", "malformed", "duplicates", "shares", "mixes", "rates")
# The first hundred seeds are for choosing limits; what is published comes from seeds that nothing was chosen by.
_FIRST_SEED = 1_000
_TOLERANCES = ("3.5", "4", "5", "6")


class Other(NamedTuple):
    """The environment that a judge needs, what it is asked, and for what part of the years: some take their time."""

    environment: str | None
    checks: Sequence[str] = ("rows", "nulls")
    part: float = 1.0


_OTHERS = {
    **dict.fromkeys(FORMULAS, Other(None)),
    "river_gaussian": Other("river"),
    "river_holt_winters": Other("river"),
    "statsmodels_stl": Other("statsmodels", ("rows",)),
    "statsmodels_holt_winters": Other("statsmodels", ("rows",), part=0.25),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, keep every year's figures, and print the tables."""
    options = _parser().parse_args(arguments)
    print(tables(recorded(_measurements(options), options.results)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.anomalies", description="Judge simulated years.")
    parser.add_argument("--years", type=int, default=40, help="years of the baseline's row counts (default 40)")
    parser.add_argument("--other-years", type=int, default=20, help="years of everything else (default 20)")
    parser.add_argument("--first-seed", type=int, default=_FIRST_SEED, help=f"default {_FIRST_SEED}")
    parser.add_argument("--others", nargs="*", choices=_OTHERS, default=list(_OTHERS), metavar="JUDGE")
    parser.add_argument("--data", type=Path, default=_ROOT / ".data" / "bench", help="where environments lie")
    results = _ROOT / "benchmarks" / "results" / "anomalies.jsonl"
    parser.add_argument("--results", type=Path, default=results, help="default: benchmarks/results/anomalies.jsonl")
    return parser


def _measurements(options: argparse.Namespace) -> Iterator[Measurement]:
    seeds = range(options.first_seed, options.first_seed + options.years)
    fewer = seeds[: options.other_years]
    yield from _measured("baseline", _CHECKS[:1], seeds, Path(sys.executable))
    yield from _measured("baseline", _CHECKS[1:], fewer, Path(sys.executable))
    for tolerance in _TOLERANCES:
        yield from _measured(f"baseline@{tolerance}", ("rows", "nulls"), fewer, Path(sys.executable))
    for judge in options.others:
        other = _OTHERS[judge]
        python = Path(sys.executable) if other.environment is None else _python(other.environment, options.data)
        yield from _measured(judge, other.checks, fewer[: round(len(fewer) * other.part)], python)


def _python(environment: str, data: Path) -> Path:
    return made(environment, below=data / "anomalies", requirements=_REQUIREMENTS) / "bin" / "python"


def _measured(judge: str, checks: Sequence[str], seeds: Sequence[int], python: Path) -> Iterator[Measurement]:
    command = [str(python), "-m", "benchmarks.anomalies.measure", judge, ",".join(checks), *map(str, seeds)]
    environment = variables(python.parent.parent)
    with subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True) as measuring:
        for line in measuring.stdout or ():
            yield json.loads(line)
    if measuring.returncode != 0:
        raise SystemExit(f"{judge} was not measured; what it said stands above")


if __name__ == "__main__":
    main()
