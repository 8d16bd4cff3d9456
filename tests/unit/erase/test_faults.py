"""`pipeline erase` when it is interrupted, races with others, or finds what is damaged or cannot be read."""

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.directory import DirectoryStore
from cli import commands
from cli import dataset as cli_dataset
from core.errors import AccessDenied
from core.leases import take_lease
from core.ports import StoredObject, WriteConflict
from core.times import iso
from erasure.objects import RawText
from tests.erasure.everything import holding
from tests.unit.club import DAY, START, Club, visit
from tests.unit.erase.person import OTHER_DAY, ZORRO, Erase, others, published
from tests.unit.glue_service import glue_catalog
from tests.unit.pipeline_command import Pipeline


class Interrupting(DirectoryStore):
    """A store whose command is interrupted just before its n-th change."""

    def __init__(self, root: str, change: int) -> None:
        super().__init__(root)
        self.left = change

    def _write(self, key: str, content: IO[bytes]) -> None:
        self._count_down()
        super()._write(key, content)

    def delete(self, keys: Iterable[str]) -> None:
        self._count_down()
        super().delete(keys)

    def delete_prefix(self, prefix: str) -> None:
        self._count_down()
        super().delete_prefix(prefix)

    def _count_down(self) -> None:
        if self.left == 0:
            self.left = -1
            raise KeyboardInterrupt
        self.left -= 1


