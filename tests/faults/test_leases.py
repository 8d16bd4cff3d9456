"""A run's files are its own while its lease lasts, and nobody's once it is lost."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from adapters.directory import DirectoryStore
from core.errors import AccessDenied, CommitStateUnknown, RawDataMissing, Superseded
from core.leases import Lease, sweep, take_lease
from core.ports import StoredObject, WriteConflict
from core.publishing import Publications
from curation.run import DayRun
from curation.version import WriteRequest, WrittenVersion
from tests.faults.plain_runs import (
    DAY,
    PATHS,
    FakeCatalog,
    lay_raw,
    leave_behind,
    plain_run,
    plain_store,
    run_id,
    served_lines,
    version_folders,
)

LEASES = PATHS.leases_prefix(DAY)
TOMORROW = timedelta(days=1)


@pytest.mark.parametrize(
    ("change", "is_swept"),
    [
        pytest.param({}, False, id="the process runs"),
        pytest.param({"process": "1 0"}, True, id="its number is used by a later process"),
        pytest.param({"process": "999999999 5"}, True, id="there is no such process"),
        pytest.param({"host": "elsewhere", "process": "1 0"}, False, id="another machine or container"),
        pytest.param({"host": "elsewhere", "expires_at": "2024-01-01T00:00:00+00:00"}, True, id="its time is over"),
    ],
)
def test_only_what_no_live_run_may_be_writing_is_swept(
    tmp_path: Path, change: dict[str, str], *, is_swept: bool
) -> None:
    store = DirectoryStore(str(tmp_path))
    leave_behind(store, number=1, **change)
    assert _swept(store) == ([run_id(1)] if is_swept else [])


def test_a_run_that_finds_no_raw_data_sweeps_as_well(tmp_path: Path) -> None:
    leave_behind(DirectoryStore(str(tmp_path)), number=1, process="999999999 5")
    run = plain_run(plain_store(tmp_path), tmp_path, run_id(2))
    with pytest.raises(RawDataMissing):
        run.execute()
    assert run.report.cleaned_up == [run_id(1)]
    assert (version_folders(tmp_path), plain_store(tmp_path).objects(LEASES)) == ([], [])


@pytest.mark.parametrize("content", [b"", b"{}", b'{"run_id": "x", "expires_at": "y", "host": "z", "process_id": 1}'])
def test_a_lease_that_cannot_be_read_keeps_its_runs_files_and_stops_nobody(tmp_path: Path, content: bytes) -> None:
    store = DirectoryStore(str(tmp_path))
    leave_behind(store, number=1)
    store.write(PATHS.lease_key(DAY, run_id(1)), content)
    assert _swept(store, after=timedelta(days=7)) == []
    assert _swept(store, after=timedelta(days=7, minutes=6)) == [run_id(1)]


@pytest.mark.parametrize(
    ("state", "start", "is_swept"),
    [
        pytest.param("S", 5, False, id="the process sleeps"),
        pytest.param("S", 6, True, id="a later process has its number"),
        pytest.param("Z", 5, True, id="it has ended, of which nobody has taken note"),
    ],
)
def test_a_process_is_known_by_its_number_its_start_and_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, start: int, *, is_swept: bool
) -> None:
    store = DirectoryStore(str(tmp_path))
    _let_read(monkeypatch, "stat", f"7 (a) b) S {'0 ' * 18}5 0")
    leave_behind(store, number=1)
    _let_read(monkeypatch, "stat", f"7 (a) b) {state} {'0 ' * 18}{start} 0")
    assert _swept(store) == ([run_id(1)] if is_swept else [])


def test_a_process_of_somebody_else_is_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise PermissionError

    store = DirectoryStore(str(tmp_path))
    leave_behind(store, number=1)
    monkeypatch.setattr("os.kill", refuse)
    assert _swept(store) == []
    _let_read(monkeypatch, "stat", None)  # as where `/proc` hides the processes of others
    assert _swept(store) == []


def test_a_process_is_known_by_its_number_alone_where_there_is_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DirectoryStore(str(tmp_path))
    leave_behind(store, number=1, process=str(os.getpid()))
    assert _swept(store) == []
    _let_read(monkeypatch, "stat", None)
    leave_behind(store, number=2, process="999999999")
    assert _swept(store) == [run_id(2)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has containers and tells of its start")
@pytest.mark.parametrize("change", ["another start of the machine", "another container of the same name"])
def test_a_process_that_cannot_be_seen_from_here_is_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    store = DirectoryStore(str(tmp_path))
    leave_behind(store, number=1, process="999999999 5")
    if change == "another start of the machine":
        _let_read(monkeypatch, "boot_id", "another")
    else:
        monkeypatch.setattr(Path, "readlink", lambda _link: Path("pid:[1]"))
    assert _swept(store) == []


def _let_read(monkeypatch: pytest.MonkeyPatch, name: str, text: str | None) -> None:
    """Let files of a name have this text, or not be there."""
    read_text = Path.read_text

    def read(path: Path, **options: Any) -> str:
        if path.name != name:
            return read_text(path, **options)
        if text is None:
            raise FileNotFoundError(path)
        return text

    monkeypatch.setattr(Path, "read_text", read)


def _swept(store: DirectoryStore, *, after: timedelta = timedelta(0)) -> list[str]:
    return sweep(store, PATHS, DAY, Publications(store, PATHS, None), now=datetime.now(UTC) + after)


class HeldUp(DirectoryStore):
    """A store whose swap of the record takes a day, in which another run sweeps."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, *, sweeps: bool = True) -> None:
        super().__init__(str(root))
        self.swept: list[str] = []
        self.afterwards: Callable[[], object] = lambda: None
        self._plain, self._monkeypatch, self._sweeps, self._is_new = plain_store(root), monkeypatch, sweeps, True

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


