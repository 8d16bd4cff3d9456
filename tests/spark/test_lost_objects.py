"""Objects of which no line is a row are told of: as lines they may be too few for any limit."""

import bz2
import gzip
import json
from pathlib import Path

import pytest
import yaml

from tests.spark.lab import Lab, event

WORDS = "no line of {} is a row: {}"


def lines(first: int, count: int) -> str:
    return "".join(f"{json.dumps(event(number))}\n" for number in range(first, first + count))


def array(first: int, count: int) -> str:
    return json.dumps([event(number) for number in range(first, first + count)])


def test_an_object_that_is_one_array_is_told_of_though_it_is_one_line(lab: Lab) -> None:
    lab.put(lines(0, 200), "good.json")
    lab.put(array(200, 200), "b/ü +%20.json")
    lab.put(b"\xef\xbb\xbf" + array(400, 5).encode() + b"\r\n\r\n", "mark.json")
    run = lab.run()
    assert (run.status, run.metrics["rows_quarantined"]) == ("published", 2)
    assert run.metrics["warnings"] == [WORDS.format("2 objects", "b/ü +%20.json (1 line), mark.json (1 line)")]


def test_a_compressed_one_is_told_of_whether_its_name_says_so_or_not(lab: Lab) -> None:
    lab.put(lines(0, 1000), "good.json")
    lab.put(gzip.compress(array(2000, 300).encode()), "array.json.gz")
    lab.put(bz2.compress(array(3000, 1).encode()), "array.json.bz2")
    lab.put(gzip.compress(lines(4000, 500).encode()), "zipped.json")
    run = lab.run()
    assert run.status == "published"
    [warning] = run.metrics["warnings"]
    names = [part.partition(" (")[0].rpartition(" ")[2] for part in warning.split("), ")]
    assert sorted(names) == ["array.json.bz2", "array.json.gz", "zipped.json"]


def test_objects_with_a_row_are_not_told_of(lab: Lab) -> None:
    lab.put(lines(0, 300), "good.json")
    lab.put("x" * 100_000 + "\n" + lines(300, 1), "mixed.json")
    lab.put(gzip.compress((lines(301, 99) + "oops\n").encode()), "mixed.json.gz")
    run = lab.run()
    assert (run.metrics["rows_quarantined"], run.metrics["warnings"]) == (2, [])


def test_objects_that_are_less_of_the_day_than_lines_may_fail_are_not_told_of(lab: Lab) -> None:
    """As where each event is an object of its own, and one of them is malformed now and then."""
    lab.put(lines(0, 400), "good.json")
    lab.put("oops\n", "bad.json")
    run = lab.run()
    assert (run.metrics["rows_quarantined"], run.metrics["warnings"]) == (1, [])


def test_many_are_counted_and_some_are_named(lab: Lab) -> None:
    lab.put(lines(0, 2500), "good.json")
    for number in range(25):
        lab.put(array(10_000 + 10 * number, 10), f"bad-{number:02d}.json")
    named = ", ".join(f"bad-{number:02d}.json (1 line)" for number in range(3))
    assert lab.run().metrics["warnings"] == [WORDS.format("25 objects", f"{named} and 22 more")]


def test_a_day_of_documents_is_one_of_objects_which_its_limit_counts(lab: Lab, tmp_path: Path) -> None:
    contract = yaml.safe_load(lab.contract.read_text())
    [limit] = [item for item in contract["customProperties"] if item["property"] == "maxMalformedPercent"]
    limit["value"] = 60
    contract["customProperties"].append({"property": "objectFormat", "value": "document"})
    lab.contract = tmp_path / "contract.odcs.yaml"
    lab.contract.write_text(yaml.safe_dump(contract))
    lab.put(json.dumps(event(1)), "good.json")
    lab.put("[" * 5000, "bad.json")
    run = lab.run()
    assert (run.metrics["rows_quarantined"], run.metrics["warnings"]) == (1, [])


def test_that_they_cannot_be_looked_up_fails_no_run(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.lost_objects._lost_lines", lambda *_: 1 / 0)
    lab.put(lines(0, 200), "good.json")
    lab.put(array(200, 200), "bad.json")
    run = lab.run()
    assert (run.status, run.metrics["warnings"]) == ("published", [])
