"""Runs the commands that make sample data, and reads and counts what they wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sample_days import Counts, Defects

SCRIPTS = Path(__file__).parents[2] / "data" / "sample_raw"
DAY = date(2025, 1, 1)
PARTITION = Path("raw/source_system=app/ingestion_date=2025-01-01")
EVENT_TYPES = {"login", "view_item", "add_to_cart", "purchase"}
COLUMNS = ["event_id", "event_type", "user_id", "event_ts", "item_id", "quantity", "price", "currency"]
COLUMNS += ["session_id", "device", "properties"]


def run(script: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(path)]


def defects(**values: Any) -> Defects:
    clean: dict[str, Any] = {"null_user_percent": Decimal(0), "duplicate_percent": Decimal(0)}
    return Defects(**(clean | values))


def count_defects(paths: list[Path]) -> dict[str, int]:
    found = dict.fromkeys((field.name for field in fields(Counts) if field.name != "rows"), 0)
    ids: list[str] = []
    for line in (line for path in paths for line in lines(path)):
        event = parsed(line)
        if event is None:
            found["malformed_rows"] += 1
        elif not fits(event):
            found["bad_type_rows"] += 1
        else:
            ids += [event["event_id"]] if event["event_id"] is not None else []
            found["null_event_id_rows"] += event["event_id"] is None
            found["misdated_rows"] += not event["event_ts"].startswith("2025-01-01T")
            found["null_user_rows"] += event["user_id"] is None
            found["null_event_type_rows"] += event["event_type"] is None
            found["unknown_type_rows"] += event["event_type"] not in EVENT_TYPES | {None}
            found["unknown_field_rows"] += 'coupon "x"' in event
    return found | {"duplicate_rows": len(ids) - len(set(ids))}


def parsed(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def fits(event: dict[str, Any]) -> bool:
    return (
        type(event["quantity"]) in (int, type(None))
        and type(event["price"]) in (float, type(None))
        and isinstance(event["properties"], dict)
        and event["event_ts"][:2] == "20"
    )


def refused(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
