"""Several writers at once: every swap is seen by the next one, and one date is never published twice from one state."""

import multiprocessing
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from adapters.directory import DirectoryStore
from core.errors import PipelineError, Superseded
from core.ports import StoredObject, WriteConflict
from curation.version import WriteRequest, WrittenVersion
from tests.faults.plain_runs import DAY, PATHS, FakeCatalog, lay_raw, plain_run, run_id, served_lines

_PROCESSES = 4
_STEPS = 50


def _count_up(root: str) -> None:
    store = DirectoryStore(root)
    done = 0
    while done < _STEPS:
        found = store.read("counter")
        value = int(found.data) if found else 0
        try:
            store.replace("counter", str(value + 1).encode(), expected=found.version if found else None)
        except WriteConflict:
            continue
        done += 1


def test_no_conditional_write_is_lost_between_processes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_count_up, args=(str(tmp_path),)) for _ in range(_PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    content = DirectoryStore(str(tmp_path)).read("counter")
    assert content is not None
    assert int(content.data) == _PROCESSES * _STEPS


def _write_then_wait(
    write: Callable[[WriteRequest], WrittenVersion], all_written: Barrier, request: WriteRequest
) -> WrittenVersion:
    written = write(request)
    all_written.wait(30)
    return written


@pytest.mark.parametrize(("force", "loses"), [(False, "unchanged"), (True, "superseded")])
def test_of_runs_that_start_from_one_state_exactly_one_publishes(tmp_path: Path, force: bool, loses: str) -> None:
    store, catalog = DirectoryStore(str(tmp_path)), FakeCatalog()
    lay_raw(tmp_path, "events.json", "one", "two")
    runs = [plain_run(store, tmp_path, run_id(number), catalog=catalog, force=force) for number in range(5)]
    all_have_written = Barrier(len(runs))
    for run in runs:
        run.write_version = partial(_write_then_wait, run.write_version, all_have_written)

    def execute(number: int) -> None:
        try:
            runs[number].execute()
        except PipelineError as failure:
            assert isinstance(failure, Superseded)  # noqa: PT017  a thread cannot use pytest.raises

    threads = [threading.Thread(target=execute, args=(number,)) for number in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    statuses = sorted(run.report.status for run in runs)
    assert statuses == ["published", *[loses] * (len(runs) - 1)]
    assert served_lines(tmp_path) == ["one", "two"]
    winner = next(run for run in runs if run.report.status == "published")
    losers = [run for run in runs if run is not winner]
    assert {run.report.published_run_id for run in losers} == {None if force else winner.report.run_id}
    assert all(f"run {winner.report.run_id} published" in (run.report.message or "") for run in losers)
    assert catalog.location(DAY) == winner.report.location
    assert store.folders("curated/events/ingestion_date=2025-01-01/") == [
        f"curated/events/ingestion_date=2025-01-01/run_id={winner.report.run_id}/"
    ]


class ListedThen(DirectoryStore):
    """A store in which something happens as soon as the raw data of the day are listed for the first time."""

    def __init__(self, root: Path, happens: Callable[[], object]) -> None:
        super().__init__(str(root))
        self._left = [happens]

    def objects(self, prefix: str) -> list[StoredObject]:
        listed = super().objects(prefix)
        if prefix == PATHS.raw_prefix(DAY) and self._left:
            self._left.pop()()
        return listed


def test_a_run_that_listed_less_does_not_replace_one_that_listed_more(tmp_path: Path) -> None:
    """The record is read before the listing, so that a swap tells of whatever was published since."""
    lay_raw(tmp_path, "events.json", "good")

    def late_data_are_published() -> None:
        lay_raw(tmp_path, "late.json", "late")
        plain_run(DirectoryStore(str(tmp_path)), tmp_path, run_id(2)).execute()

    with pytest.raises(PipelineError):
        plain_run(ListedThen(tmp_path, late_data_are_published), tmp_path, run_id(1)).execute()
    assert served_lines(tmp_path) == ["good", "late"]
