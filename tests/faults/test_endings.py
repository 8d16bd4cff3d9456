"""However a run ends, its own cause is what is told, and what it left is what its record says."""

import json
import logging
import shutil
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from adapters.directory import DirectoryStore
from contract import contract_json
from core.errors import CatalogNotUpdated, GateFailed, PipelineError, Superseded
from core.ports import WriteConflict
from core.publishing import Publications
from curation.version import WriteRequest, WrittenVersion
from tests.faults.plain_runs import (
    CONTRACT,
    DAY,
    PATHS,
    FakeCatalog,
    lay_raw,
    leave_behind,
    plain_run,
    run_id,
    served_lines,
)


class Failing(DirectoryStore):
    """A store in which writes or deletions below some prefixes fail."""

    def __init__(self, root: Path, *, write: str = "-", delete: str = "-") -> None:
        super().__init__(str(root))
        self._no_write, self._no_delete = write, delete

    def write(self, key: str, data: bytes) -> None:
        if key.startswith(self._no_write):
            raise PipelineError(f"cannot write {key}")
        super().write(key, data)

    def delete(self, keys: Iterable[str]) -> None:
        listed = list(keys)
        if any(key.startswith(self._no_delete) for key in listed):
            raise PipelineError(f"cannot delete {listed}")
        super().delete(listed)

    def delete_prefix(self, prefix: str) -> None:
        if prefix.startswith(self._no_delete) and "quarantined" not in prefix:
            raise PipelineError(f"cannot delete {prefix}")
        super().delete_prefix(prefix)


def _metrics(root: Path, number: int) -> dict[str, object]:
    found: dict[str, object] = json.loads((root / PATHS.metrics_key(DAY, run_id(number))).read_bytes())
    return found


def test_a_refused_day_stays_a_refused_day_when_its_version_cannot_be_deleted(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "")
    with pytest.raises(GateFailed):
        plain_run(Failing(tmp_path, delete="curated/"), tmp_path, run_id(1)).execute()
    assert _metrics(tmp_path, 1)["status"] == "gate_failed"
    lay_raw(tmp_path, "events.json", "good")
    following = plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(2))
    following.execute()
    assert following.report.cleaned_up == [run_id(1)]
    assert served_lines(tmp_path) == ["good"]


def test_a_run_that_cannot_write_its_metrics_still_tells_why_it_failed(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "")
    run = plain_run(Failing(tmp_path, write="metrics/"), tmp_path, run_id(1))
    with pytest.raises(GateFailed, match="row count is 0, must be greater than 0"):
        run.execute()
    assert run.report.status == "gate_failed"


def test_nothing_is_published_whose_metrics_cannot_be_written(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    with pytest.raises(PipelineError, match="cannot write metrics/"):
        plain_run(Failing(tmp_path, write="metrics/"), tmp_path, run_id(1)).execute()
    assert served_lines(tmp_path) is None
    assert DirectoryStore(str(tmp_path)).folders(PATHS.versions_prefix(DAY)) == []


@pytest.mark.parametrize("left", ["leases/", "curated/"])
def test_a_published_day_is_no_failure_because_something_old_cannot_be_deleted(
    tmp_path: Path, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    lay_raw(tmp_path, "events.json", "good")
    plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(1)).execute()
    for number in range(2, 5):  # the default keeps two replaced versions
        plain_run(Failing(tmp_path, delete=left), tmp_path, run_id(number), force=True).execute()
        assert _metrics(tmp_path, number)["status"] == "published"
    assert any(record.levelno == logging.WARNING and "could not be" in record.getMessage() for record in caplog.records)


def test_a_run_that_fails_after_the_swap_says_that_it_is_published(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    told = f"^{DAY}: run {run_id(1)} is published, but the catalog's partition does not stay on the published version"
    with pytest.raises(PipelineError, match=told):
        plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(1), catalog=StubbornCatalog()).execute()
    metrics = _metrics(tmp_path, 1)
    assert (metrics["status"], metrics["published_run_id"]) == ("error", run_id(1))
    assert served_lines(tmp_path) == ["good"]


def test_a_run_stopped_by_the_keyboard_leaves_a_report_and_no_files(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    run = plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(1))

    def stopped(_: WriteRequest) -> WrittenVersion:
        raise KeyboardInterrupt

    run.write_version = stopped
    with pytest.raises(KeyboardInterrupt):
        run.execute()
    assert _metrics(tmp_path, 1)["status"] == "error"
    assert "stopped from outside" in str(_metrics(tmp_path, 1)["message"])
    assert run.store.objects(PATHS.leases_prefix(DAY)) == []


def test_a_run_whose_engine_died_leaves_no_half_written_quarantine(tmp_path: Path) -> None:
    """Without its version nothing leads a sweep to it; finished files stay, as they may tell why."""
    lay_raw(tmp_path, "events.json", "good")
    run = plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(1))
    quarantine = PATHS.quarantine_prefix(DAY, run_id(1))

    def dies(_: WriteRequest) -> WrittenVersion:
        run.store.write(f"{quarantine}part-0.parquet", b"finished")
        run.store.write(f"{PATHS.unfinished_quarantine_prefix(DAY, run_id(1))}0/part-1.parquet", b"half")
        raise RuntimeError("the JVM is gone")

    run.write_version = dies
    with pytest.raises(PipelineError):
        run.execute()
    assert [item.key for item in run.store.objects(quarantine)] == [f"{quarantine}part-0.parquet"]


