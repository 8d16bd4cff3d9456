"""A swap whose answer never comes, a lease that was lost, and whatever breaks once the day is published."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from adapters.directory import DirectoryStore
from core.errors import (
    AccessDenied,
    CommitStateUnknown,
    PipelineError,
    ServiceError,
    ServiceThrottled,
    ServiceUnavailable,
    Superseded,
)
from core.leases import sweep
from core.ports import Content, StoredObject, WriteConflict
from core.publication import Publication
from core.publishing import Publications
from curation.run import DayRun
from tests.faults.plain_runs import (
    DAY,
    PATHS,
    lay_raw,
    plain_run,
    plain_store,
    run_id,
    served_lines,
    version_folders,
)

RECORDS, LEASES = PATHS.publications, PATHS.leases_prefix(DAY)
TOMORROW = timedelta(days=1)


class Unanswered(DirectoryStore):
    """A store that does not answer swaps of records; ``arrive`` carries out the last one, as S3 may do at any time."""

    writes_late = True

    def __init__(self, root: Path, *, times: int = 99) -> None:
        super().__init__(str(root))
        self.left = times
        self.pending: Callable[[], str] = str
        self.meanwhile: Callable[[], object] = lambda: None

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        if key.startswith(RECORDS) and self.left > 0:
            self.left -= 1
            self.pending = lambda: super(Unanswered, self).replace(key, data, expected=expected)
            self.meanwhile()
            raise ServiceUnavailable(f"cannot write {key}: timed out")
        return super().replace(key, data, expected=expected)

    def arrive(self) -> None:
        self.pending()


def _unknown(root: Path) -> tuple[Unanswered, DayRun]:
    lay_raw(root, "events.json", "good")
    store = Unanswered(root)
    run = plain_run(store, root, run_id(1))
    with pytest.raises(CommitStateUnknown, match=f"^{DAY}: it is not known whether run {run_id(1)} was published"):
        run.execute()
    return store, run


class TestASwapOfUnknownOutcome:
    def test_that_is_carried_out_after_the_run_gave_up_is_a_complete_publication(self, tmp_path: Path) -> None:
        store, _ = _unknown(tmp_path)
        assert served_lines(tmp_path) is None
        store.arrive()
        assert served_lines(tmp_path) == ["good"]

    def test_keeps_files_and_lease_until_the_lease_is_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _unknown(tmp_path)
        publications, now = Publications(plain_store(tmp_path), PATHS, None), datetime.now(UTC)
        # Also on the machine that took it, where the process is known to be gone.
        monkeypatch.setattr("core.leases._process", lambda _number: None)
        assert sweep(plain_store(tmp_path), PATHS, DAY, publications, now=now) == []
        assert version_folders(tmp_path) == [run_id(1)]
        assert sweep(plain_store(tmp_path), PATHS, DAY, publications, now=now + TOMORROW) == [run_id(1)]
        assert version_folders(tmp_path) == []

    def test_does_not_keep_the_next_run_from_publishing(self, tmp_path: Path) -> None:
        store, _ = _unknown(tmp_path)
        plain_run(plain_store(tmp_path), tmp_path, run_id(2)).execute()
        assert served_lines(tmp_path) == ["good"]
        with pytest.raises(WriteConflict):
            store.arrive()

    def test_is_a_publication_when_a_repeated_request_finds_it_done(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = Unanswered(tmp_path, times=1)
        store.meanwhile = store.arrive
        run = plain_run(store, tmp_path, run_id(1))
        run.execute()
        assert run.report.status == "published"
        assert served_lines(tmp_path) == ["good"]

    def test_is_a_publication_also_when_another_run_has_replaced_it_since(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = Unanswered(tmp_path, times=1)

        def arrive_and_be_replaced() -> None:
            store.arrive()
            plain_run(plain_store(tmp_path), tmp_path, run_id(2), force=True).execute()

        store.meanwhile = arrive_and_be_replaced
        run = plain_run(store, tmp_path, run_id(1))
        run.execute()
        assert run.report.status == "published"
        assert set(version_folders(tmp_path)) == {run_id(1), run_id(2)}

    def test_is_superseded_when_another_run_was_quicker(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = Unanswered(tmp_path, times=1)

        def run_on_more() -> None:
            plain_run(plain_store(tmp_path), tmp_path, run_id(2)).execute()
            lay_raw(tmp_path, "late.json", "more")
            plain_run(plain_store(tmp_path), tmp_path, run_id(3)).execute()

        store.meanwhile = run_on_more
        run = plain_run(store, tmp_path, run_id(1))
        with pytest.raises(Superseded, match=f"superseded, run {run_id(3)} published"):
            run.execute()
        assert (run.report.status, run.report.location) == ("superseded", None)
        assert version_folders(tmp_path) == [run_id(2), run_id(3)]
        assert served_lines(tmp_path) == ["good", "more"]
        assert plain_store(tmp_path).objects(LEASES) == []

    def test_leaves_what_another_run_published_of_the_same_raw_data(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = Unanswered(tmp_path, times=1)
        store.meanwhile = plain_run(plain_store(tmp_path), tmp_path, run_id(2)).execute
        quarantines = [PATHS.quarantine_prefix(DAY, run_id(number)) for number in (1, 2)]
        for quarantine in quarantines:
            store.write(f"{quarantine}part-0.json", b"malformed")
        run = plain_run(store, tmp_path, run_id(1))
        run.execute()
        assert (run.report.status, run.report.published_run_id) == ("unchanged", run_id(2))
        assert run.report.message == (
            f"{DAY}: nothing to do, run {run_id(2)} published the same raw data while this run was at work"
        )
        assert version_folders(tmp_path) == [run_id(2)]
        assert plain_store(tmp_path).objects(LEASES) == []
        assert [bool(store.objects(quarantine)) for quarantine in quarantines] == [False, True]

    def test_that_is_interrupted_keeps_its_files(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = Unanswered(tmp_path)

        def stop() -> None:
            raise KeyboardInterrupt

        store.meanwhile = stop
        with pytest.raises(KeyboardInterrupt):
            plain_run(store, tmp_path, run_id(1)).execute()
        assert version_folders(tmp_path) == [run_id(1)]
        store.arrive()
        assert served_lines(tmp_path) == ["good"]


class Rejecting(DirectoryStore):
    """A store that rejects swaps of records for good."""

    def __init__(self, root: Path, error: Exception) -> None:
        super().__init__(str(root))
        self._error = error

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        if key.startswith(RECORDS):
            raise self._error
        return super().replace(key, data, expected=expected)


class Scripted(DirectoryStore):
    """A store whose answers to swaps of a record, and to reads of it behind a conflict, are given.

    "applied" and "applied later" carry a swap out and do not say so; later ones ``arrive``.
    """

    def __init__(self, root: Path, *answers: str | PipelineError, read: PipelineError | None = None) -> None:
        super().__init__(str(root))
        self._plain, self._late = plain_store(root), list[Callable[[], str]]()
        self._answers, self._read = list(answers), read

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        if not key.startswith(RECORDS) or not self._answers:
            return super().replace(key, data, expected=expected)
        write = partial(self._plain.replace, key, data, expected=expected)
        match self._answers.pop(0):
            case PipelineError() as error:
                raise error
            case "conflict":
                raise WriteConflict(key)
            case "applied, then a conflict":
                write()
                raise WriteConflict(key)
            case "applied":
                write()
            case "applied later":
                self._late.append(write)
        raise ServiceUnavailable(f"cannot write {key}: timed out")

    def read(self, key: str) -> Content | None:
        if self._read is not None and key.startswith(RECORDS) and not self._answers:
            raise self._read
        return super().read(key)

    def arrive(self) -> None:
        self._read = None
        for write in self._late:
            with suppress(WriteConflict):
                write()


REJECTIONS = (AccessDenied("no"), ServiceError("ExpiredToken"))


class TestASwapThatIsRejectedOnlyOnceItMayBeDone:
    @pytest.mark.parametrize("rejection", REJECTIONS)
    @pytest.mark.parametrize("first", ["applied", "applied later"])
    @pytest.mark.parametrize("is_published_before", [True, False])
    def test_keeps_its_files(
        self, tmp_path: Path, first: str, rejection: PipelineError, is_published_before: bool
    ) -> None:
        lay_raw(tmp_path, "events.json", "good")
        if is_published_before:
            plain_run(plain_store(tmp_path), tmp_path, run_id(1)).execute()
            lay_raw(tmp_path, "late.json", "more")
        store = Scripted(tmp_path, first, rejection)
        with pytest.raises(CommitStateUnknown, match=rf"was published \({rejection}\); its files are kept"):
            plain_run(store, tmp_path, run_id(2)).execute()
        store.arrive()
        assert served_lines(tmp_path) == ["good", "more"][: 1 + is_published_before]

    @pytest.mark.parametrize("denied", [*REJECTIONS, ServiceUnavailable("timed out")])
    @pytest.mark.parametrize(
        "answers", [["applied, then a conflict"], ["applied later", "conflict"], ["applied", "conflict"]]
    )
    def test_keeps_its_files_where_the_record_cannot_be_looked_at(
        self, tmp_path: Path, answers: list[str], denied: PipelineError
    ) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = Scripted(tmp_path, *answers, read=denied)
        run = plain_run(store, tmp_path, run_id(1))
        with pytest.raises(CommitStateUnknown):
            run.execute()
        store.arrive()
        assert served_lines(tmp_path) == ["good"]

    def test_is_unknown_to_who_rolls_back_and_not_to_be_repeated_blindly(self, tmp_path: Path) -> None:
        for number in (1, 2, 3):
            lay_raw(tmp_path, f"{number}.json", str(number))
            plain_run(plain_store(tmp_path), tmp_path, run_id(number), keep_hours=24).execute()
        publications = Publications(Scripted(tmp_path, "applied", *[ServiceUnavailable("timed out")] * 4), PATHS, None)
        with pytest.raises(CommitStateUnknown, match=f"before anything else, see: pipeline status {DAY}"):
            publications.rollback(DAY, None, now=datetime.now(UTC))
        assert served_lines(tmp_path) == ["1", "2"]

    def test_is_a_rollback_also_when_a_run_has_published_since(self, tmp_path: Path) -> None:
        for number in (1, 2):
            lay_raw(tmp_path, f"{number}.json", str(number))
            plain_run(plain_store(tmp_path), tmp_path, run_id(number), keep_hours=24).execute()
        store = Unanswered(tmp_path, times=1)

        def roll_back_and_be_replaced() -> None:
            store.arrive()
            lay_raw(tmp_path, "3.json", "3")
            plain_run(plain_store(tmp_path), tmp_path, run_id(3), keep_hours=24).execute()

        store.meanwhile = roll_back_and_be_replaced
        Publications(store, PATHS, None).rollback(DAY, None, now=datetime.now(UTC))
        assert served_lines(tmp_path) == ["1", "2", "3"]

    def test_of_a_record_that_names_the_same_versions_is_known_by_its_text(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        plain_run(plain_store(tmp_path), tmp_path, run_id(1)).execute()
        publications = Publications(Scripted(tmp_path, "applied"), PATHS, None)
        changed = publications.rewrite(DAY, lambda record: replace(record, current=replace(record.current, files=7)))
        assert changed == publications.records.read(DAY).record

    def test_of_a_record_that_names_the_same_versions_is_not_done_where_a_run_was_quicker(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        plain_run(plain_store(tmp_path), tmp_path, run_id(1)).execute()

        def changed_while_a_run_publishes(record: Publication) -> Publication:
            plain_run(plain_store(tmp_path), tmp_path, run_id(2), force=True, keep_hours=24).execute()
            return replace(record, current=replace(record.current, files=7))

        with pytest.raises(Superseded):
            Publications(plain_store(tmp_path), PATHS, None).rewrite(DAY, changed_while_a_run_publishes)


@pytest.mark.parametrize("error", [AccessDenied("no"), ServiceError("no such bucket")])
def test_a_definite_rejection_is_cleaned_up_after(tmp_path: Path, error: PipelineError) -> None:
    lay_raw(tmp_path, "events.json", "good")
    with pytest.raises(type(error)):
        plain_run(Rejecting(tmp_path, error), tmp_path, run_id(1)).execute()
    assert (version_folders(tmp_path), plain_store(tmp_path).objects(LEASES)) == ([], [])


def test_a_record_that_is_rewritten_as_it_was_is_not_written(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    plain_run(plain_store(tmp_path), tmp_path, run_id(1)).execute()
    publications = Publications(Rejecting(tmp_path, AccessDenied("no")), PATHS, None)
    assert publications.rewrite(DAY, lambda record: record) == publications.records.read(DAY).record


def test_a_swap_that_breaks_on_this_machine_may_be_done_all_the_same(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    with pytest.raises(CommitStateUnknown, match=r"was published \(disk\); its files are kept"):
        plain_run(Rejecting(tmp_path, OSError("disk")), tmp_path, run_id(1)).execute()
    assert (version_folders(tmp_path), len(plain_store(tmp_path).objects(LEASES))) == ([run_id(1)], 1)


class BreaksAfterSwap(DirectoryStore):
    """A store of which one operation, or every one, fails from the moment that a record was swapped."""

    def __init__(self, root: Path, error: Exception, *, operations: Iterable[str]) -> None:
        super().__init__(str(root))
        self._error, self._operations, self._is_swapped = error, set(operations), False

    def _break(self, operation: str) -> None:
        if self._is_swapped and operation in self._operations:
            raise self._error

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        version = super().replace(key, data, expected=expected)
        self._is_swapped = self._is_swapped or key.startswith(RECORDS)
        return version

    def objects(self, prefix: str) -> list[StoredObject]:
        self._break("list")
        return super().objects(prefix)

    def write(self, key: str, data: bytes) -> None:
        self._break("write")
        super().write(key, data)

    def delete(self, keys: Iterable[str]) -> None:
        self._break("delete")
        super().delete(keys)

    def delete_prefix(self, prefix: str) -> None:
        self._break("delete")
        super().delete_prefix(prefix)


@pytest.mark.parametrize("operations", ["list", "write", "delete", "list write delete"])
@pytest.mark.parametrize(
    "error", [ServiceUnavailable("gone"), ServiceThrottled("slow down"), AccessDenied("no"), OSError("disk")]
)
def test_nothing_that_breaks_behind_the_swap_fails_the_run(tmp_path: Path, error: Exception, operations: str) -> None:
    lay_raw(tmp_path, "events.json", "good")
    for number in range(1, 4):  # the third replaces a version that expires
        plain_run(plain_store(tmp_path), tmp_path, run_id(number), force=True).execute()
    store = BreaksAfterSwap(tmp_path, error, operations=operations.split())
    run = plain_run(store, tmp_path, run_id(4), force=True)
    run.execute()
    assert run.report.status == "published"
    assert bool(run.report.warnings) == (operations != "list")
    assert served_lines(tmp_path) == ["good"]
