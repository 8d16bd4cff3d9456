"""Rejected lines go back in, corrected or under a mended contract, through the real job."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("typer", reason="the commands have their packages beside Spark 4.1 only")

from cli.dataset import Dataset, Place, open_dataset
from cli.errors import CommandFailed, WrongUse
from cli.output import Output
from cli.replay import bring_back, export, require_other_contract
from core.history import History
from core.layout import parse_ingestion_date
from core.replays import read_replays
from tests.spark.lab import DAY, EVENTS, Lab, Outcome, event

DATE = parse_ingestion_date(DAY)
BAD = [
    b'{"event_id": "b1", "event_type": "login", "event_ts": "yesterday"}',
    b'{"event_id": "b2", "event_type": "login"',
    b"\xff\xfe no text",
    b'{"event_id": "b2", "event_type": "login"',
]
GOOD = [json.dumps(event(number)).encode() for number in range(1, 21)]


def dataset(lab: Lab) -> Dataset:
    return open_dataset(Place(data_uri=f"file://{lab.root}", contract=str(lab.contract)))


def corrected(number: int) -> bytes:
    return json.dumps(event(number, user_id="mended")).encode()


def replayed(lab: Lab, file: Path, lines: Sequence[bytes] | None = None, **options: Any) -> Outcome:
    """Bring lines back as the command does, and run the date."""
    if lines is not None:
        file.write_bytes(b"".join(line + b"\n" for line in lines))
    bring_back(dataset(lab), DATE, **({"run_id": None, "again": False} | options), file=str(file), output=Output(True))  # noqa: FBT003  as JSON
    return lab.run()


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A data root with a day that failed its gate for malformed lines; a test finds it as it was then."""
    lab = Lab(tmp_path_factory.mktemp("replay") / "data", EVENTS)
    lab.put(b"\n".join([*GOOD, *BAD]) + b"\n")
    assert lab.run().failed_checks == {"malformed_lines"}
    shutil.copytree(lab.root, _kept(lab))
    return lab


@pytest.fixture
def lab(failed: Lab) -> Lab:
    shutil.rmtree(failed.root)
    shutil.copytree(_kept(failed), failed.root)
    return Lab(failed.root, EVENTS)


@pytest.fixture
def exported(lab: Lab, tmp_path: Path) -> Path:
    """The rejected lines of that day."""
    file = tmp_path / "rejected.ndjson"
    export(dataset(lab), DATE, run_id=None, file=str(file), again=False, output=Output(as_json=True))
    return file


def _kept(lab: Lab) -> Path:
    return lab.root.with_name("as_it_was")


class TestCorrectedLines:
    def test_publish_the_day_that_failed_for_them(self, lab: Lab, exported: Path) -> None:
        assert sorted(exported.read_bytes().splitlines()) == sorted(BAD)
        reasons = exported.with_name(f"{exported.name}.reasons.txt").read_text().splitlines()
        assert [line.partition(":")[0] for line in reasons] == ["1", "2", "3", "4"]
        before = lab.files("raw")
        run = replayed(lab, exported, [corrected(number) for number in (31, 32, 33, 34)])
        assert run.status == "published"
        [key] = run.metrics["raw"]["replayed"]
        assert key.startswith(f"raw/source_system=app/ingestion_date={DAY}/replayed-")
        assert {name: content for name, content in lab.files("raw").items() if name != key} == before
        counts = ("rows_read", "rows_written", "rows_quarantined", "rows_replaced", "duplicates_removed")
        assert [run.metrics[name] for name in counts] == [28, 24, 4, 4, 0]
        assert run.check_values["malformed_lines"] == 0
        assert run.metrics["rejected_lines"] == []
        assert sum(row["user_id"] == "mended" for row in run.rows()) == 4
        assert len(run.quarantine()) == 4
        assert lab.record()["current"]["raw"]["replayed"] == [key]
        # Nor do they count in what is usual for the dates behind it.
        opened = dataset(lab)
        history = History(opened.store, opened.paths, opened.publications)
        [profile], _ = history.profiles(DATE.replace(day=2), days=5, of_columns=False)
        assert (profile.rows_read, profile.rows_quarantined, profile.rows_parsed) == (24, 0, 24)

    def test_that_are_unchanged_stay_rejected_and_blank_ones_are_dropped(self, lab: Lab, exported: Path) -> None:
        given = exported.read_bytes().splitlines()
        run = replayed(lab, exported, [corrected(31), b"", *given[2:]])
        assert (run.status, run.metrics["rows_replaced"], run.metrics["rows_quarantined"]) == ("gate_failed", 2, 4)
        assert run.check_values["malformed_lines"] == 100 * 2 / 23

    def test_stand_for_one_of_equal_lines_each(self, lab: Lab, exported: Path) -> None:
        twin = BAD[1]
        given = exported.read_bytes().splitlines()
        first = given.index(twin)
        corrections = [corrected(31) if number == first else line for number, line in enumerate(given)]
        run = replayed(lab, exported, corrections)
        assert (run.metrics["rows_replaced"], run.metrics["rows_quarantined"]) == (1, 4)
        left = exported.with_suffix(".left")
        export(dataset(lab), DATE, run_id=None, file=str(left), again=False, output=Output(as_json=True))
        assert left.read_bytes().splitlines() == [line for number, line in enumerate(given) if number != first]
        run = replayed(lab, left, [corrected(number) for number in (32, 33, 34)])
        assert (run.status, run.metrics["rows_replaced"]) == ("published", 4)

    def test_that_were_corrected_in_part_are_exported_and_given_back_in_part_or_all_again(
        self, lab: Lab, exported: Path
    ) -> None:
        given = exported.read_bytes().splitlines()
        exported.write_bytes(b"".join(line + b"\n" for line in [corrected(31), *given[1:]]))
        opened = dataset(lab)
        run_id = opened.runs.of_day(DATE)[-1]["run_id"]
        bring_back(opened, DATE, run_id=run_id, file=str(exported), again=False, output=Output(as_json=True))
        left, all_ = exported.with_suffix(".left"), exported.with_suffix(".all")
        export(opened, DATE, run_id=run_id, file=str(left), again=False, output=Output(as_json=True))
        assert left.read_bytes().splitlines() == given[1:]
        with pytest.raises(
            WrongUse,
            match=rf"has 3 lines, the quarantine 4; .* pipeline replay {DAY} --export NEW_FILE --run {run_id} --again",
        ):
            bring_back(opened, DATE, run_id=run_id, file=str(left), again=True, output=Output(as_json=True))
        export(opened, DATE, run_id=run_id, file=str(all_), again=True, output=Output(as_json=True))
        assert all_.read_bytes().splitlines() == given
        run = replayed(lab, all_, LINES, run_id=run_id, again=True)
        assert (run.status, run.metrics["rows_replaced"]) == ("published", 4)
        later = exported.with_suffix(".later")  # the latest run with a quarantine is the replay's own by now
        export(opened, DATE, run_id=None, file=str(later), again=True, output=Output(as_json=True))
        assert later.read_bytes().splitlines() == given

    def test_that_are_still_wrong_are_rejected_and_corrected_again(self, lab: Lab, exported: Path) -> None:
        wrong = json.dumps(event(31, event_ts="tomorrow")).encode()
        run = replayed(lab, exported, [wrong, *(corrected(number) for number in (32, 33, 34))])
        assert (run.status, run.metrics["rows_quarantined"], run.metrics["rows_replaced"]) == ("gate_failed", 5, 4)
        file = exported.with_suffix(".again")
        export(dataset(lab), DATE, run_id=None, file=str(file), again=False, output=Output(as_json=True))
        assert file.read_bytes() == wrong + b"\n"
        run = replayed(lab, file, [corrected(31)])
        assert (run.status, run.metrics["rows_quarantined"], run.metrics["rows_replaced"]) == ("published", 5, 5)
        assert len(run.metrics["raw"]["replayed"]) == 2


