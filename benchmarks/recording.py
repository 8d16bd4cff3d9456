"""Keeps every measurement the moment it is made."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Measurement = dict[str, Any]


def recorded(measurements: Iterable[Measurement], results: Path) -> list[Measurement]:
    """Write each measurement to the results file, in place of what it held, and to the terminal as it comes."""
    results.parent.mkdir(parents=True, exist_ok=True)
    measured: list[Measurement] = []
    with results.open("w", encoding="utf-8") as file:
        for measurement in measurements:
            measured.append(measurement)
            line = json.dumps(measurement)
            file.write(f"{line}\n")
            file.flush()
            print(line, flush=True)
    return measured
