"""What the job makes of a note that corrected lines stand for rejected ones; test_replay has the command."""

import json

from adapters.stores import open_store
from core.layout import DatasetPaths, parse_ingestion_date
from core.replays import Replay, line_digest, read_replays, write_replays
from tests.spark.lab import DAY, Lab, event

DATE = parse_ingestion_date(DAY)
PATHS = DatasetPaths("events", "app")


def note(lab: Lab, replaced: list[bytes], *, name: str) -> None:
    store = open_store(f"file://{lab.root}")
    digests = tuple(line_digest(line) for line in replaced)
    replay = Replay("R", f"{PATHS.raw_prefix(DATE)}{name}", 1, digests, "ann", "2025-01-02T00:00:00+00:00")
    write_replays(store, PATHS, DATE, [replay], over=read_replays(store, PATHS, DATE))


def test_replaced_lines_are_no_longer_judged_as_long_as_their_object_is_there(lab: Lab) -> None:
    bad = [b"{", b'{"event_id": "b", "event_ts": 7.5}', "ünlesbar".encode("latin-1"), b"{"]
    lines = [json.dumps(event(number)).encode() for number in range(20)]
    lab.put(b"\n".join([*lines, *bad]) + b"\n")
    note(lab, bad, name="replayed-1.json")
    without = lab.run()
    assert (without.status, without.metrics["rows_replaced"], without.metrics["raw"]["replayed"]) == (
        "gate_failed",
        0,
        [],
    )
    lab.put([event(31)], "replayed-1.json")
    run = lab.run()
    assert (run.status, run.metrics["rows_quarantined"], run.metrics["rows_replaced"]) == ("published", 4, 4)
    assert run.metrics["rows_read"] == run.metrics["rows_written"] + run.metrics["rows_quarantined"]
    assert run.check_values["malformed_lines"] == 0
    assert run.metrics["rejected_lines"] == []


def test_lines_that_nothing_replaces_are_judged_without_the_others(lab: Lab) -> None:
    lab.put(b"\n".join([json.dumps(event(1)).encode(), b"{", b"{", b"}"]) + b"\n")
    lab.put([event(31)], "replayed-1.json")
    note(lab, [b"{"], name="replayed-1.json")
    run = lab.run()
    assert (run.status, run.metrics["rows_quarantined"], run.metrics["rows_replaced"]) == ("gate_failed", 3, 1)
    assert run.check_values["malformed_lines"] == 50
    assert sum(reason["lines"] for reason in run.metrics["rejected_lines"]) == 2
