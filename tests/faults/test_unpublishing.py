"""A date is taken from readers: no partition is left without a record, whoever reads or publishes at the same time."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import pytest

from adapters.directory import DirectoryStore
from core.errors import AccessDenied, PipelineError, Superseded
from core.ports import WriteConflict
from core.publishing import Publications
from tests.faults.plain_runs import DAY, PATHS, FakeCatalog, lay_raw, leave_behind, plain_run, run_id, served_lines


class RefusesToRemove(DirectoryStore):
    def remove(self, key: str, *, expected: str) -> None:  # noqa: ARG002  as the store has it
        raise PipelineError(f"cannot delete {key}")


def test_readers_no_longer_find_a_date_of_which_the_record_could_not_be_deleted(tmp_path: Path) -> None:
    """A record without a partition is repaired; a partition without a record would show files that go."""
    store, catalog = RefusesToRemove(str(tmp_path)), FakeCatalog()
    lay_raw(tmp_path, "events.json", "good")
    plain_run(store, tmp_path, run_id(1), catalog=catalog).execute()
    publications = Publications(store, PATHS, catalog)
    with pytest.raises(PipelineError, match="cannot delete"):
        publications.unpublish(DAY)
    assert catalog.partitions == {}
    assert publications.records.read(DAY).record is not None


class RemovesOddly(DirectoryStore):
    """A store that declines conditional deletions a number of times, or carries them out and its answer gets lost."""

    def __init__(self, root: Path, *, declines: int = 0, loses: bool = False) -> None:
        super().__init__(str(root))
        self._declines, self._loses = declines, loses

    def remove(self, key: str, *, expected: str) -> None:
        self._declines -= 1
        if self._declines < 0:
            super().remove(key, expected=expected)
        if self._declines >= 0 or self._loses:
            raise WriteConflict(key)


@pytest.mark.parametrize("odd", [{"declines": 2}, {"loses": True}], ids=str)
def test_a_date_goes_from_readers_however_the_deletion_is_answered(tmp_path: Path, odd: dict[str, Any]) -> None:
    lay_raw(tmp_path, "events.json", "good")
    plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(1)).execute()
    store, catalog = RemovesOddly(tmp_path, **odd), FakeCatalog()
    assert Publications(store, PATHS, catalog).unpublish(DAY) == [run_id(1)]
    assert served_lines(tmp_path) is None
    assert store.folders(PATHS.versions_prefix(DAY)) == []


def test_a_deletion_that_is_always_declined_is_not_called_superseded(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(1)).execute()
    with pytest.raises(PipelineError, match="declined 5 times to delete") as caught:
        Publications(RemovesOddly(tmp_path, declines=99), PATHS, None).unpublish(DAY)
    assert not isinstance(caught.value, Superseded)
    assert served_lines(tmp_path) == ["good"]


class Interleaved(FakeCatalog):
    """A catalog in which another command does something just before or after one of its changes, once."""

    def __init__(self, when: str, other: Callable[[FakeCatalog], object]) -> None:
        super().__init__()
        self.when, self._other = when, other

    def _interleave(self, moment: str) -> None:
        if moment == self.when:
            self.when = "over"
            self._other(self)

    def point(self, ingestion_date: date, location: str) -> None:
        self._interleave("before point")
        super().point(ingestion_date, location)

    def remove(self, ingestion_date: date) -> None:
        self._interleave("before remove")
        super().remove(ingestion_date)
        self._interleave("after remove")


def _published(root: Path, catalog: FakeCatalog) -> Publications:
    lay_raw(root, "events.json", "good")
    plain_run(DirectoryStore(str(root)), root, run_id(1), catalog=catalog).execute()
    return Publications(DirectoryStore(str(root)), PATHS, catalog)


def _repair(root: Path, catalog: FakeCatalog) -> None:
    Publications(DirectoryStore(str(root)), PATHS, catalog).repair()


@pytest.mark.parametrize("when", ["before remove", "after remove"])
def test_a_repair_meanwhile_leaves_no_partition_behind(tmp_path: Path, when: str) -> None:
    catalog = Interleaved("not yet", lambda catalog: _repair(tmp_path, catalog))
    publications = _published(tmp_path, catalog)
    catalog.when = when
    publications.unpublish(DAY)
    assert (catalog.when, catalog.partitions, publications.records.read(DAY).record) == ("over", {}, None)


def test_a_partition_that_was_pointed_after_its_record_went_is_removed_again(tmp_path: Path) -> None:
    catalog = Interleaved("not yet", lambda catalog: Publications(store, PATHS, catalog).unpublish(DAY))
    store, publications = DirectoryStore(str(tmp_path)), _published(tmp_path, catalog)
    catalog.partitions.clear()
    catalog.when = "before point"
    assert publications.catalog.show(DAY)
    assert (catalog.when, catalog.partitions, publications.records.read(DAY).record) == ("over", {}, None)


def test_a_run_that_publishes_while_a_partition_is_removed_is_shown(tmp_path: Path) -> None:
    def run_again(catalog: FakeCatalog) -> None:
        plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(2), catalog=catalog).execute()

    catalog = Interleaved("before remove", run_again)
    lay_raw(tmp_path, "events.json", "good")
    catalog.partitions[DAY] = "file:///left/over"
    publications = Publications(DirectoryStore(str(tmp_path)), PATHS, catalog)
    assert publications.catalog.show(DAY)
    assert served_lines(tmp_path) == ["good"]
    record = publications.records.read(DAY).record
    assert record is not None
    assert catalog.partitions == {DAY: record.current.location}


def test_a_partition_without_record_and_files_is_found_and_removed_by_a_repair(tmp_path: Path) -> None:
    catalog = FakeCatalog()
    publications, root = _published(tmp_path, catalog), DirectoryStore(str(tmp_path))
    in_vain, with_files, elsewhere = (date(2024, 2, number) for number in (27, 28, 29))
    root.write(f"{PATHS.version_prefix(with_files, run_id(1))}part-0.parquet", b"whose record was lost")
    for day in (in_vain, with_files):
        catalog.partitions[day] = root.uri(PATHS.version_prefix(day, run_id(1)))
    catalog.partitions[elsewhere] = "s3://of-somebody-else/"
    assert publications.catalog.days_shown_in_vain() == [in_vain]
    assert set(publications.catalog.shown_without_record()) == {in_vain, with_files, elsewhere}
    assert publications.repair().days == [in_vain]
    assert set(catalog.partitions) == {DAY, with_files, elsewhere}
    assert publications.repair().days == []


def test_a_run_removes_no_partition_as_no_role_of_a_job_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One without a record, and a version that nothing names: the run publishes over both."""
    catalog = FakeCatalog({DAY: "file:///of/an/interrupted/command"})

    def denied(*_: object) -> NoReturn:
        raise AccessDenied("not allowed to delete the partition")

    monkeypatch.setattr(catalog, "remove", denied)
    leave_behind(DirectoryStore(str(tmp_path)), number=2, expires_at="2024-01-01T00:00:00+00:00")
    publications = _published(tmp_path, catalog)
    record = publications.records.read(DAY).record
    assert record is not None
    assert catalog.partitions == {DAY: record.current.location}


def test_a_run_that_publishes_while_its_date_is_taken_from_readers_is_shown(tmp_path: Path) -> None:
    """It has turned the catalog already when the command, which knows the record before, removes the partition."""

    def run_again(catalog: FakeCatalog) -> None:
        lay_raw(tmp_path, "more.json", "more")
        plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(2), catalog=catalog).execute()

    catalog = Interleaved("not yet", run_again)
    publications = _published(tmp_path, catalog)
    catalog.when = "before remove"
    with pytest.raises(Superseded, match=f"superseded, run {run_id(2)} published"):
        publications.unpublish(DAY)
    record = publications.records.read(DAY).record
    assert record is not None
    assert (record.current.run_id, catalog.partitions) == (run_id(2), {DAY: record.current.location})
