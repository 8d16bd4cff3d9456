"""`pipeline erase`: the plan, consent, what is erased of each date, what keeps a date from it, and the receipt."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import IO, Any

import pytest

from adapters.directory import DirectoryStore
from cli import commands
from cli import dataset as cli_dataset
from cli.erase_date import DateErasure
from cli.erase_plan import Look
from core.acceptances import Acceptance, AcceptedCheck, read_acceptance, write_acceptance
from core.leases import take_lease
from core.publication import RunInput, Version
from core.raw_day import list_raw_day
from tests.erasure.everything import holding
from tests.unit.club import DAY, MEMBERS, START, Club, visit
from tests.unit.glue_service import glue_catalog
from tests.unit.pipeline_command import Pipeline

ZORRO = "zorro-4711"
OTHER_DAY = date(2025, 1, 2)


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Club:
    # Beside no other contract: every one in its folder is read, twice.
    club = Club(tmp_path / "data", Path(shutil.copy(MEMBERS, tmp_path)))
    club.root.mkdir()
    monkeypatch.setattr(commands, "curate", lambda _, day, *, force, **__: club.run(day, force=force))
    return club


@pytest.fixture
def pipeline(club: Club, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.setenv("COLUMNS", "160")
    command = Pipeline(club.root, capsys, monkeypatch)
    monkeypatch.setenv("PIPELINE_CONTRACT", str(club.contract_file))
    return command


class Erase:
    """The command for one value, and that it never says the value."""

    def __init__(self, pipeline: Pipeline, value: str = ZORRO, column: str = "user_id") -> None:
        self._pipeline, self._value, self._column = pipeline, value, column

    def __call__(self, *options: str, exit_code: int = 0) -> str:
        result = self._pipeline("erase", "--column", self._column, "--value", self._value, *options)
        assert result.exit_code == exit_code, result
        assert self._value not in result.out + result.err
        return result.out + result.err


@pytest.fixture
def erase(pipeline: Pipeline) -> Erase:
    return Erase(pipeline)


def others(count: int = 5) -> list[Mapping[str, Any]]:
    return [visit(f"v{number}", f"other-{number}") for number in range(count)]


def published(club: Club, day: date = DAY) -> None:
    """Publish a date twice, with rows, a duplicate and malformed lines of the person among those of others."""
    persons = [visit("z1", ZORRO), visit("z1", ZORRO, note="twice"), visit("z2", None, userId=ZORRO)]
    broken = [f'{{"visit": "z3", "user_id": "{ZORRO}"', '{"visit": "v9", "user_id": "other-9']
    club.put(*others(), *persons, *broken, day=day)
    club.put(*persons, '{"visit": "z4", "user_id": "\\u007aorro\\u002d4711"}', name="b.json.gz", day=day)
    assert club.run(day)["status"] == "published"
    assert club.run(day, force=True)["status"] == "published"


class TestPlan:
    def test_counts_what_is_to_be_erased_of_each_date_and_changes_nothing(self, club: Club, erase: Erase) -> None:
        published(club)
        club.put(*others(), day=OTHER_DAY)
        club.run(OTHER_DAY)
        before = {path: path.read_bytes() for path in club.root.rglob("*") if path.is_file()}
        said = erase()
        assert re.search(r"2025-01-01 +8 +2 +6 +2 +2 +a new version, older ones deleted", said), said
        assert "2025-01-02" not in said
        assert "nothing was changed; to carry this out, give the same command with --yes" in said
        assert before == {path: path.read_bytes() for path in club.root.rglob("*") if path.is_file()}

    def test_says_that_nothing_is_to_be_erased(self, club: Club, erase: Erase) -> None:
        club.put(*others())
        assert "is in nothing that runs read or wrote below file://" in erase("--yes")
        assert not (club.root / "erasures").exists()

    def test_is_one_document_for_scripts(self, club: Club, pipeline: Pipeline) -> None:
        published(club)
        document = pipeline.json("erase", "--column", "user_id", "--value", ZORRO)
        found = document["dates"][str(DAY)]
        assert sum(found["raw"].values()) == 8
        assert found["needs_run"]
        assert ZORRO not in json.dumps(document)

    def test_names_how_many_lines_of_others_hold_the_value_and_stay(self, club: Club, erase: Erase) -> None:
        club.put(visit("v1", "other", note=f"like {ZORRO}"), visit("z1", ZORRO))
        assert "1 text of others hold the value in another field and stay; --anywhere erases them too" in erase()

    def test_a_dry_run_asks_for_nothing(self, club: Club, erase: Erase) -> None:
        published(club)
        assert "--yes" not in erase("--dry-run", "--yes")
        assert len(club.raw()) == 10


class TestConsent:
    @pytest.fixture
    def terminal(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)

        def answer(text: str) -> None:
            monkeypatch.setattr("builtins.input", lambda *_: text)

        return answer

    def test_is_given_by_typing_it(self, club: Club, erase: Erase, terminal: Callable[[str], None]) -> None:
        published(club)
        terminal("erase")
        assert "nothing of the person is left" in erase()
        assert holding(club.root, ZORRO) == set()

    @pytest.mark.parametrize("answer", ["", "y", "yes"])
    def test_is_not_given_by_anything_else(
        self, club: Club, erase: Erase, terminal: Callable[[str], None], answer: str
    ) -> None:
        published(club)
        terminal(answer)
        assert "nothing was changed" in erase()
        assert len(club.raw()) == 10


class TestWrongUse:
    @pytest.mark.parametrize(
        ("column", "reason"),
        [
            ("user", "column 'user' is not known; allowed: visit, user_id, number, amount, note, email; did you mean"),
            ("kind", "column kind lists its valid values, so that they tell nobody from another; columns that can: "),
            ("is_new", "column is_new is of type boolean, whose values tell nobody from another"),
            ("email_hash", "column email_hash is derived of email: give a column that it is made of, what is derived"),
            ("ingestion_date", "column 'ingestion_date' is not known"),
        ],
    )
    def test_a_column_that_tells_nobody_is_refused(self, pipeline: Pipeline, column: str, reason: str) -> None:
        result = pipeline("erase", "--column", column, "--value", "x")
        assert result.exit_code == 2
        assert reason in result.err

    @pytest.mark.parametrize(
        ("column", "value"),
        [("number", "x"), ("number", "1.5"), ("number", "1e4567"), ("amount", "1e40"), ("note", " ")],
    )
    def test_a_value_that_the_column_cannot_hold_is_refused_without_being_said(
        self, pipeline: Pipeline, column: str, value: str
    ) -> None:
        result = pipeline("erase", "--column", column, "--value", value)
        assert result.exit_code == 2
        assert "the value " in result.err

    @pytest.mark.parametrize("options", [(), ("--value", "x", "--value-file", "-")])
    def test_the_value_is_given_once(self, pipeline: Pipeline, options: tuple[str, ...]) -> None:
        result = pipeline("erase", "--column", "user_id", *options)
        assert result.exit_code == 2
        assert "--value VALUE, or --value-file FILE" in result.err


def test_the_value_may_come_from_a_file_so_that_no_shell_remembers_it(
    club: Club, pipeline: Pipeline, tmp_path: Path
) -> None:
    published(club)
    (tmp_path / "value").write_text(f"{ZORRO}\n", encoding="utf-8")
    result = pipeline("erase", "--column", "user_id", "--value-file", str(tmp_path / "value"), "--yes")
    assert result.exit_code == 0, result
    assert holding(club.root, ZORRO) == set()


class TestErased:
    def test_everything_of_the_person_goes_and_nothing_of_others(self, club: Club, erase: Erase) -> None:
        published(club)
        rows = [row for row in club.rows() if row["user_id"] != ZORRO]
        kept = [line for line in club.raw() if ZORRO.encode() not in line]
        said = erase("--yes")
        assert holding(club.root, ZORRO) == set()
        assert club.rows() == rows
        assert club.raw() == kept
        assert club.raw("b.json.gz") == []
        assert (club.record().previous, len(list((club.root / "curated").rglob("run_id=*")))) == ((), 1)
        assert "members: 8 records of raw data erased on 1 date; nothing of the person is left in" in said

    def test_a_second_time_there_is_nothing_to_do(self, club: Club, erase: Erase) -> None:
        published(club)
        erase("--yes")
        before = {path: path.read_bytes() for path in club.root.rglob("*") if path.is_file()}
        assert "nothing is to be erased" in erase("--yes")
        assert before == {path: path.read_bytes() for path in club.root.rglob("*") if path.is_file()}

    def test_another_person_is_another_erasure(self, club: Club, pipeline: Pipeline, erase: Erase) -> None:
        published(club)
        erase("--yes")
        Erase(pipeline, "other-1")("--yes")
        assert {row["visit"] for row in club.rows()} == {"v0", "v2", "v3", "v4"}
        assert len(list((club.root / "erasures").rglob("*.receipt.json"))) == 2

    def test_a_date_that_only_quotes_the_person_is_not_run(self, club: Club, erase: Erase) -> None:
        club.put(*others(), f'{{"user_id": "{ZORRO}')
        club.run()
        club.put(*others(), name="a.json")  # delivered again, and right
        club.run()
        club.runs.clear()
        said = erase("--yes")
        assert holding(club.root, ZORRO) == set()
        assert club.runs == []
        assert "receipt: " in said

    def test_an_example_that_was_cut_within_the_value_is_still_the_persons(self, club: Club, erase: Erase) -> None:
        line = "{" + '"note": "' + "x" * 180 + f'", "user_id": "{ZORRO}"'
        club.put(*others(), line)
        assert line[:199] in json.dumps(club.run()["rejected_lines"]).replace("\\", "")
        erase("--yes")
        [path] = [path for path in (club.root / "metrics").rglob("*.json") if "00000000" in path.name]
        metrics = json.loads(path.read_bytes())
        assert [one["example"] for one in metrics["rejected_lines"]] == ["(erased)"]

    def test_a_date_that_was_never_published_has_its_raw_data_erased_and_is_not_run(
        self, club: Club, erase: Erase
    ) -> None:
        club.put(*[f"{{{ZORRO}"] * 9, *others(1))
        assert club.run()["status"] == "gate_failed"
        club.runs.clear()
        erase("--yes")
        assert (holding(club.root, ZORRO), club.runs, len(club.raw())) == (set(), [], 1)

    def test_a_version_that_no_record_names_goes_too(self, club: Club, erase: Erase) -> None:
        published(club)
        orphan = club.root / club.paths.version_prefix(DAY, "20240101T000000Z-00000001")
        current = Path(club.record().current.location.removeprefix("file://"))
        orphan.mkdir()
        (orphan / "part-0.parquet").write_bytes((current / "part-0.parquet").read_bytes())
        erase("--yes")
        assert not orphan.exists()

    def test_hidden_copies_of_raw_objects_are_rewritten_without_a_run(self, club: Club, erase: Erase) -> None:
        club.put(*others())
        club.put(visit("z1", ZORRO), *others(2), name="_tmp.json")
        club.run()
        club.runs.clear()
        erase("--yes")
        assert (len(club.raw("_tmp.json")), club.runs) == (2, [])

    def test_rewritten_files_have_no_checksum_of_what_was_there(self, club: Club, erase: Erase) -> None:
        published(club)
        erase("--yes")
        for path in (club.root / "quarantine").rglob("*.parquet"):
            assert not path.with_name(f".{path.name}.crc").exists() or "00000002" in str(path)

    def test_with_anywhere_lines_of_others_go_too(self, club: Club, erase: Erase) -> None:
        club.put(visit("v1", "other", note=f"like {ZORRO}"), visit("v2", "other", note=f"x{ZORRO}x"), visit("z", ZORRO))
        club.run()
        erase("--yes", "--anywhere")
        assert [row["visit"] for row in club.rows()] == ["v2"]

    def test_numbers_are_compared_as_numbers(self, club: Club, pipeline: Pipeline) -> None:
        club.put(
            '{"visit": "a", "number": 7654321}',
            '{"visit": "b", "number": "7654321"}',
            '{"visit": "c", "number": 76543210}',
        )
        club.run()
        Erase(pipeline, "07654321", "number")("--yes")
        assert [row["visit"] for row in club.rows()] == ["c"]

    def test_a_column_that_is_not_stored_finds_the_rows_by_their_raw_data(self, club: Club, pipeline: Pipeline) -> None:
        club.put(*others(), {"visit": "z", "email": ZORRO})
        club.run()
        first = club.record().current.run_id
        club.put(*others(), {"visit": "z", "email": ZORRO}, name="late.json")
        club.run()
        Erase(pipeline, ZORRO, "email")("--yes")
        assert "z" not in {row["visit"] for row in club.rows()}
        assert first not in {path.name.partition("=")[2] for path in (club.root / "curated").rglob("run_id=*")}


class TestDatesThatNeedAPerson:
    """One date keeps no other from being erased; without a receipt nothing is said to be absent."""

    def test_a_date_whose_run_is_refused_keeps_its_version_and_is_named(self, club: Club, erase: Erase) -> None:
        club.put(visit("z", ZORRO))
        club.run()
        published(club, OTHER_DAY)
        said = erase("--yes", exit_code=1)
        assert "1 of 2 dates not erased, so there is no receipt: 2025-01-01: its rows are still published" in said
        assert "row count is 0" in said
        assert not list((club.root / "erasures").rglob("*.receipt.json"))
        assert not [name for name in holding(club.root, ZORRO) if "2025-01-02" in name]
        club.put(*others())
        erase("--yes")
        assert holding(club.root, ZORRO) == set()
        assert set(club.receipt()["dates"]) == {"2025-01-01", "2025-01-02"}

    def test_a_day_without_any_line_left_is_still_raw_data(self, club: Club, erase: Erase) -> None:
        path = club.put(visit("z", ZORRO))
        club.run()
        erase("--yes", exit_code=1)
        assert path.read_bytes() == b"\n"

    def test_a_date_that_was_rolled_back_is_left_as_it_is(self, club: Club, erase: Erase) -> None:
        club.put(*others(), visit("z", ZORRO))
        club.run()
        club.put(*others(), visit("z", ZORRO), visit("bad", "other"))
        club.run()
        club.publications.rollback(DAY, None, now=START)
        said = erase("--yes", exit_code=1)
        assert "2025-01-01: it was rolled back, and a run would publish the raw data that was withdrawn" in said
        assert len(club.raw()) == 7
        erase("--yes", "--publish-withdrawn")
        assert {row["visit"] for row in club.rows()} == {*(f"v{number}" for number in range(5)), "bad"}

    def test_a_date_that_was_rolled_back_from_raw_data_without_the_person_can_be_published(
        self, club: Club, erase: Erase
    ) -> None:
        club.put(*others(), visit("z", ZORRO))
        club.run()
        club.put(*others(), visit("later", "other"))
        club.run()
        club.publications.rollback(DAY, None, now=START)
        assert "or let it be published with --publish-withdrawn" in erase("--yes", exit_code=1)
        erase("--yes", "--publish-withdrawn")
        assert [row["visit"] for row in club.rows()] == ["later", *(f"v{number}" for number in range(5))]
        assert holding(club.root, ZORRO) == set()

    @pytest.mark.parametrize("step", ["_change_record", "_drop_previous"])
    def test_a_date_that_is_rolled_back_meanwhile_keeps_its_files(
        self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        club.put(*others(), visit("z", ZORRO))
        club.run()
        real, seen = getattr(DateErasure, step), list[Version]()

        def race(erasure: DateErasure, day: date, *arguments: Any) -> None:
            if not seen and club.record().previous:
                seen.append(club.publications.rollback(day, None, now=START).current)
            real(erasure, day, *arguments)

        monkeypatch.setattr(DateErasure, step, race)
        said = erase("--yes", exit_code=1)
        assert f"it was rolled back, or run, meanwhile: run {seen[0].run_id} is published" in said
        assert club.publications.integrity_problem(DAY, club.record().current) is None
        erase("--yes", "--publish-withdrawn")
        assert holding(club.root, ZORRO) == set()
        assert [row["visit"] for row in club.rows()] == [f"v{number}" for number in range(5)]

    def test_a_date_on_which_a_run_is_at_work_is_left(self, club: Club, erase: Erase) -> None:
        published(club)
        lease = take_lease(
            club.store, club.paths, DAY, club.record().current.run_id, now=START.now(START.tzinfo), minutes=9
        )
        assert f"run {lease.run_id} is at work on it, until " in erase("--yes", exit_code=1)
        assert len(club.raw()) == 10
        lease.give_back()
        erase("--yes")

    @pytest.mark.parametrize("minutes", [-9, 9], ids=["its time is over", "its process is gone"])
    def test_a_date_whose_run_is_dead_is_not_left(
        self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch, minutes: int
    ) -> None:
        published(club)
        run_id = club.record().current.run_id
        take_lease(club.store, club.paths, DAY, run_id, now=START.now(START.tzinfo), minutes=minutes)
        if minutes > 0:
            monkeypatch.setattr("core.leases._process", lambda _number: None)
        erase("--yes")
        assert holding(club.root, ZORRO) == set()

    def test_a_version_whose_raw_data_is_gone_is_named(self, club: Club, erase: Erase) -> None:
        club.put(visit("z", ZORRO)).rename(club.root / "away")
        club.put(visit("z", ZORRO), *others())
        club.run()
        (club.root / club.paths.raw_prefix(DAY) / "a.json").unlink()
        (club.root / "away").unlink()
        said = erase("--yes", exit_code=1)
        assert "as no other version could be: its raw data is gone; deliver it again, without these lines" in said
        erase("--yes", "--unpublish")
        assert holding(club.root, ZORRO) == set()

    def test_a_date_that_fails_its_checks_without_the_person_is_taken_from_readers_when_that_is_wanted(
        self, club: Club, erase: Erase
    ) -> None:
        club.put(visit("z", ZORRO))
        club.run()
        said = erase("--yes", exit_code=1)
        assert "or take the date from readers with --unpublish" in said
        erase("--yes", "--unpublish")
        assert holding(club.root, ZORRO) == set()
        assert club.publications.days() == []
        assert list((club.root / "curated").rglob("*.parquet")) == []
        assert club.receipt()["dates"][str(DAY)]["versions_deleted"]
        assert "nothing is to be erased" in erase("--yes", "--unpublish")

    def test_a_date_that_is_taken_from_readers_has_no_partition(
        self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        club.put(visit("z", ZORRO))
        club.run()
        with glue_catalog(monkeypatch, club.contract.table) as glue:
            glue.locations[str(DAY)] = club.record().current.location
            glue.locations[str(OTHER_DAY)] = "file:///others"
            erase("--yes", "--unpublish")
            assert glue.locations == {str(OTHER_DAY): "file:///others"}

    def test_what_a_run_published_meanwhile_is_not_taken_from_readers(
        self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        club.put(visit("z", ZORRO))
        club.run()
        remove, seen = DirectoryStore.remove, []

        def race(store: DirectoryStore, key: str, *, expected: str) -> None:
            club.put(*others())
            club.run()
            seen.append(club.record().current.run_id)
            remove(store, key, expected=expected)

        monkeypatch.setattr(DirectoryStore, "remove", race)
        with glue_catalog(monkeypatch, club.contract.table) as glue:
            glue.locations[str(DAY)] = club.record().current.location
            said = erase("--yes", "--unpublish", exit_code=1)
            assert "a run published while it was taken from readers: " in said
            assert club.record().current.run_id == seen[0]
            assert glue.locations[str(DAY)] == club.record().current.location
            monkeypatch.setattr(DirectoryStore, "remove", remove)
            erase("--yes")
        assert club.record().current.run_id == seen[0]
        assert holding(club.root, ZORRO) == set()

    def test_a_run_that_broke_takes_no_date_from_readers(
        self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        published(club)
        broken = {"status": "error", "message": "out of memory", "log": "-"}
        monkeypatch.setattr(commands, "curate", lambda *_, **__: broken)
        said = erase("--yes", "--unpublish", exit_code=1)
        assert "its rows are still published, as the run broke: out of memory" in said
        assert club.record().current.run_id

    def test_a_damaged_object_is_named_as_nobody_can_tell_what_it_holds(self, club: Club, erase: Erase) -> None:
        published(club)
        path = club.put(*others(), name="c.json.gz")
        path.write_bytes(path.read_bytes()[:-9])
        assert "c.json.gz is no complete gzip file" in erase("--yes", exit_code=1)

    def test_an_object_that_nobody_reads_is_left_to_people(self, club: Club, erase: Erase) -> None:
        published(club)
        path = club.put(f"z,{ZORRO}", name="_people.csv")
        said = erase("--yes", exit_code=1)
        assert "still there: raw/source_system=club/ingestion_date=2025-01-01/_people.csv: 1 in text that is no" in said
        assert not club.receipt()["absent"]
        path.unlink()
        assert "nothing of the person is left" in erase("--yes")
        assert club.receipt()["absent"]


class TestAcceptedDates:
    def accept(self, club: Club, reason: str) -> Acceptance:
        raw = list_raw_day(club.store, club.paths, DAY, club.contract.raw_objects)
        accepted = Acceptance(
            run_id=club.record().current.run_id,
            input=RunInput(raw.fingerprint, club.contract.checksum),
            checks=(AcceptedCheck("rows_usual", "rowCount", None),),
            reason=reason,
            accepted_by="who",
            accepted_at="2025-01-02T00:00:00.000+00:00",
        )
        write_acceptance(club.store, club.paths, DAY, accepted)
        return accepted

    def test_what_people_accepted_holds_for_what_is_left(self, club: Club, erase: Erase) -> None:
        published(club)
        before = self.accept(club, f"{ZORRO} tried it out")
        erase("--yes")
        found = read_acceptance(club.store, club.paths, DAY)
        assert found is not None
        assert found.input == club.record().current.input != before.input
        assert (found.checks, found.accepted_by) == (before.checks, "who")
        assert found.reason == "(erased) tried it out"

    def test_what_arrives_meanwhile_was_accepted_by_nobody(
        self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        published(club)
        before = self.accept(club, "holiday")
        rewrite = DateErasure._rewrite_raw  # noqa: SLF001  the moment at which something arrives

        def rewrite_late(erasure: DateErasure, day: date, look: Look) -> None:
            rewrite(erasure, day, look)
            club.store.write(f"{club.paths.raw_prefix(DAY)}late.json", b"{}")

        monkeypatch.setattr(DateErasure, "_rewrite_raw", rewrite_late)
        erase("--yes")
        found = read_acceptance(club.store, club.paths, DAY)
        assert found is not None
        assert found.input == before.input

    def test_an_acceptance_of_other_raw_data_stays_as_it_is(self, club: Club, erase: Erase) -> None:
        club.put(*others())
        club.run()
        before = self.accept(club, "holiday")
        published(club)
        erase("--yes")
        assert read_acceptance(club.store, club.paths, DAY) == before


class TestReceipt:
    def test_names_where_the_value_stands_in_lines_of_others(self, club: Club, erase: Erase) -> None:
        club.put(visit("v1", "other", note=f"like {ZORRO}"), visit("v2", f"{ZORRO}0"), visit("z", ZORRO))
        club.run()
        said = erase("--yes")
        assert "a.json: 1 in other fields, 1 in longer words" in said
        left = {item["key"].partition("/")[0]: item for item in club.receipt()["still_there"]}
        assert set(left) == {"raw", "curated"}
        assert left["curated"]["places"] == {"field": 1, "column note": 1}
        assert {name.partition("/")[0] for name in holding(club.root, ZORRO)} == {"raw", "curated"}
        assert club.receipt()["absent"]

    def test_says_what_was_done_by_whom_and_never_the_value(self, club: Club, erase: Erase) -> None:
        published(club)
        before = club.record()
        erase("--yes")
        receipt = club.receipt()
        found = receipt["dates"][str(DAY)]
        assert found["raw_records"] == 8
        assert found["versions_deleted"] == sorted(version.run_id for version in before.versions)
        assert found["published_run_id"] == club.record().current.run_id
        assert receipt["value_sha256"] == hashlib.sha256(f"{receipt['salt']}{ZORRO}".encode()).hexdigest()
        assert "backups, replicas and copies that others have made" in {one["what"] for one in receipt["out_of_reach"]}
        for path in (club.root / "erasures").rglob("*.json"):
            assert ZORRO not in path.read_text(encoding="utf-8")

    def test_names_of_objects_that_hold_the_value_are_told_without_it(self, club: Club, erase: Erase) -> None:
        club.put(visit("z", ZORRO), *others(), name=f"of-{ZORRO}.json")
        club.run()
        erase("--yes")
        assert [item["key"].rpartition("/")[2] for item in club.receipt()["still_there"]] == ["of-(erased).json"]

    def test_counts_in_documents_are_not_taken_for_a_number_of_the_person(self, club: Club, pipeline: Pipeline) -> None:
        club.put(*["{broken"] * 47)
        before = club.run()
        club.put(*others(), '{"visit": "z", "number": 47}')
        club.run()
        assert pipeline("erase", "--column", "number", "--value", "47", "--yes").exit_code == 0
        after = json.loads((club.root / club.paths.metrics_key(DAY, before["run_id"])).read_bytes())
        assert "47 x malformed, for example {broken in a.json" in after["message"]
        assert {row["visit"] for row in club.rows()} == {f"v{number}" for number in range(5)}

    def test_looks_into_files_that_are_no_objects_of_a_directory(self, club: Club, erase: Erase) -> None:
        published(club)
        hidden = club.put(visit("z", ZORRO), name=".a.json.swp")
        said = erase("--yes", exit_code=1)
        assert "still there: raw/source_system=club/ingestion_date=2025-01-01/.a.json.swp: 1 in the column" in said
        hidden.unlink()
        erase("--yes")
        assert holding(club.root, ZORRO) == set()

    def test_a_report_that_quotes_the_person_is_left_to_people(self, club: Club, erase: Erase) -> None:
        published(club)
        report = club.root / "reports" / "members" / "index.html"
        report.parent.mkdir(parents=True)
        report.write_text(f"<p>{ZORRO}</p>", encoding="utf-8")
        assert "still there: reports/members/index.html: 1 in a document" in erase("--yes", exit_code=1)

    def test_names_other_datasets_of_the_same_raw_data(
        self, club: Club, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        folder = tmp_path / "contracts"
        folder.mkdir()
        text = club.contract_file.read_text(encoding="utf-8")
        (folder / "members.odcs.yaml").write_text(text, encoding="utf-8")
        (folder / "guests.odcs.yaml").write_text(text.replace("name: members", "name: guests"), encoding="utf-8")
        monkeypatch.setenv("PIPELINE_CONTRACT", str(folder / "members.odcs.yaml"))
        published(club)
        said = Erase(pipeline)("--yes")
        assert "dataset guests reads the same raw data: erase the person there too" in said


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