def test_an_unchanged_run_brings_the_catalog_to_the_record(tmp_path: Path) -> None:
    """A run that was killed behind its swap leaves it behind."""
    store, catalog = DirectoryStore(str(tmp_path)), FakeCatalog()
    lay_raw(tmp_path, "events.json", "good")
    first = plain_run(store, tmp_path, run_id(1), catalog=catalog)
    first.execute()
    catalog.partitions.clear()
    second = plain_run(store, tmp_path, run_id(2), catalog=catalog)
    second.execute()
    assert second.report.status == "unchanged"
    assert catalog.partitions == {DAY: first.report.location}


def test_an_unchanged_run_cleans_up_after_one_that_was_killed_when_it_had_published(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    lay_raw(tmp_path, "events.json", "good")
    plain_run(store, tmp_path, run_id(1)).execute()
    leave_behind(store, number=2, process="1 0")
    following = plain_run(store, tmp_path, run_id(3))
    following.execute()
    assert (following.report.status, following.report.cleaned_up) == ("unchanged", [run_id(2)])
    assert store.objects(PATHS.leases_prefix(DAY)) == []


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        pytest.param("part-1.parquet", None, "published", id="one is deleted"),
        pytest.param("part-1.parquet", b"e", "published", id="one is cut"),
        pytest.param("part-2.parquet", b"", "published", id="an empty one lies beside them"),
        pytest.param("notes.txt", b"mine", "unchanged", id="something else lies beside them"),
    ],
)
def test_published_files_that_somebody_changed_are_written_anew(
    tmp_path: Path, name: str, content: bytes | None, status: str
) -> None:
    store = DirectoryStore(str(tmp_path))
    lay_raw(tmp_path, "events.json", "good")
    plain_run(store, tmp_path, run_id(1)).execute()
    key = f"{PATHS.version_prefix(DAY, run_id(1))}outcome=accepted/{name}"
    store.delete([key]) if content is None else store.write(key, content)
    second = plain_run(store, tmp_path, run_id(2))
    second.execute()
    assert second.report.status == status
    assert served_lines(tmp_path) == ["good"]


def test_only_files_of_rows_are_published(tmp_path: Path) -> None:
    """Not the malformed lines, of which the quarantine has a copy; and what is no Parquet is not counted."""
    store = DirectoryStore(str(tmp_path))
    lay_raw(tmp_path, "events.json", "good")
    run = plain_run(store, tmp_path, run_id(1))
    write, folder = run.write_version, PATHS.version_prefix(DAY, run_id(1))

    def write_more(request: WriteRequest) -> WrittenVersion:
        store.write(f"{folder}outcome=accepted/notes.txt", b"mine")
        store.write(f"{folder}{request.quarantined_folder}part-0.parquet", b"malformed")
        return write(request)

    run.write_version = write_more
    run.execute()
    assert (run.report.files, served_lines(tmp_path)) == (2, ["good"])
    assert store.folders(folder) == [f"{folder}outcome=accepted/"]


