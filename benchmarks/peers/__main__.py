"""`python -m benchmarks.peers`: the six checks by every engine, interleaved, every process's numbers kept."""

import argparse
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.__main__ import prepared_day
from benchmarks.peers.engines import ENGINES
from benchmarks.peers.environments import made, variables
from benchmarks.peers.summary import table
from benchmarks.recording import Measurement, recorded

_ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, append each measurement to the results file as it comes, and print the summary."""
    options = _parser().parse_args(arguments)
    results = options.results or _ROOT / "benchmarks" / "results" / f"peers-{options.rows}-rows.jsonl"
    print(table(recorded(_measurements(options), results)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Measure check engines.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the day (default 1,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="times that each engine is measured (default 3)")
    parser.add_argument("--data", type=Path, default=_ROOT / ".data" / "bench", help="where day and environments lie")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="ENGINE")
    parser.add_argument("--results", type=Path, help="default: benchmarks/results/peers-<rows>-rows.jsonl")
    return parser


def _measurements(options: argparse.Namespace) -> Iterator[Measurement]:
    day = prepared_day(options.data, options.rows)
    environments = {name: made(ENGINES[name].environment, below=options.data / "peers") for name in options.engines}
    for number in range(options.rounds):
        # Each round starts with another engine, so that none always follows the same one.
        turn = number % len(options.engines)
        for engine in options.engines[turn:] + options.engines[:turn]:
            found = _measured(engine, day, environments[engine])
            yield {"round": number, "rows": options.rows, **found, "load": round(os.getloadavg()[0], 1)}


def _measured(engine: str, day: Path, environment: Path) -> Measurement:
    command = [str(environment / "bin" / "python"), "-m", "benchmarks.peers.measure", engine, str(day)]
    # What an engine prints is shown only when it fails; not its progress bars.
    done = subprocess.run(command, cwd=_ROOT, env=variables(environment), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{engine} was not measured:\n{done.stderr}")
    found: Measurement = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
