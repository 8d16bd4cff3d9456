"""`pipeline erase`: what keeps a date from being erased, and what people accepted of one."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.directory import DirectoryStore
from cli import commands
from cli.erase_date import DateErasure
from cli.erase_plan import Look
from core.acceptances import Acceptance, AcceptedCheck, read_acceptance, write_acceptance
from core.leases import take_lease
from core.publication import Publication, RunInput, Version, rolled_back
from core.publishing import Publications
from core.raw_day import list_raw_day
from tests.erasure.everything import holding
from tests.unit.club import DAY, START, Club, visit
from tests.unit.erase.person import OTHER_DAY, ZORRO, Erase, others, published
from tests.unit.glue_service import glue_catalog


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

    def test_no_version_is_deleted_that_a_rollback_meanwhile_has_left_in_the_catalog(
        self, club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for lines in ([visit("z", ZORRO)], [], [visit("later", "other")]):
            club.put(*others(), *lines)
            club.run()
        third, second, _ = club.record().versions
        rewrite, discard = Publications.rewrite, Publications.discard
        shown_when_deleted: dict[str, str] = {}

        def race(publications: Publications, day: date, change: Callable[[Publication], Publication]) -> object:
            if club.record().current.run_id == third.run_id and change.__name__ == "without_previous":
                rewrite(publications, day, lambda record: rolled_back(record, None, at=START.isoformat()))
            return rewrite(publications, day, change)

        def noted(publications: Publications, day: date, run_id: str) -> None:
            shown_when_deleted[run_id] = glue.locations[str(day)]
            discard(publications, day, run_id)

        monkeypatch.setattr(Publications, "rewrite", race)
        monkeypatch.setattr(Publications, "discard", noted)
        with glue_catalog(monkeypatch, club.contract.table) as glue:
            glue.locations[str(DAY)] = third.location
            erase("--yes")
        assert club.record().versions[0].run_id == second.run_id
        assert shown_when_deleted[third.run_id] == second.location

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
        assert club.publications.records.days() == []
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


class TestGoingOn:
    """The same person in a later command, after one in which a date could not be finished."""

    @pytest.fixture
    def damaged(self, club: Club) -> Path:
        """A damaged object of the first date; the second one has a line of somebody else with the value in its note."""
        published(club)
        club.put(*others(), visit("z", ZORRO), visit("friend", "other", note=f"with {ZORRO}"), day=OTHER_DAY)
        club.run(OTHER_DAY)
        path = club.put(*others(), name="c.json.gz")
        path.write_bytes(path.read_bytes()[:-9])
        return path

    def test_keeps_how_far_the_first_one_was_to_go(self, club: Club, erase: Erase, damaged: Path) -> None:
        damaged.rename(club.root / "away")
        damaged.write_bytes(b"\x1f\x8b damaged")
        club.put(*others(), visit("friend", "other", note=f"with {ZORRO}"))
        erase("--yes", "--anywhere", exit_code=1)
        damaged.unlink()
        erase("--yes")
        assert "friend" not in {row["visit"] for day in (DAY, OTHER_DAY) for row in club.rows(day)}

    def test_may_go_further_than_the_first_one(self, club: Club, erase: Erase, damaged: Path) -> None:
        erase("--yes", exit_code=1)
        assert "friend" in {row["visit"] for row in club.rows(OTHER_DAY)}
        damaged.unlink()
        erase("--yes", "--anywhere")
        assert "friend" not in {row["visit"] for row in club.rows(OTHER_DAY)}
        assert holding(club.root, ZORRO) == set()

    def test_keeps_that_withdrawn_raw_data_may_be_published(self, club: Club, erase: Erase) -> None:
        club.put(*others(), visit("z", ZORRO))
        club.run()
        club.put(*others(), visit("z", ZORRO), visit("bad", "other"))
        club.run()
        club.publications.rollback(DAY, None, now=START)
        damaged = club.put(b"\x1f\x8b damaged", name="c.json")
        erase("--yes", "--publish-withdrawn", exit_code=1)
        damaged.unlink()
        erase("--yes")
        assert "bad" in {row["visit"] for row in club.rows()}
        assert holding(club.root, ZORRO) == set()


def test_a_date_on_which_a_run_begins_meanwhile_is_not_taken_from_readers(
    club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    club.put(visit("z", ZORRO))
    club.run()

    def refused(_: object, day: date, *, force: bool, **__: object) -> Mapping[str, Any]:
        outcome = club.run(day, force=force)
        take_lease(club.store, club.paths, DAY, "20250601T000000Z-0000beef", now=START.now(START.tzinfo), minutes=9)
        return outcome

    monkeypatch.setattr(commands, "curate", refused)
    said = erase("--yes", "--unpublish", exit_code=1)
    assert "run 20250601T000000Z-0000beef is at work on it, until " in said
    assert club.publications.records.days() == [DAY]


def test_raw_data_that_arrives_after_the_run_keeps_the_date_open(
    club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(club)

    def overtaken(_: object, day: date, *, force: bool, **__: object) -> Mapping[str, Any]:
        outcome = club.run(day, force=force)
        club.put(visit("late", "other"), name="late.json")
        return outcome

    monkeypatch.setattr(commands, "curate", overtaken)
    assert "its raw data changed, or it was rolled back, while it was run" in erase("--yes", exit_code=1)
    monkeypatch.setattr(commands, "curate", lambda _, day, *, force, **__: club.run(day, force=force))
    erase("--yes")
    assert "late" in {row["visit"] for row in club.rows()}


def test_a_partition_that_cannot_be_removed_keeps_the_date_from_being_taken_from_readers(
    club: Club, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    club.put(visit("z", ZORRO))
    club.run()
    with glue_catalog(monkeypatch, club.contract.table) as glue:
        glue.denied = {"DeletePartition"}
        glue.locations[str(DAY)] = club.record().current.location
        assert "glue:DeletePartition" in erase("--yes", "--unpublish", exit_code=1)
        assert (club.publications.records.days(), list(glue.locations)) == ([DAY], [str(DAY)])
        glue.denied, glue.locations = set(), {}  # somebody else has removed it
        erase("--yes", "--unpublish")
        assert club.publications.records.days() == []


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

    def test_they_hold_where_the_first_look_at_the_date_failed(self, club: Club, erase: Erase) -> None:
        published(club)
        before = self.accept(club, "a trial")
        notes = club.root / club.paths.replays_key(DAY)
        notes.parent.mkdir(parents=True)
        notes.write_bytes(b"[")
        erase("--yes", exit_code=1)
        notes.unlink()
        erase("--yes")
        found = read_acceptance(club.store, club.paths, DAY)
        assert found is not None
        assert found.input.fingerprint != before.input.fingerprint
        assert found.input == club.record().current.input

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