def test_a_version_tells_the_job_that_wrote_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a run of today's job would not help a date that an older one wrote."""
    for module in ("core.publication", "curation.run"):
        monkeypatch.setattr(f"{module}.JOB_VERSION", 7)
    lay_raw(tmp_path, "events.json", "good")
    run = plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(1))
    run.execute()
    record = run.publications.records.read(DAY).record
    assert record is not None
    assert record.current.job_version == 7


def test_the_contract_that_a_version_was_written_under_is_kept_once(tmp_path: Path) -> None:
    store, key = DirectoryStore(str(tmp_path)), PATHS.contract_key(CONTRACT.checksum)
    lay_raw(tmp_path, "events.json", "good")
    plain_run(store, tmp_path, run_id(1)).execute()
    kept = store.read(key)
    assert kept is not None
    assert kept.data == contract_json(CONTRACT).encode()
    store.write(key, b"with other documentation")
    plain_run(store, tmp_path, run_id(2), force=True).execute()
    assert (tmp_path / key).read_bytes() == b"with other documentation"


@pytest.mark.parametrize("what", ["changed", "vanished"])
def test_nothing_is_published_of_raw_data_that_did_not_stay(tmp_path: Path, what: str) -> None:
    lay_raw(tmp_path, "a.json", "good")
    lay_raw(tmp_path, "b.json", "good")
    run = plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(1))
    write, raw = run.write_version, tmp_path / PATHS.raw_prefix(DAY) / "b.json"

    def write_then(request: WriteRequest) -> WrittenVersion:
        written = write(request)
        raw.unlink() if what == "vanished" else raw.write_text("good and more\n")
        return written

    run.write_version = write_then
    with pytest.raises(PipelineError, match=rf"raw object .*/b\.json {what} while it was read; run the date again"):
        run.execute()
    assert served_lines(tmp_path) is None


def test_what_was_rolled_back_is_not_published_because_files_of_the_version_in_its_place_are_gone(
    tmp_path: Path,
) -> None:
    store = DirectoryStore(str(tmp_path))
    lay_raw(tmp_path, "events.json", "good")
    plain_run(store, tmp_path, run_id(1)).execute()
    lay_raw(tmp_path, "late.json", "bad")
    run = plain_run(store, tmp_path, run_id(2))
    run.execute()
    run.publications.rollback(DAY, None, now=datetime.now(UTC))
    store.delete([f"{PATHS.version_prefix(DAY, run_id(1))}outcome=accepted/part-1.parquet"])
    with pytest.raises(PipelineError, match=f"^{DAY}: version {run_id(1)} should have .* this input was rolled back"):
        plain_run(store, tmp_path, run_id(3)).execute()
    record = run.publications.records.read(DAY).record
    assert record is not None
    assert record.current.run_id == run_id(1)
    plain_run(store, tmp_path, run_id(4), force=True).execute()
    assert served_lines(tmp_path) == ["good", "bad"]


