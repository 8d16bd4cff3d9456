"""A swap whose answer never comes, a lease that was lost, and whatever breaks once the day is published."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

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
from core.leases import Lease, sweep, take_lease
from core.ports import Content, StoredObject, WriteConflict
from core.publication import Publication
from core.publishing import Publications
from curation.run import DayRun
from curation.version import WriteRequest, WrittenVersion
from tests.faults.plain_runs import DAY, PATHS, FakeCatalog, lay_raw, plain_run, run_id, served_lines

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


def _folders(root: Path) -> list[str]:
    return [folder.rpartition("run_id=")[2].strip("/") for folder in _plain(root).folders(PATHS.versions_prefix(DAY))]


class HeldUp(DirectoryStore):
    """A store whose swap of the record takes a day, in which another run sweeps."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, *, sweeps: bool = True) -> None:
        super().__init__(str(root))
        self.swept: list[str] = []
        self.afterwards: Callable[[], object] = lambda: None
        self._plain, self._monkeypatch, self._sweeps, self._is_new = _plain(root), monkeypatch, sweeps, True

    def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
        if key != PATHS.publication_key(DAY) or not self._is_new:
            return super().replace(key, data, expected=expected)
        self._is_new, now = False, datetime.now(UTC) + TOMORROW
        self._monkeypatch.setattr("curation.run.datetime", SimpleNamespace(now=lambda _zone: now))
        if self._sweeps:
            self.swept = sweep(self._plain, PATHS, DAY, Publications(self._plain, PATHS, None), now=now)
        version = super().replace(key, data, expected=expected)
        self.afterwards()
        return version


