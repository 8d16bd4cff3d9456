"""`make bench`: the job against its alternatives, interleaved, every process's numbers kept.

`python -m benchmarks --rows 200000 --rounds 1` is a short look; benchmarks/README.md has the method.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.designs import DAY, DESIGNS, VARIANTS, raw_folder
from benchmarks.measure import HEAP
from benchmarks.recording import Measurement, recorded
from benchmarks.summary import table

_ROOT = Path(__file__).resolve().parent.parent
_CONTRACT = _ROOT / "contracts" / "events.odcs.yaml"
_SMALL_DAY_ROWS = 10_000
_OBJECTS = 8


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, append each measurement to the results file as it comes, and print the summary."""
    options = _parser().parse_args(arguments)
    for rows in options.rows:
        results = options.results or Path(__file__).parent / "results" / f"{rows}-rows.jsonl"
        print(table(recorded(_measurements(options, rows), results)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the job's design.")
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[5_000_000], help="rows of the day, or of several (default 5,000,000)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="times that each design is measured (default 3)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no round later than this, for each day")
    parser.add_argument("--data", type=Path, default=_ROOT / ".data" / "bench", help="where the day lies")
    parser.add_argument("--designs", nargs="+", choices=[*DESIGNS, *VARIANTS], default=list(DESIGNS), metavar="DESIGN")
    parser.add_argument("--heap", default=HEAP, help=f"of the measured JVM, as Spark writes it (default {HEAP})")
    parser.add_argument("--small-day", action=argparse.BooleanOptionalAction, default=True, help="measure it as well")
    parser.add_argument("--results", type=Path, help="default: benchmarks/results/<rows>-rows.jsonl")
    return parser


def _measurements(options: argparse.Namespace, rows: int) -> Iterator[Measurement]:
    day = prepared_day(options.data, rows)
    end = time.monotonic() + options.minutes * 60
    for number in range(options.rounds):
        if time.monotonic() > end:
            return
        # Each round starts with another design, so that none always follows the same one.
        turn = number % len(options.designs)
        for design in options.designs[turn:] + options.designs[:turn]:
            yield {"round": number, "rows": rows, **_measured(design, day, options.heap), **_load()}
    if options.small_day:
        yield from _small_day(options)


def _small_day(options: argparse.Namespace) -> Iterator[Measurement]:
    small = prepared_day(options.data, _SMALL_DAY_ROWS)
    for number in range(options.rounds):
        yield {"round": number, "rows": _SMALL_DAY_ROWS, **_whole_process(small, "small_day_cold", "--force=true")}
        yield {"round": number, "rows": _SMALL_DAY_ROWS, **_whole_process(small, "small_day_unchanged")}


def prepared_day(data: Path, rows: int) -> Path:
    """Make the day of so many rows, unless it is there."""
    root = data / f"{rows}-rows"
    if not raw_folder(root).is_dir():
        generator = str(_ROOT / "data" / "sample_raw" / "generate_events.py")
        objects = 1 if rows <= _SMALL_DAY_ROWS else _OBJECTS
        asked = [str(DAY), f"--rows={rows}", f"--objects={objects}", f"--out={root}"]
        subprocess.run([sys.executable, generator, *asked], check=True, stdout=subprocess.DEVNULL)
    return root


def _measured(design: str, day: Path, heap: str) -> Measurement:
    """Measure a design in a process of its own, and remove what it wrote."""
    command = [sys.executable, "-m", "benchmarks.measure", design, str(day), heap]
    done = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    written = [
        file.stat().st_size for folder in ("comparison", "curated") for file in (day / folder).rglob("*.parquet")
    ]
    for folder in ("comparison", "comparison-bad", "curated", "quarantine", "publications", "leases"):
        shutil.rmtree(day / folder, ignore_errors=True)
    found: Measurement = json.loads(done.stdout.splitlines()[-1])
    return {**found, "files": len(written), "written_mb": round(sum(written) / 1e6, 1)}


def _whole_process(day: Path, name: str, *more: str) -> Measurement:
    """Time the job as a person starts it, from the first moment to the last; ``spark`` tells whether it was needed."""
    command = [str(Path(sys.executable).parent / "spark-submit"), "--master=local[2]", "--conf=spark.ui.enabled=false"]
    command += [str(_ROOT / "glue_src" / "curate_job.py"), f"--ingestion_date={DAY}", f"--data_uri={day.as_uri()}"]
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"}
    start = time.monotonic()
    done = subprocess.run(
        [*command, f"--contract={_CONTRACT}", *more],
        env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    seconds = time.monotonic() - start
    outcome = json.loads(done.stdout.splitlines()[-1])
    inside = json.loads(Path(outcome["metrics_uri"].removeprefix("file://")).read_bytes())["seconds"]
    status = outcome["status"]
    return {"design": name, "seconds": round(seconds, 2), "status": status, "phases": inside, **_load()}


def _load() -> Measurement:
    """Note how busy the machine was in the last minute: only interleaved ratios say something on a shared one."""
    return {"load": round(os.getloadavg()[0], 1)}


if __name__ == "__main__":
    main()