def test_a_run_of_what_was_rolled_back_says_which_command_publishes_it(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    for number, content in ((1, "good"), (2, "bad")):
        lay_raw(tmp_path, f"{number}.json", content)
        plain_run(store, tmp_path, run_id(number)).execute()
    run = plain_run(store, tmp_path, run_id(3))
    run.publications.rollback(DAY, None, now=datetime.now(UTC))
    run.execute()
    assert run.report.status == "unchanged"
    told = f"this input was rolled back; to publish it after all: pipeline run {DAY} --force"
    assert run.report.message == f"{DAY}: nothing to do, {told}"


def test_the_days_of_a_data_root_that_moved_are_published_where_they_are_now(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    lay_raw(before, "events.json", "good")
    plain_run(DirectoryStore(str(before)), before, run_id(1)).execute()
    before.rename(after)
    run = plain_run(DirectoryStore(str(after)), after, run_id(2))
    run.execute()
    assert run.report.status == "published"
    assert served_lines(after) == ["good"]
    with pytest.raises(PipelineError, match="which is not below this data root; if it was copied here, run repair"):
        run.publications.rollback(DAY, None, now=datetime.now(UTC))


def test_one_repair_brings_records_and_catalog_to_a_data_root_that_moved(tmp_path: Path) -> None:
    before, after, catalog = tmp_path / "before", tmp_path / "after", FakeCatalog()
    lay_raw(before, "events.json", "good")
    plain_run(DirectoryStore(str(before)), before, run_id(1), catalog=catalog).execute()
    before.rename(after)
    publications = Publications(DirectoryStore(str(after)), PATHS, catalog)
    assert publications.repair().days == [DAY]
    assert served_lines(after) == ["good"]
    folder = PATHS.version_prefix(DAY, run_id(1))
    assert catalog.partitions == {DAY: f"{after.as_uri()}/{folder}outcome=accepted/"}


def test_a_record_whose_files_were_not_copied_leaves_the_catalog_as_it_is(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    lay_raw(before, "events.json", "good")
    plain_run(DirectoryStore(str(before)), before, run_id(1)).execute()
    before.rename(after)
    shutil.rmtree(after / PATHS.version_prefix(DAY, run_id(1)))
    catalog = FakeCatalog({DAY: "s3://as/it/was/"})
    repaired = Publications(DirectoryStore(str(after)), PATHS, catalog).repair()
    assert (repaired.days, list(repaired.problems)) == ([], [DAY])
    assert catalog.partitions == {DAY: "s3://as/it/was/"}


class LosesAnswers(DirectoryStore):
    """A store that does what it is asked and then reports a conflict, as a repeated request would see it."""

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        super().replace(key, data, expected=expected)
        raise WriteConflict(key)


def test_a_swap_whose_answer_got_lost_is_a_publication(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    run = plain_run(LosesAnswers(str(tmp_path)), tmp_path, run_id(1))
    run.execute()
    assert run.report.status == "published"
    assert served_lines(tmp_path) == ["good"]


class Declines(DirectoryStore):
    """A store that declines conditional writes a number of times without anybody having written."""

    def __init__(self, root: Path, *, times: int) -> None:
        super().__init__(str(root))
        self._times = times

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        if key.startswith("publications/"):
            self._times -= 1
            if self._times >= 0:
                raise WriteConflict(key)
        return super().replace(key, data, expected=expected)


def test_a_swap_that_is_declined_while_nobody_else_publishes_is_tried_again(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    run = plain_run(Declines(tmp_path, times=2), tmp_path, run_id(1))
    run.execute()
    assert run.report.status == "published"


def test_a_swap_that_is_always_declined_ends_the_run_and_is_not_called_superseded(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    with pytest.raises(PipelineError, match="declined 5 times") as caught:
        plain_run(Declines(tmp_path, times=99), tmp_path, run_id(1)).execute()
    assert not isinstance(caught.value, Superseded)
    assert served_lines(tmp_path) is None


class StubbornCatalog(FakeCatalog):
    """A catalog whose partition somebody else keeps pointing elsewhere."""

    def location(self, ingestion_date: date) -> str | None:
        return f"s3://elsewhere/{ingestion_date}"


@pytest.mark.parametrize(
    ("arguments", "versions"),
    [
        pytest.param({"keep_versions": 0, "keep_hours": 24}, 4, id="kept for at least a day"),
        pytest.param({"keep_versions": 0, "keep_hours": 0}, 1, id="none is kept"),
        pytest.param({"keep_versions": 2, "keep_hours": 0}, 3, id="the newest two"),
    ],
)
def test_replaced_versions_are_kept_for_as_long_as_the_job_is_told(
    tmp_path: Path, arguments: dict[str, Any], versions: int
) -> None:
    lay_raw(tmp_path, "events.json", "good")
    store = DirectoryStore(str(tmp_path))
    for number in range(1, 5):
        plain_run(store, tmp_path, run_id(number), force=True, **arguments).execute()
    assert len(store.folders(PATHS.versions_prefix(DAY))) == versions


def test_readers_are_shown_what_was_rolled_back_to(tmp_path: Path) -> None:
    store, catalog = DirectoryStore(str(tmp_path)), FakeCatalog()
    for number in (1, 2):
        lay_raw(tmp_path, "events.json", *["good"] * number)
        plain_run(store, tmp_path, run_id(number), catalog=catalog, keep_hours=24).execute()
    record = Publications(store, PATHS, catalog).rollback(DAY, None, now=datetime.now(UTC))
    assert record.current.run_id == run_id(1)
    assert catalog.partitions == {DAY: record.current.location}


@pytest.mark.parametrize(("fails", "left"), [(False, (2,)), (True, (1, 2))])
def test_a_version_loses_no_file_while_the_catalog_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fails: bool, left: tuple[int, ...]
) -> None:
    store, catalog, missing = DirectoryStore(str(tmp_path)), FakeCatalog(), []
    runs = [plain_run(store, tmp_path, run_id(n), catalog=catalog, keep_versions=0, keep_hours=0) for n in (1, 2)]
    lay_raw(tmp_path, "events.json", "good")
    runs[0].execute()
    point = catalog.point

    def point_late(day: date, location: str) -> None:
        missing.append([item.key for item in store.objects(PATHS.version_prefix(DAY, run_id(1)))] == [])
        if fails:
            raise OSError(28, "no space left on device")
        point(day, location)

    monkeypatch.setattr(catalog, "point", point_late)
    lay_raw(tmp_path, "events.json", "good", "good")
    with pytest.raises(CatalogNotUpdated) if fails else nullcontext():
        runs[1].execute()
    assert missing == [False] * len(missing) != []
    assert store.folders(PATHS.versions_prefix(DAY)) == [PATHS.version_prefix(DAY, run_id(n)) for n in left]


def test_the_next_run_moves_the_catalog_before_it_deletes_what_that_still_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, catalog = DirectoryStore(str(tmp_path)), FakeCatalog()
    lay_raw(tmp_path, "events.json", "good")
    plain_run(store, tmp_path, run_id(1), catalog=catalog, keep_versions=0, keep_hours=0).execute()

    def fails(*_: object) -> NoReturn:
        raise OSError("no answer")

    lay_raw(tmp_path, "events.json", "good", "good")
    second = plain_run(store, tmp_path, run_id(2), catalog=catalog, keep_versions=0, keep_hours=0)
    with monkeypatch.context() as patched:
        patched.setattr(catalog, "point", fails)
        with pytest.raises(CatalogNotUpdated):
            second.execute()
    assert run_id(1) in catalog.partitions[DAY]
    lay_raw(tmp_path, "events.json", "good", "good", "good")
    third, named = plain_run(store, tmp_path, run_id(3), catalog=catalog), []
    write = third.write_version

    def look_and_write(request: WriteRequest) -> WrittenVersion:
        named.append([run_id(number) in catalog.partitions[DAY] for number in (1, 2)])
        return write(request)

    third.write_version = look_and_write
    third.execute()
    assert named == [[False, True]]


@pytest.mark.parametrize("error", [OSError(28, "no space left on device"), KeyError("Location")])
def test_whatever_breaks_in_the_catalog_behind_the_swap_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    store, catalog = DirectoryStore(str(tmp_path)), FakeCatalog()

    def fails(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(catalog, "point", fails)
    lay_raw(tmp_path, "events.json", "good")
    with pytest.raises(CatalogNotUpdated, match=f"run {run_id(1)} is published, but .*the publication record holds"):
        plain_run(store, tmp_path, run_id(1), catalog=catalog).execute()
    assert store.objects(PATHS.leases_prefix(DAY)) == []


class OlderCatalog(FakeCatalog):
    """A catalog whose partition has other columns than the table, and as it gets these a run publishes."""

    publish: Callable[[], object] | None = None

    def days_with_other_columns(self) -> list[date]:
        return [DAY]

    def point(self, ingestion_date: date, location: str) -> None:
        publish, self.publish = self.publish, None
        if publish is not None:
            publish()
        super().point(ingestion_date, location)


def test_a_partition_that_gets_other_columns_while_a_run_publishes_shows_what_that_published(tmp_path: Path) -> None:
    store, catalog = DirectoryStore(str(tmp_path)), OlderCatalog()
    lay_raw(tmp_path, "events.json", "good")
    plain_run(store, tmp_path, run_id(1), catalog=catalog).execute()
    second = plain_run(store, tmp_path, run_id(2), catalog=catalog, force=True)
    catalog.publish = second.execute
    assert Publications(store, PATHS, catalog).repair().days == [DAY]
    assert catalog.partitions == {DAY: second.report.location}