def _plain(root: Path) -> DirectoryStore:
    return DirectoryStore(str(root))


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
        publications, now = Publications(_plain(tmp_path), PATHS, None), datetime.now(UTC)
        # Also on the machine that took it, where the process is known to be gone.
        monkeypatch.setattr("core.leases._process", lambda _number: None)
        assert sweep(_plain(tmp_path), PATHS, DAY, publications, now=now) == []
        assert _folders(tmp_path) == [run_id(1)]
        assert sweep(_plain(tmp_path), PATHS, DAY, publications, now=now + TOMORROW) == [run_id(1)]
        assert _folders(tmp_path) == []

    def test_does_not_keep_the_next_run_from_publishing(self, tmp_path: Path) -> None:
        store, _ = _unknown(tmp_path)
        plain_run(_plain(tmp_path), tmp_path, run_id(2)).execute()
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
            plain_run(_plain(tmp_path), tmp_path, run_id(2), force=True).execute()

        store.meanwhile = arrive_and_be_replaced
        run = plain_run(store, tmp_path, run_id(1))
        run.execute()
        assert run.report.status == "published"
        assert set(_folders(tmp_path)) == {run_id(1), run_id(2)}

    def test_is_superseded_when_another_run_was_quicker(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = Unanswered(tmp_path, times=1)

        def run_on_more() -> None:
            plain_run(_plain(tmp_path), tmp_path, run_id(2)).execute()
            lay_raw(tmp_path, "late.json", "more")
            plain_run(_plain(tmp_path), tmp_path, run_id(3)).execute()

        store.meanwhile = run_on_more
        run = plain_run(store, tmp_path, run_id(1))
        with pytest.raises(Superseded, match=f"superseded, run {run_id(3)} published"):
            run.execute()
        assert (run.report.status, run.report.location) == ("superseded", None)
        assert _folders(tmp_path) == [run_id(2), run_id(3)]
        assert served_lines(tmp_path) == ["good", "more"]
        assert _plain(tmp_path).objects(LEASES) == []

    def test_leaves_what_another_run_published_of_the_same_raw_data(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = Unanswered(tmp_path, times=1)
        store.meanwhile = plain_run(_plain(tmp_path), tmp_path, run_id(2)).execute
        quarantines = [PATHS.quarantine_prefix(DAY, run_id(number)) for number in (1, 2)]
        for quarantine in quarantines:
            store.write(f"{quarantine}part-0.json", b"malformed")
        run = plain_run(store, tmp_path, run_id(1))
        run.execute()
        assert (run.report.status, run.report.published_run_id) == ("unchanged", run_id(2))
        assert run.report.message == (
            f"{DAY}: nothing to do, run {run_id(2)} published the same raw data while this run was at work"
        )
        assert _folders(tmp_path) == [run_id(2)]
        assert _plain(tmp_path).objects(LEASES) == []
        assert [bool(store.objects(quarantine)) for quarantine in quarantines] == [False, True]

    def test_that_is_interrupted_keeps_its_files(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = Unanswered(tmp_path)

        def stop() -> None:
            raise KeyboardInterrupt

        store.meanwhile = stop
        with pytest.raises(KeyboardInterrupt):
            plain_run(store, tmp_path, run_id(1)).execute()
        assert _folders(tmp_path) == [run_id(1)]
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
        self._plain, self._late = _plain(root), list[Callable[[], str]]()
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
            plain_run(_plain(tmp_path), tmp_path, run_id(1)).execute()
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
            plain_run(_plain(tmp_path), tmp_path, run_id(number), keep_hours=24).execute()
        publications = Publications(Scripted(tmp_path, "applied", *[ServiceUnavailable("timed out")] * 4), PATHS, None)
        with pytest.raises(CommitStateUnknown, match=f"before anything else, see: pipeline status {DAY}"):
            publications.rollback(DAY, None, now=datetime.now(UTC))
        assert served_lines(tmp_path) == ["1", "2"]

    def test_is_a_rollback_also_when_a_run_has_published_since(self, tmp_path: Path) -> None:
        for number in (1, 2):
            lay_raw(tmp_path, f"{number}.json", str(number))
            plain_run(_plain(tmp_path), tmp_path, run_id(number), keep_hours=24).execute()
        store = Unanswered(tmp_path, times=1)

        def roll_back_and_be_replaced() -> None:
            store.arrive()
            lay_raw(tmp_path, "3.json", "3")
            plain_run(_plain(tmp_path), tmp_path, run_id(3), keep_hours=24).execute()

        store.meanwhile = roll_back_and_be_replaced
        Publications(store, PATHS, None).rollback(DAY, None, now=datetime.now(UTC))
        assert served_lines(tmp_path) == ["1", "2", "3"]

    def test_of_a_record_that_names_the_same_versions_is_known_by_its_text(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        plain_run(_plain(tmp_path), tmp_path, run_id(1)).execute()
        publications = Publications(Scripted(tmp_path, "applied"), PATHS, None)
        changed = publications.rewrite(DAY, lambda record: replace(record, current=replace(record.current, files=7)))
        assert changed == publications.read(DAY).record

    def test_of_a_record_that_names_the_same_versions_is_not_done_where_a_run_was_quicker(self, tmp_path: Path) -> None:
        lay_raw(tmp_path, "events.json", "good")
        plain_run(_plain(tmp_path), tmp_path, run_id(1)).execute()

        def changed_while_a_run_publishes(record: Publication) -> Publication:
            plain_run(_plain(tmp_path), tmp_path, run_id(2), force=True, keep_hours=24).execute()
            return replace(record, current=replace(record.current, files=7))

        with pytest.raises(Superseded):
            Publications(_plain(tmp_path), PATHS, None).rewrite(DAY, changed_while_a_run_publishes)


@pytest.mark.parametrize("error", [AccessDenied("no"), ServiceError("no such bucket")])
def test_a_definite_rejection_is_cleaned_up_after(tmp_path: Path, error: PipelineError) -> None:
    lay_raw(tmp_path, "events.json", "good")
    with pytest.raises(type(error)):
        plain_run(Rejecting(tmp_path, error), tmp_path, run_id(1)).execute()
    assert (_folders(tmp_path), _plain(tmp_path).objects(LEASES)) == ([], [])


def test_a_swap_that_breaks_on_this_machine_may_be_done_all_the_same(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    with pytest.raises(CommitStateUnknown, match=r"was published \(disk\); its files are kept"):
        plain_run(Rejecting(tmp_path, OSError("disk")), tmp_path, run_id(1)).execute()
    assert (_folders(tmp_path), len(_plain(tmp_path).objects(LEASES))) == ([run_id(1)], 1)


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
        plain_run(_plain(tmp_path), tmp_path, run_id(number), force=True).execute()
    store = BreaksAfterSwap(tmp_path, error, operations=operations.split())
    run = plain_run(store, tmp_path, run_id(4), force=True)
    run.execute()
    assert run.report.status == "published"
    assert bool(run.report.warnings) == (operations != "list")
    assert served_lines(tmp_path) == ["good"]


class TestALeaseThatIsLost:
    def run_while(self, root: Path, happens: Callable[[], object], *, lease_minutes: int = 240) -> DayRun:
        """A run during whose writing something happens."""
        lay_raw(root, "events.json", "good")
        run = plain_run(_plain(root), root, run_id(1), lease_minutes=lease_minutes)
        write = run.write_version

        def write_then(request: WriteRequest) -> WrittenVersion:
            written = write(request)
            happens()
            return written

        run.write_version = write_then
        return run

    def test_to_a_sweep_is_noticed_before_the_swap(self, tmp_path: Path) -> None:
        publications = Publications(_plain(tmp_path), PATHS, None)
        later = datetime.now(UTC) + TOMORROW
        run = self.run_while(tmp_path, lambda: sweep(_plain(tmp_path), PATHS, DAY, publications, now=later))
        with pytest.raises(Superseded, match=f"^{DAY}: superseded, another run took its lease before run {run_id(1)}"):
            run.execute()
        assert (run.report.status, run.report.location) == ("superseded", None)
        assert served_lines(tmp_path) is None

    def test_by_time_is_noticed_before_the_swap(self, tmp_path: Path) -> None:
        run = self.run_while(tmp_path, lambda: None, lease_minutes=0)
        with pytest.raises(Superseded, match="its lease ended at"):
            run.execute()
        assert served_lines(tmp_path) is None
        assert _folders(tmp_path) == []

    @pytest.mark.parametrize("is_first", [True, False])
    def test_in_the_swap_itself_takes_a_version_without_files_back(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_first: bool
    ) -> None:
        if not is_first:
            lay_raw(tmp_path, "events.json", "before")
            plain_run(_plain(tmp_path), tmp_path, run_id(2)).execute()
        before = served_lines(tmp_path)
        lay_raw(tmp_path, "events.json", "good", "good")
        store = HeldUp(tmp_path, monkeypatch)
        run = plain_run(store, tmp_path, run_id(1))
        with pytest.raises(Superseded, match=r"the lease of run .* ended while it published, and another run deleted"):
            run.execute()
        assert store.swept == [run_id(1)]
        assert run.report.status == "superseded"
        assert served_lines(tmp_path) == before
        assert _folders(tmp_path) == ([] if is_first else [run_id(2)])

    def test_in_the_swap_itself_does_not_matter_where_nobody_swept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lay_raw(tmp_path, "events.json", "good")
        run = plain_run(HeldUp(tmp_path, monkeypatch, sweeps=False), tmp_path, run_id(1))
        run.execute()
        assert served_lines(tmp_path) == ["good"]

    @pytest.mark.parametrize("is_first", [True, False])
    def test_in_the_swap_itself_leaves_the_catalog_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_first: bool
    ) -> None:
        catalog = FakeCatalog()
        if not is_first:
            lay_raw(tmp_path, "events.json", "before")
            plain_run(_plain(tmp_path), tmp_path, run_id(2), catalog=catalog).execute()
        before = dict(catalog.partitions)
        lay_raw(tmp_path, "events.json", "good", "good")
        store = HeldUp(tmp_path, monkeypatch)
        store.afterwards = lambda: Publications(_plain(tmp_path), PATHS, catalog).show(DAY)
        catalog.partitions[DAY] = before.get(DAY, "elsewhere")
        with pytest.raises(Superseded, match="another run deleted its files"):
            plain_run(store, tmp_path, run_id(1), catalog=catalog).execute()
        assert catalog.partitions == before

    def test_in_the_swap_itself_leaves_alone_what_another_run_has_published_since(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = HeldUp(tmp_path, monkeypatch)
        store.afterwards = lambda: plain_run(_plain(tmp_path), tmp_path, run_id(3), force=True).execute()
        with suppress(Superseded):
            plain_run(store, tmp_path, run_id(1)).execute()
        assert served_lines(tmp_path) == ["good"]
        assert _folders(tmp_path) == [run_id(3)]

    @pytest.mark.parametrize("fails", ["objects", "replace"])
    def test_in_the_swap_itself_ends_as_unknown_where_storage_does_not_answer(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
    ) -> None:
        lay_raw(tmp_path, "events.json", "before")
        plain_run(_plain(tmp_path), tmp_path, run_id(2)).execute()
        lay_raw(tmp_path, "events.json", "good", "good")
        store = HeldUp(tmp_path, monkeypatch, sweeps=fails == "replace")

        def fail(*_: object, **__: object) -> NoReturn:
            raise AccessDenied("not allowed")

        store.afterwards = lambda: monkeypatch.setattr(store, fails, fail)
        with pytest.raises(CommitStateUnknown):
            plain_run(store, tmp_path, run_id(1)).execute()
        assert (run_id(1) in _folders(tmp_path)) == (fails == "objects")

    def test_to_another_lease_of_its_name_is_noticed_before_the_swap(self, tmp_path: Path) -> None:
        lease = _take(tmp_path, minutes=5)
        _plain(tmp_path).write(PATHS.lease_key(DAY, run_id(1)), b"of somebody else")
        with pytest.raises(Superseded, match="another run took its lease"):
            lease.renew(now=datetime.now(UTC))

    def test_is_not_taken_over_from_a_run_of_the_same_name(self, tmp_path: Path) -> None:
        _take(tmp_path, minutes=5)
        with pytest.raises(WriteConflict):
            _take(tmp_path, minutes=6)

    def test_is_none_after_it_was_renewed(self, tmp_path: Path) -> None:
        lease, publications = _take(tmp_path, minutes=60), Publications(_plain(tmp_path), PATHS, None)
        now = datetime.now(UTC)
        lease.renew(now=now + timedelta(minutes=50))
        assert sweep(_plain(tmp_path), PATHS, DAY, publications, now=now + timedelta(minutes=100)) == []

    def test_is_lost_before_the_files_are(self, tmp_path: Path) -> None:
        """A run that wakes up while it is swept must find that its lease is gone, not only its files."""
        _take(tmp_path, minutes=5)
        deleted: list[str] = []
        store = _plain(tmp_path)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "delete", lambda _keys: deleted.append("leases"))
            patch.setattr(store, "delete_prefix", lambda _prefix: deleted.append("files"))
            sweep(store, PATHS, DAY, Publications(store, PATHS, None), now=datetime.now(UTC) + TOMORROW)
        assert deleted == ["leases", "files"]

    def test_to_an_older_listing_is_none(self, tmp_path: Path) -> None:
        """Clocks differ: others give a lease that has just ended some minutes more than its own run does."""
        _, publications = _take(tmp_path, minutes=0), Publications(_plain(tmp_path), PATHS, None)
        now = datetime.now(UTC)
        for after, swept in ((timedelta(minutes=4), []), (timedelta(minutes=6), [run_id(1)])):
            assert sweep(_plain(tmp_path), PATHS, DAY, publications, now=now + after) == swept


def _take(root: Path, *, minutes: int) -> Lease:
    store = _plain(root)
    store.write(f"{PATHS.version_prefix(DAY, run_id(1))}outcome=accepted/part-0.parquet", b"rows")
    return take_lease(store, PATHS, DAY, run_id(1), now=datetime.now(UTC), minutes=minutes)


class Interrupted(DirectoryStore):
    """A store in which something happens just before one kind of listing is answered."""

    def __init__(self, root: Path, *, before: str, happens: Callable[[], object]) -> None:
        super().__init__(str(root))
        self._before, self._happens = before, happens

    def folders(self, prefix: str) -> list[str]:
        self._interrupt("folders")
        return super().folders(prefix)

    def objects(self, prefix: str) -> list[StoredObject]:
        if prefix == LEASES:
            self._interrupt("leases")
        return super().objects(prefix)

    def _interrupt(self, listing: str) -> None:
        if listing == self._before:
            self._before = ""
            self._happens()


@pytest.mark.parametrize("before", ["folders", "leases"])
def test_a_run_that_begins_or_publishes_while_another_sweeps_keeps_its_files(tmp_path: Path, before: str) -> None:
    """The sweep looks at folders, then leases, then the record: in any other order one of these would be lost."""
    lay_raw(tmp_path, "events.json", "good")
    happens: dict[str, Callable[[], object]] = {
        "folders": lambda: _take(tmp_path, minutes=5),
        "leases": plain_run(_plain(tmp_path), tmp_path, run_id(1)).execute,
    }
    if before == "leases":  # its folder is there when the sweep lists folders
        _plain(tmp_path).write(f"{PATHS.version_prefix(DAY, run_id(1))}outcome=accepted/part-0.parquet", b"")
    store = Interrupted(tmp_path, before=before, happens=happens[before])
    assert sweep(store, PATHS, DAY, Publications(store, PATHS, None), now=datetime.now(UTC)) == []
    assert _folders(tmp_path) == [run_id(1)]