class TestALeaseThatIsLost:
    def run_while(self, root: Path, happens: Callable[[], object], *, lease_minutes: int = 240) -> DayRun:
        """A run during whose writing something happens."""
        lay_raw(root, "events.json", "good")
        run = plain_run(plain_store(root), root, run_id(1), lease_minutes=lease_minutes)
        write = run.write_version

        def write_then(request: WriteRequest) -> WrittenVersion:
            written = write(request)
            happens()
            return written

        run.write_version = write_then
        return run

    def test_to_a_sweep_is_noticed_before_the_swap(self, tmp_path: Path) -> None:
        publications = Publications(plain_store(tmp_path), PATHS, None)
        later = datetime.now(UTC) + TOMORROW
        run = self.run_while(tmp_path, lambda: sweep(plain_store(tmp_path), PATHS, DAY, publications, now=later))
        with pytest.raises(Superseded, match=f"^{DAY}: superseded, another run took its lease before run {run_id(1)}"):
            run.execute()
        assert (run.report.status, run.report.location) == ("superseded", None)
        assert served_lines(tmp_path) is None

    def test_by_time_is_noticed_before_the_swap(self, tmp_path: Path) -> None:
        run = self.run_while(tmp_path, lambda: None, lease_minutes=0)
        with pytest.raises(Superseded, match="its lease ended at"):
            run.execute()
        assert served_lines(tmp_path) is None
        assert version_folders(tmp_path) == []

    @pytest.mark.parametrize("is_first", [True, False])
    def test_in_the_swap_itself_takes_a_version_without_files_back(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_first: bool
    ) -> None:
        if not is_first:
            lay_raw(tmp_path, "events.json", "before")
            plain_run(plain_store(tmp_path), tmp_path, run_id(2)).execute()
        before = served_lines(tmp_path)
        lay_raw(tmp_path, "events.json", "good", "good")
        store = HeldUp(tmp_path, monkeypatch)
        run = plain_run(store, tmp_path, run_id(1))
        with pytest.raises(Superseded, match=r"the lease of run .* ended while it published, and another run deleted"):
            run.execute()
        assert store.swept == [run_id(1)]
        assert run.report.status == "superseded"
        assert served_lines(tmp_path) == before
        assert version_folders(tmp_path) == ([] if is_first else [run_id(2)])

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
            plain_run(plain_store(tmp_path), tmp_path, run_id(2), catalog=catalog).execute()
        before = dict(catalog.partitions)
        lay_raw(tmp_path, "events.json", "good", "good")
        store = HeldUp(tmp_path, monkeypatch)
        store.afterwards = lambda: Publications(plain_store(tmp_path), PATHS, catalog).catalog.show(DAY)
        catalog.partitions[DAY] = before.get(DAY, "elsewhere")
        with pytest.raises(Superseded, match="another run deleted its files"):
            plain_run(store, tmp_path, run_id(1), catalog=catalog).execute()
        assert catalog.partitions == before

    def test_in_the_swap_itself_leaves_alone_what_another_run_has_published_since(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lay_raw(tmp_path, "events.json", "good")
        store = HeldUp(tmp_path, monkeypatch)
        store.afterwards = lambda: plain_run(plain_store(tmp_path), tmp_path, run_id(3), force=True).execute()
        with suppress(Superseded):
            plain_run(store, tmp_path, run_id(1)).execute()
        assert served_lines(tmp_path) == ["good"]
        assert version_folders(tmp_path) == [run_id(3)]

    @pytest.mark.parametrize("fails", ["objects", "replace"])
    def test_in_the_swap_itself_ends_as_unknown_where_storage_does_not_answer(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
    ) -> None:
        lay_raw(tmp_path, "events.json", "before")
        plain_run(plain_store(tmp_path), tmp_path, run_id(2)).execute()
        lay_raw(tmp_path, "events.json", "good", "good")
        store = HeldUp(tmp_path, monkeypatch, sweeps=fails == "replace")

        def fail(*_: object, **__: object) -> NoReturn:
            raise AccessDenied("not allowed")

        store.afterwards = lambda: monkeypatch.setattr(store, fails, fail)
        with pytest.raises(CommitStateUnknown, match=r"not known whether run .* was published \(not allowed\)"):
            plain_run(store, tmp_path, run_id(1)).execute()
        assert (run_id(1) in version_folders(tmp_path)) == (fails == "objects")

    def test_to_another_lease_of_its_name_is_noticed_before_the_swap(self, tmp_path: Path) -> None:
        lease = _take(tmp_path, minutes=5)
        plain_store(tmp_path).write(PATHS.lease_key(DAY, run_id(1)), b"of somebody else")
        with pytest.raises(Superseded, match="another run took its lease"):
            lease.renew(now=datetime.now(UTC))

    def test_is_not_taken_over_from_a_run_of_the_same_name(self, tmp_path: Path) -> None:
        _take(tmp_path, minutes=5)
        with pytest.raises(WriteConflict):
            _take(tmp_path, minutes=6)

    def test_is_none_after_it_was_renewed(self, tmp_path: Path) -> None:
        lease, publications = _take(tmp_path, minutes=60), Publications(plain_store(tmp_path), PATHS, None)
        now = datetime.now(UTC)
        lease.renew(now=now + timedelta(minutes=50))
        assert sweep(plain_store(tmp_path), PATHS, DAY, publications, now=now + timedelta(minutes=100)) == []

    def test_is_lost_before_the_files_are(self, tmp_path: Path) -> None:
        """A run that wakes up while it is swept must find that its lease is gone, not only its files."""
        _take(tmp_path, minutes=5)
        deleted: list[str] = []
        store = plain_store(tmp_path)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "delete", lambda _keys: deleted.append("leases"))
            patch.setattr(store, "delete_prefix", deleted.append)
            sweep(store, PATHS, DAY, Publications(store, PATHS, None), now=datetime.now(UTC) + TOMORROW)
        folders = [PATHS.unfinished_quarantine_prefix(DAY, run_id(1)), PATHS.version_prefix(DAY, run_id(1))]
        assert deleted == ["leases", *folders]

    def test_to_an_older_listing_is_none(self, tmp_path: Path) -> None:
        """Clocks differ: others give a lease that has just ended some minutes more than its own run does."""
        _, publications = _take(tmp_path, minutes=0), Publications(plain_store(tmp_path), PATHS, None)
        now = datetime.now(UTC)
        for after, swept in ((timedelta(minutes=4), []), (timedelta(minutes=6), [run_id(1)])):
            assert sweep(plain_store(tmp_path), PATHS, DAY, publications, now=now + after) == swept


def _take(root: Path, *, minutes: int) -> Lease:
    store = plain_store(root)
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
        "leases": plain_run(plain_store(tmp_path), tmp_path, run_id(1)).execute,
    }
    if before == "leases":  # its folder is there when the sweep lists folders
        plain_store(tmp_path).write(f"{PATHS.version_prefix(DAY, run_id(1))}outcome=accepted/part-0.parquet", b"")
    store = Interrupted(tmp_path, before=before, happens=happens[before])
    assert sweep(store, PATHS, DAY, Publications(store, PATHS, None), now=datetime.now(UTC)) == []
    assert version_folders(tmp_path) == [run_id(1)]
