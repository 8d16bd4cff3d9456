"""A contract drafted from a day publishes that day: nothing is quarantined, no value is lost, no check fails."""

import json
from pathlib import Path

import pytest

from contract_init import draft_contract
from tests.spark.lab import ROOT, Lab, Row
from tests.unit import public_shapes

WEB_ACCESS = ROOT / "tests" / "data" / "web_access" / "events-2015-05-17.json.gz"
SHAPES = {
    "access_log": public_shapes.lines("access_log"),
    "dynamodb_item": public_shapes.lines("dynamodb_item"),
    "firehose_delivery": public_shapes.firehose_delivery(),
    "otlp_batch": public_shapes.lines("otlp_batch"),
}


def drafted(folder: Path, content: bytes) -> Lab:
    """Lay down a day and draft its contract from it."""
    name = "a.json.gz" if content.startswith(b"\x1f\x8b") else "a.json"
    day = folder / "raw" / "source_system=web" / "ingestion_date=2025-01-01"
    day.mkdir(parents=True)
    (day / name).write_bytes(content)
    contract = folder / "drafted.odcs.yaml"
    contract.write_text(draft_contract([folder], name="drafted").text, encoding="utf-8")
    return Lab(folder, contract)


def assert_published_whole(lab: Lab) -> None:
    outcome = lab.run()
    assert outcome.error is None
    metrics = outcome.metrics
    assert (metrics["rows_quarantined"], metrics["duplicates_removed"]) == (0, 0)
    assert outcome.failed_checks == set()
    said = lab.contract.read_text(encoding="utf-8")
    empty = [name for name, column in metrics["columns"].items() if column["nulls"] == metrics["rows_read"]]
    assert len(empty) == said.count("always null in the sample")


def test_a_day_of_real_requests_is_published(tmp_path: Path) -> None:
    assert_published_whole(drafted(tmp_path, WEB_ACCESS.read_bytes()))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_day_of_a_public_shape_is_published(tmp_path: Path, shape: str) -> None:
    assert_published_whole(drafted(tmp_path, SHAPES[shape]))


def test_a_day_with_a_few_odd_values_and_objects_is_published_without_them(tmp_path: Path) -> None:
    """Each bad record is one that the draft says is malformed, and no other is."""
    day = tmp_path / "raw" / "source_system=web" / "ingestion_date=2025-01-01"
    day.mkdir(parents=True)
    items: list[Row] = [
        {"pk": {"S": f"p{n}"}, "at": {"S": f"2025-01-01T00:{n // 60:02}:{n % 60:02}Z"}, "n": {"N": f"{n}"}}
        for n in range(398)
    ]
    items[7]["at"] = {"S": "soon"}
    items[9]["n"] = {"N": "many"}
    items[11]["n"] = "a text"
    items += [dict(items[1])]
    (day / "data.json").write_text("".join(json.dumps({"Item": item}) + "\n" for item in items), encoding="utf-8")
    (day / "manifest.json").write_text('{"itemCount": 398}\n', encoding="utf-8")
    (day / "manifest.md5").write_text("abc==", encoding="utf-8")
    draft = draft_contract([tmp_path], name="drafted")
    contract = tmp_path / "drafted.odcs.yaml"
    contract.write_text(draft.text, encoding="utf-8")
    outcome = Lab(tmp_path, contract).run()
    assert outcome.error is None
    metrics = outcome.metrics
    assert "3 records that a run would quarantine" in "\n".join(draft.summary)
    assert (metrics["rows_read"], metrics["rows_quarantined"], metrics["duplicates_removed"]) == (399, 3, 1)
    assert outcome.failed_checks == set()
