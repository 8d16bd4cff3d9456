"""Which version a rollback goes to, and what it leaves behind, over any sequence of publications and rollbacks."""

import random
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import AccessDenied
from core.publication import Publication, RunInput, Version, from_json, published, rolled_back, to_json, without_expired
from core.publishing import Publications
from tests.unit.pipeline_command import Pipeline
from tests.unit.shop import DAY, Shop

START = datetime(2025, 1, 2, tzinfo=UTC)


class TestRollback:
    def test_goes_back_one_version_each_time_and_never_forward(self, shop: Shop, pipeline: Pipeline) -> None:
        first, second, third = shop.publish(1), shop.publish(2), shop.publish(3)
        back = pipeline.json("rollback", str(DAY)), pipeline.json("rollback", str(DAY))
        assert [(done["published_run_id"], done["withdrawn_run_id"]) for done in back] == [
            (second, third),
            (first, second),
        ]
        result = pipeline("rollback", str(DAY))
        assert (result.exit_code, result.out) == (1, "")
        assert f"{DAY}: no version is older than run {first}, which is published" in result.err
        assert f"choose one of these with --to: {third}, {second}" in result.err
        assert shop.served() == first

    def test_goes_back_over_a_version_that_was_published_again(self, shop: Shop, pipeline: Pipeline) -> None:
        first, second, third = shop.publish(1), shop.publish(2), shop.publish(3)
        for arguments in ((), ("--to", third), (), ()):
            assert pipeline("rollback", str(DAY), *arguments).exit_code == 0
        assert shop.served() == first
        assert second in pipeline("status", str(DAY)).out

    def test_goes_forward_to_the_version_that_is_named(self, shop: Shop, pipeline: Pipeline) -> None:
        _, second, third = shop.publish(1), shop.publish(2), shop.publish(3)
        pipeline("rollback", str(DAY))
        done = pipeline.json("rollback", str(DAY), "--to", third)
        assert (done["published_run_id"], done["withdrawn_run_id"]) == (third, second)
        assert shop.served() == third

    def test_prints_the_command_that_undoes_it_wherever_it_went(self, shop: Shop, pipeline: Pipeline) -> None:
        first, _, third = shop.publish(1), shop.publish(2), shop.publish(3)
        for arguments in ((), (), ("--to", third), ("--to", first)):
            before = shop.served()
            [undo] = [line for line in pipeline("rollback", str(DAY), *arguments).out.splitlines() if "undo" in line]
            after = shop.served()
            assert pipeline(*undo.partition("pipeline ")[2].split()).exit_code == 0
            assert shop.served() == before
            pipeline("rollback", str(DAY), "--to", str(after))

    def test_says_that_it_cannot_be_undone_where_the_files_are_gone(self, shop: Shop, pipeline: Pipeline) -> None:
        first, second = shop.publish(1), shop.publish(2)
        for file in shop.root.rglob(f"*run_id={second}*/**/*.parquet"):
            file.unlink()
        out = " ".join(pipeline("rollback", str(DAY)).out.split())
        assert shop.served() == first
        assert f"run {second} is not complete; its input is blocked" in out
        assert "this cannot be undone before the files are restored: " in out
        assert "to undo" not in out

    def test_succeeds_where_the_files_of_the_version_left_cannot_be_listed(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = shop.publish(1), shop.publish(2)
        look = Publications.integrity_problem

        def fail_on_the_second(publications: Publications, day: date, version: Version) -> str | None:
            if version.run_id == second:
                raise AccessDenied("not allowed to list")
            return look(publications, day, version)

        monkeypatch.setattr(Publications, "integrity_problem", fail_on_the_second)
        result = pipeline("rollback", str(DAY))
        assert (result.exit_code, shop.served()) == (0, first)
        assert "to undo" in result.out

    def test_does_not_depend_on_the_order_of_run_ids_or_on_clocks(self, shop: Shop, pipeline: Pipeline) -> None:
        """A run that began earlier, or on a machine whose clock is behind, may publish later."""
        shop.publish(3)
        second, _ = shop.publish(2), shop.publish(1)
        pipeline("rollback", str(DAY))
        assert shop.served() == second

    def test_orders_versions_of_records_without_sequence_numbers_by_run_id(self) -> None:
        record = _published(None, 1), _published(None, 2), _published(None, 3)
        versions = [replace(one.current, sequence_number=0, run_id=f"2025010{n}") for n, one in enumerate(record)]
        mixed = Publication("events", str(DAY), versions[1], (versions[2], versions[0]))
        assert rolled_back(mixed, None, at=START.isoformat()).current.run_id == "20250100"
        later = _published(mixed, 4)
        assert rolled_back(later, None, at=START.isoformat()).current.run_id == "20250102"


class TestBlockedInput:
    def test_is_that_of_every_version_that_was_withdrawn(self, shop: Shop, pipeline: Pipeline) -> None:
        _, _, third = shop.publish(1), shop.publish(2), shop.publish(3)
        pipeline("rollback", str(DAY))
        pipeline("rollback", str(DAY))
        assert blocked(shop) == {3, 2}
        pipeline("rollback", str(DAY), "--to", third)
        assert 3 not in blocked(shop)
        assert 2 in blocked(shop)

    def test_is_never_that_of_the_version_that_readers_see(self, shop: Shop, pipeline: Pipeline) -> None:
        """Two versions of the same input: a run was forced."""
        shop.publish(1)
        shop.publish(2, raw=2)
        shop.publish(3, raw=2)
        pipeline("rollback", str(DAY))
        assert blocked(shop) == set()
        pipeline("rollback", str(DAY))
        assert blocked(shop) == {2}

    def test_is_named_once_however_often_it_was_withdrawn(self, shop: Shop, pipeline: Pipeline) -> None:
        shop.publish(1)
        shop.publish(2, raw=2)
        shop.publish(3, raw=2)
        for _ in range(2):
            pipeline("rollback", str(DAY))
        record = shop.publications.records.read(DAY).record
        assert record is not None
        assert len(record.blocked) == 1


def blocked(shop: Shop) -> set[int]:
    record = shop.publications.records.read(DAY).record
    assert record is not None
    return {int(one.fingerprint, 16) for one in record.blocked}


@dataclass
class Model:
    """What a record should say, in the plainest words: versions are numbers, in the order of their publication."""

    current: int = 0
    inputs: dict[int, int] = field(default_factory=dict)
    replaced: dict[int, datetime] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)

    def publish(self, raw: int, *, at: datetime) -> None:
        if self.current:
            self.replaced[self.current] = at
        self.current = max(self.inputs, default=0) + 1
        self.inputs[self.current] = raw
        self.blocked = set()
        newest = sorted(self.replaced, key=lambda version: self.replaced[version], reverse=True)
        for expired in newest[2:]:
            if self.replaced[expired] <= at - timedelta(hours=24):
                del self.replaced[expired]

    def go_to(self, version: int, *, at: datetime) -> None:
        self.blocked = (self.blocked | {self.inputs[self.current]}) - {self.inputs[version]}
        self.replaced[self.current] = at
        self.current = version
        del self.replaced[version]

    def older(self) -> int | None:
        return max((version for version in self.replaced if version < self.current), default=None)