def test_interrupted_before_any_change_the_same_command_comes_to_the_same_end(
    club: Club, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    published(club)
    club.put(*others(), visit("z", ZORRO), day=OTHER_DAY)
    club.run(OTHER_DAY)
    expected = [[row for row in club.rows(day) if row["user_id"] != ZORRO] for day in (DAY, OTHER_DAY)]
    shutil.copytree(club.root, tmp_path / "before")
    change, is_interrupted = 0, True
    while is_interrupted:
        shutil.rmtree(club.root)
        shutil.copytree(tmp_path / "before", club.root)
        store = Interrupting(str(club.root), change)
        monkeypatch.setattr(cli_dataset, "open_store", lambda _, store=store: store)
        first = pipeline("erase", "--column", "user_id", "--value", ZORRO, "--yes")
        is_interrupted = store.left == -1
        assert first.exit_code == (130 if is_interrupted else 0), (change, first)
        assert not is_interrupted or "give the same command again" in first.err or change == 0, first
        Erase(pipeline)("--yes")
        assert holding(club.root, ZORRO) == set(), change
        assert [club.rows(day) for day in (DAY, OTHER_DAY)] == expected
        assert [club.record(day).previous for day in (DAY, OTHER_DAY)] == [(), ()]
        assert sum(found["raw_records"] for found in club.receipt()["dates"].values()) == 9, change
        change += 1
    assert change > 20


def test_two_commands_for_one_value_do_not_get_into_each_others_way(
    club: Club, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(club)

    def meanwhile(_: object, day: date, **__: object) -> Mapping[str, Any]:
        [state] = (club.root / "erasures").rglob("*.json")
        state.write_bytes(state.read_bytes() + b" ")
        return club.run(day)

    monkeypatch.setattr(commands, "curate", meanwhile)
    result = pipeline("erase", "--column", "user_id", "--value", ZORRO, "--yes")
    assert result.exit_code == 1
    assert "another command erases the same value" in result.err


def test_an_object_that_changes_while_it_is_rewritten_is_read_again(
    club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    club.put(visit("z", ZORRO), *others())

    class Delivering(DirectoryStore):
        """A store into which the source delivers once more, between reading and writing."""

        is_done = False

        def upload(self, key: str, content: IO[bytes], *, expected: str) -> None:
            if not self.is_done and key.startswith("raw/"):
                self.is_done = True
                club.put(visit("z", ZORRO), visit("y", ZORRO), *others(3))
            super().upload(key, content, expected=expected)

    monkeypatch.setattr(cli_dataset, "open_store", lambda _: Delivering(str(club.root)))
    erase("--yes")
    assert len(club.raw()) == 3


class TestWhatDeadRunsLeft:
    """Spark writes into a folder beside the version; a run that is killed leaves unfinished files there."""

    @pytest.fixture
    def unfinished(self, club: Club) -> list[Path]:
        published(club)
        club.put(*others(), visit("z", ZORRO), day=OTHER_DAY)
        dead = f"{START:%Y%m%dT%H%M%SZ}-deadbeef"
        prefixes = (club.paths.version_prefix(OTHER_DAY, dead), club.paths.quarantine_prefix(OTHER_DAY, dead))
        files = [club.root / prefix / "_temporary/0/_temporary/attempt_1/part-0.snappy.parquet" for prefix in prefixes]
        for path, content in zip(files, (b"", b"PAR1" + ZORRO.encode()), strict=True):
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
        return files

    def test_is_passed_over_by_the_plan_and_goes(self, club: Club, erase: Erase, unfinished: list[Path]) -> None:
        assert "2025-01-02" in erase("--dry-run")
        assert all(path.exists() for path in unfinished)
        erase("--yes")
        assert holding(club.root, ZORRO) == set()
        assert club.receipt()["absent"]
        assert not any(path.exists() for path in unfinished)

    def test_goes_where_nothing_else_holds_the_person(self, club: Club, erase: Erase, unfinished: list[Path]) -> None:
        erase("--yes")
        for path, content in zip(unfinished, (b"", b"PAR1" + ZORRO.encode()), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        unfinished[0].unlink()
        shutil.rmtree(club.root / club.paths.version_prefix(OTHER_DAY, f"{START:%Y%m%dT%H%M%SZ}-deadbeef"))
        assert "what killed runs left is deleted" in erase("--dry-run")
        erase("--yes")
        assert holding(club.root, ZORRO) == set()
        assert not any(path.exists() for path in unfinished)

    def test_goes_where_the_version_itself_is_published(self, club: Club, erase: Erase) -> None:
        club.put(*others())
        club.run()
        version = club.root / club.paths.version_prefix(DAY, club.record().current.run_id)
        left = version / "_temporary/0/part-0.parquet"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"PAR1")
        erase("--yes")
        assert (left.exists(), club.receipt()["absent"], len(club.rows())) == (False, True, 5)
        assert "nothing is to be erased" in erase("--yes")

    def test_of_a_run_that_is_at_work_stays(self, club: Club, erase: Erase) -> None:
        club.put(*others())
        run_id = f"{START:%Y%m%dT%H%M%SZ}-deadbeef"
        path = club.root / club.paths.version_prefix(DAY, run_id) / "_temporary/0/part-0.parquet"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"PAR1")
        take_lease(club.store, club.paths, DAY, run_id, now=datetime.now(UTC), minutes=9)
        assert "nothing is to be erased" in erase("--yes")
        assert path.exists()

    def test_goes_on_dates_in_which_nothing_is_found_too(self, club: Club, erase: Erase) -> None:
        published(club)
        club.put(*others(), day=OTHER_DAY)
        left = club.root / club.paths.version_prefix(OTHER_DAY, f"{START:%Y%m%dT%H%M%SZ}-deadbeef") / "part-0.parquet"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"PAR1 is cut off")
        erase("--yes")
        assert (club.receipt()["absent"], left.exists()) == (True, False)


class TestWhatCannotBeRead:
    """It is a problem of its own date: the plan says what to do, and the other dates go on."""

    @pytest.fixture(params=["empty", "cut off", "zeros"])
    def damage(self, request: pytest.FixtureRequest) -> Callable[[bytes], bytes]:
        return {"empty": lambda _: b"", "cut off": lambda data: data[:50], "zeros": lambda data: data[:40] + bytes(90)}[
            request.param
        ]

    def test_a_damaged_quarantine_file(self, club: Club, erase: Erase, damage: Callable[[bytes], bytes]) -> None:
        published(club)
        published(club, OTHER_DAY)
        path = next((club.root / "quarantine" / "members" / "ingestion_date=2025-01-01").rglob("*.parquet"))
        whole = path.read_bytes()
        path.write_bytes(damage(whole))
        name = path.relative_to(club.root).as_posix()
        said = erase("--dry-run")
        assert f"2025-01-01 can only be erased once this is mended: {name} is no complete Parquet file (" in said
        assert "so nobody can tell what it holds; replace or delete it" in said
        assert "1 of 2 dates not erased" in erase("--yes", exit_code=1)
        path.write_bytes(whole)
        assert not [name for name in holding(club.root, ZORRO) if "2025-01-02" in name]
        erase("--yes")
        assert holding(club.root, ZORRO) == set()

    def test_text_that_is_none_in_a_quarantine_file(self, club: Club, erase: Erase) -> None:
        published(club)
        path = next((club.root / "quarantine").rglob("*.parquet"))
        table = pq.read_table(path)
        broken = pa.array([b"\xff"] * table.num_rows).view(pa.string())
        at = table.column_names.index("source_object")
        pq.write_table(table.set_column(at, "source_object", broken), path)
        assert "is no complete Parquet file ('utf-8' codec can't decode" in erase("--yes", exit_code=1)

    def test_a_damaged_version_that_readers_get_is_written_again_first(
        self, club: Club, erase: Erase, damage: Callable[[bytes], bytes]
    ) -> None:
        published(club)
        path = (
            club.root / club.paths.version_prefix(DAY, club.record().current.run_id) / "outcome=accepted/part-0.parquet"
        )
        path.write_bytes(damage(path.read_bytes()))
        told = "and readers get it; write the date again: pipeline run 2025-01-01 --force"
        assert told in erase("--dry-run")
        assert told in erase("--yes", exit_code=1)
        club.run(force=True)
        erase("--yes")
        assert holding(club.root, ZORRO) == set()
        assert club.publications.integrity_problem(DAY, club.record().current) is None

    def test_a_damaged_version_before_the_published_one_goes_with_it(
        self, club: Club, erase: Erase, damage: Callable[[bytes], bytes]
    ) -> None:
        club.put(*others())
        club.run()
        club.run(force=True)
        path = (
            club.root
            / club.paths.version_prefix(DAY, club.record().previous[0].run_id)
            / "outcome=accepted/part-0.parquet"
        )
        path.write_bytes(damage(path.read_bytes()))
        erase("--yes")
        assert (club.record().previous, path.exists()) == ((), False)
        assert len(club.rows()) == 5

    def test_a_file_that_is_gone_by_then_is_none(
        self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        published(club)
        [*_, last] = (club.root / "quarantine").rglob("*.parquet")

        class Vanishing(DirectoryStore):
            def download(self, key: str, into: IO[bytes]) -> str | None:
                last.unlink(missing_ok=True)
                return super().download(key, into)

        monkeypatch.setattr(cli_dataset, "open_store", lambda _: Vanishing(str(club.root)))
        erase("--yes")
        assert holding(club.root, ZORRO) == set()

    def test_a_document_of_a_date(self, club: Club, erase: Erase) -> None:
        published(club)
        published(club, OTHER_DAY)
        path = club.root / club.paths.replays_key(DAY)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"[")
        assert "1 of 2 dates not erased, so there is no receipt: 2025-01-01: " in erase("--yes", exit_code=1)
        assert not [name for name in holding(club.root, ZORRO) if "2025-01-02" in name]
        path.unlink()
        erase("--yes")
        assert holding(club.root, ZORRO) == set()
        assert club.receipt()["dates"]["2025-01-01"]["raw_records"] == 8

    def test_a_folder_of_a_date(self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch) -> None:
        published(club)
        published(club, OTHER_DAY)
        closed, scandir = club.root / club.paths.raw_prefix(DAY), os.scandir

        def fail(folder: Any) -> Any:
            if folder == closed:
                raise PermissionError(errno.EACCES, "Permission denied", str(folder))
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", fail)
        assert f"2025-01-01: cannot list file://{closed}: Permission denied" in erase("--yes", exit_code=1)
        monkeypatch.undo()
        assert not [name for name in holding(club.root, ZORRO) if "2025-01-02" in name]

    def test_what_nobody_may_read_is_said_once_and_nothing_begins(
        self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        published(club)
        published(club, OTHER_DAY)

        class Denied(DirectoryStore):
            def download(self, *_: object) -> NoReturn:
                raise AccessDenied("not allowed to read; the caller needs s3:GetObject")

        monkeypatch.setattr(cli_dataset, "open_store", lambda _: Denied(str(club.root)))
        assert erase("--yes", exit_code=1).count("the caller needs s3:GetObject") == 1
        assert not (club.root / "erasures").exists()

    def test_a_machine_without_room_for_copies(self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch) -> None:
        published(club)

        def fail(*_: object, **__: object) -> NoReturn:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(RawText, "rewrite", fail)
        said = erase("--yes", exit_code=1)
        assert re.search(r"no copy could be made below \S+: No space left on device; make room there, or name", said)

    @pytest.mark.parametrize("content", [b"7z\xbc\xaf\x27\x1c rest", b"PAR1 and no more"], ids=["7z", "parquet"])
    def test_an_object_that_cannot_be_searched_is_named_and_nothing_is_said_to_be_absent(
        self, club: Club, erase: Erase, content: bytes
    ) -> None:
        published(club)
        odd = club.root / club.paths.raw_prefix(DAY) / "_notes"
        odd.write_bytes(content)
        said = erase("--yes", exit_code=1)
        assert f"not searched: {odd.relative_to(club.root).as_posix()}: " in said
        assert (club.receipt()["absent"], len(club.receipt()["not_searched"])) == (False, 1)


def test_what_arrives_during_the_search_is_after_the_time_that_the_receipt_names(
    club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(club)
    arrived: list[datetime] = []

    class Receiving(DirectoryStore):
        def objects(self, prefix: str) -> list[StoredObject]:
            if prefix == club.paths.raw:
                arrived.append(datetime.now(UTC))
            return super().objects(prefix)

    monkeypatch.setattr(cli_dataset, "open_store", lambda _: Receiving(str(club.root)))
    erase("--yes")
    assert club.receipt()["searched_at"] <= iso(arrived[-1])


def test_a_run_that_fails_though_its_input_is_published_keeps_the_date_from_nothing(
    club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run has published the same raw data first, or the catalog failed behind the swap."""
    published(club)

    def superseded(_: object, day: date, *, force: bool, **__: object) -> Mapping[str, Any]:
        return {**club.run(day, force=force), "status": "superseded", "message": "another run published"}

    monkeypatch.setattr(commands, "curate", superseded)
    erase("--yes")
    assert holding(club.root, ZORRO) == set()


def test_readers_are_shown_the_version_that_is_left_before_the_others_go(
    club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A catalog that failed behind the swap still shows a version that is deleted next."""
    published(club)
    with glue_catalog(monkeypatch, club.contract.table) as glue:
        glue.locations[str(DAY)] = club.record().current.location
        erase("--yes")
        assert glue.locations[str(DAY)] == club.record().current.location


def test_a_write_of_its_own_whose_answer_got_lost_is_no_other_command(
    club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(club)

    class LosesAnswers(DirectoryStore):
        def replace(self, key: str, data: bytes, *, expected: str | None) -> str:
            version = super().replace(key, data, expected=expected)
            if key.startswith("erasures/"):
                raise WriteConflict(key)
            return version

    monkeypatch.setattr(cli_dataset, "open_store", lambda _: LosesAnswers(str(club.root)))
    erase("--yes")
    assert club.receipt()["absent"]