LINES = [corrected(number) for number in (31, 32, 33, 34)]


class TestTwice:
    def test_is_refused_naming_who_did_it_and_when_or_done_knowingly(self, lab: Lab, exported: Path) -> None:
        assert replayed(lab, exported, LINES).status == "published"
        [replay] = read_replays(dataset(lab).store, dataset(lab).paths, DATE).replays
        before = lab.files()
        for options in ({"run_id": replay.run_id}, {}):
            with pytest.raises(CommandFailed) as refused:
                replayed(lab, exported, LINES, **options)
            assert str(refused.value).startswith(f"{DAY}: ")
        with pytest.raises(CommandFailed, match=f"{replay.replayed_by} replayed 4 lines of run {replay.run_id} at 20"):
            replayed(lab, exported, LINES, run_id=replay.run_id)
        assert lab.files() == before
        others = [corrected(number) for number in (41, 42, 43, 44)]
        run = replayed(lab, exported, others, run_id=replay.run_id, again=True)
        assert (run.status, run.metrics["rows_written"]) == ("published", 24)
        assert {row["event_id"] for row in run.rows()} >= {"e41", "e44"}
        assert not {row["event_id"] for row in run.rows()} & {"e31", "e34"}
        assert len([name for name in lab.files("raw") if "replayed-" in name]) == 1

    def test_after_an_interruption_goes_on(self, lab: Lab, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        exported.write_bytes(b"".join(line + b"\n" for line in LINES))
        opened, raw = dataset(lab), lab.files("raw")

        def fail(key: str, data: bytes, write: Any = opened.store.write) -> None:
            if "replayed-" in key:
                raise OSError("gone")
            write(key, data)

        monkeypatch.setattr(opened.store, "write", fail)
        with pytest.raises(OSError, match="gone"):
            bring_back(opened, DATE, run_id=None, file=str(exported), again=False, output=Output(as_json=True))
        assert lab.files("raw") == raw
        assert lab.run().failed_checks == {"malformed_lines"}  # a note without its object means nothing
        [first] = read_replays(opened.store, opened.paths, DATE).replays
        assert replayed(lab, exported, run_id=first.run_id).status == "published"


class TestMendedContract:
    def test_lets_a_plain_run_read_the_lines_again(self, lab: Lab, exported: Path) -> None:
        with pytest.raises(CommandFailed, match="under the same contract, and so would another; correct them: "):
            require_other_contract(dataset(lab), DATE, run_id=None, output=Output(as_json=True))
        contract = yaml.safe_load(EVENTS.read_text(encoding="utf-8"))
        said = [item for item in contract["customProperties"] if item["property"] != "maxMalformedPercent"]
        contract["customProperties"] = [*said, {"property": "maxMalformedPercent", "value": 50}]
        lab.contract = exported.with_name(f"{exported.stem}.odcs.json")
        lab.contract.write_text(json.dumps(contract, default=str), encoding="utf-8")
        require_other_contract(dataset(lab), DATE, run_id=None, output=Output(as_json=True))
        run = lab.run()
        assert (run.status, run.metrics["raw"]["replayed"]) == ("published", [])