@pytest.mark.parametrize("seed", range(60))
def test_any_sequence_of_publications_and_rollbacks_keeps_blocks_and_serves_what_a_plain_model_does(seed: int) -> None:
    chance = random.Random(seed)
    model, now = Model(), START
    record = _published(None, 0)
    names = {1: record.current.run_id}
    model.publish(0, at=now)
    for _ in range(40):
        now += timedelta(minutes=chance.randint(1, 900))
        at = now.isoformat()
        action = chance.choice(["publish", "back", "back", "to"])
        if action == "publish":
            raw = chance.randint(0, 5)
            model.publish(raw, at=now)
            record = _published(record, raw, at=at)
            record = without_expired(record, now=now, keep_versions=2, keep_hours=24)
            names[model.current] = record.current.run_id
        elif action == "to" and model.replaced:
            wanted = chance.choice(sorted(model.replaced))
            model.go_to(wanted, at=now)
            record = rolled_back(record, names[wanted], at=at)
        elif (older := model.older()) is not None:
            model.go_to(older, at=now)
            record = rolled_back(record, None, at=at)
        else:
            with pytest.raises(ValueError, match="no version is older than") as refused:
                rolled_back(record, None, at=at)
            assert [names[kept] in str(refused.value) for kept in model.replaced] == [True] * len(model.replaced)
        record = from_json(to_json(record), source="the test")
        assert record.current.run_id == names[model.current]
        assert {version.run_id for version in record.previous} == {names[version] for version in model.replaced}
        assert {int(one.fingerprint) for one in record.blocked} == model.blocked
        for raw in range(6):
            run_input = RunInput(str(raw), "checksum")
            assert record.blocks(run_input) == (raw in model.blocked)
            assert record.is_up_to_date(run_input) == (raw in model.blocked or raw == model.inputs[model.current])


def _published(before: Publication | None, raw: int, *, at: str = START.isoformat()) -> Publication:
    version = Version(
        run_id=secrets.token_hex(8),
        location="file:///shop/",
        published_at=at,
        replaced_at=None,
        raw={"objects": 1, "bytes": 1, "fingerprint": str(raw)},
        contract={"id": "events", "version": "1.0.0", "checksum": "checksum"},
        rows_read=1,
        rows_quarantined=0,
        duplicates_removed=0,
        rows_written=1,
        files=1,
        bytes=1,
    )
    return published(before, version, dataset="events", ingestion_date=str(DAY))
