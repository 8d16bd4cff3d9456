"""A run is killed before each single change it makes to the store: readers and the next run must not notice."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from adapters.directory import DirectoryStore
from curation.version import WriteRequest, WrittenVersion
from tests.faults.plain_runs import DAY, PATHS, lay_raw, plain_run, run_id, served_lines

_KILLED = 137


class KilledBefore(DirectoryStore):
    """A store whose process dies, with no clean-up of any kind, just before its n-th change."""

    def __init__(self, root: str, change: int) -> None:
        super().__init__(root)
        self._changes_left = change

    def write(self, key: str, data: bytes) -> None:
        self._count_down()
        super().write(key, data)

    def delete(self, keys: Iterable[str]) -> None:
        self._count_down()
        super().delete(keys)

    def delete_prefix(self, prefix: str) -> None:
        self._count_down()
        super().delete_prefix(prefix)

    def _count_down(self) -> None:
        if self._changes_left == 0:
            os._exit(_KILLED)
        self._changes_left -= 1


def _run_in_child(root: Path, number: int, *, killed_before: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            plain_run(KilledBefore(str(root), killed_before), root, run_id(number)).execute()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("published_before", [False, True], ids=["first run of the day", "rerun with late data"])
def test_a_run_killed_before_any_change_leaves_one_complete_version_and_the_next_run_cleans_up(
    tmp_path: Path, *, published_before: bool
) -> None:
    store = DirectoryStore(str(tmp_path))
    lay_raw(tmp_path, "events.json", "first")
    if published_before:
        plain_run(store, tmp_path, run_id(0)).execute()
    lay_raw(tmp_path, "late.json", "late")
    before, after = (["first"] if published_before else None), ["first", "late"]
    changes = 0
    seen = []
    while True:
        exit_code = _run_in_child(tmp_path, 1 + changes, killed_before=changes)
        seen.append(served_lines(tmp_path))
        assert seen[-1] in (before, after)
        if exit_code == 0:
            break
        assert exit_code == _KILLED
        if seen[-1] == after:  # killed after the swap: what is left to do must not need the same input again
            lay_raw(tmp_path, "late.json", "late", *(["more"] * (changes + 1)))
            before, after = after, ["first", "late", *(["more"] * (changes + 1))]
        changes += 1
    assert changes >= 6, "the run makes fewer changes than this test is about"
    plain_run(store, tmp_path, run_id(999), force=True).execute()
    _assert_only_recorded_versions_remain(store)


def _assert_only_recorded_versions_remain(store: DirectoryStore) -> None:
    record = plain_run(store, Path(), run_id(0)).publications.records.read(DAY).record
    assert record is not None
    recorded = {PATHS.version_prefix(DAY, version.run_id) for version in record.versions}
    assert set(store.folders(PATHS.versions_prefix(DAY))) == recorded
    assert store.objects(PATHS.leases_prefix(DAY)) == []


def test_a_live_run_keeps_its_files_when_another_run_sweeps(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    lay_raw(tmp_path, "events.json", "first")
    first, second = plain_run(store, tmp_path, run_id(1)), plain_run(store, tmp_path, run_id(2), force=True)
    write_first = first.write_version

    def write_while_another_run_passes(request: WriteRequest) -> WrittenVersion:
        written = write_first(request)
        second.execute()
        return written

    first.write_version = write_while_another_run_passes
    first.execute()
    assert (first.report.status, first.report.published_run_id) == ("unchanged", run_id(2))
    assert second.report.cleaned_up == []
    assert served_lines(tmp_path) == ["first"]
    assert store.folders(PATHS.versions_prefix(DAY)) == [PATHS.version_prefix(DAY, run_id(2))]
