"""`pipeline rollback` and `pipeline repair`: which version of a day readers get."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.unit.glue_service import glue_catalog
from tests.unit.pipeline_command import Pipeline, lines_with
from tests.unit.shop import CONTRACT, DAY, Shop


class TestRollback:
    def test_publishes_the_replaced_version(self, shop: Shop, pipeline: Pipeline) -> None:
        first, second = shop.publish(1), shop.publish(2)
        result = pipeline("rollback", str(DAY))
        assert result.exit_code == 0
        assert shop.served() == first
        assert f"to undo: pipeline rollback {DAY} --to {second}" in result.out

    def test_says_afterwards_that_the_raw_data_is_blocked(self, shop: Shop, pipeline: Pipeline) -> None:
        shop.publish(1)
        shop.publish(2)
        assert "its input is blocked: only --force publishes it again" in pipeline("rollback", str(DAY)).out
        said = f"blocked input, as it was rolled back: raw data {2:032x}; only --force publishes it again"
        assert said in pipeline("status", str(DAY)).out

    def test_blocks_the_raw_data_of_every_version_that_was_withdrawn_until_another_is_published(
        self, shop: Shop, pipeline: Pipeline
    ) -> None:
        first, second, _ = shop.publish(1), shop.publish(2), shop.publish(3)
        pipeline("rollback", str(DAY), "--to", second)
        pipeline("rollback", str(DAY), "--to", first)
        assert self.blocked(pipeline) == [3, 2]
        pipeline("rollback", str(DAY), "--to", second)
        assert self.blocked(pipeline) == [3, 1]
        shop.publish(4)
        assert self.blocked(pipeline) == []

    def blocked(self, pipeline: Pipeline) -> list[int]:
        record = pipeline.json("status", str(DAY))["publication"]
        return [int(withdrawn["fingerprint"], 16) for withdrawn in record["held"]]

    def test_says_which_versions_are_kept_where_there_is_none_to_go_back_to(
        self, shop: Shop, pipeline: Pipeline
    ) -> None:
        only = shop.publish(1)
        result = pipeline("rollback", str(DAY))
        assert result.exit_code == 1
        assert f"no version is older than run {only}, which is published; no other version is kept" in result.err
        later = shop.publish(2)
        refused = pipeline("rollback", str(DAY), "--to", "nope"), pipeline("rollback", str(DAY), "--to", later)
        assert f"{DAY}: version nope is not kept; choose one of these with --to: {only}" in refused[0].err
        assert f"{DAY}: version {later} is published already; choose one of these with --to: {only}" in refused[1].err

    def test_refuses_a_version_whose_files_are_not_complete(self, shop: Shop, pipeline: Pipeline) -> None:
        first, second = shop.publish(1), shop.publish(2)
        shop.store.delete_prefix(shop.paths.version_prefix(DAY, first))
        result = pipeline("rollback", str(DAY))
        assert result.exit_code == 1
        assert f"version {first} should have 1 files" in result.err
        assert shop.served() == second

    def test_in_a_bucket_needs_the_catalog_that_shows_it(self, pipeline: Pipeline) -> None:
        result = pipeline("rollback", str(DAY), "--data_uri", "s3://bucket")
        assert result.exit_code == 2
        assert "--catalog_database" in result.err


class TestRepair:
    def test_points_the_partitions_that_are_wrong_at_the_records_versions(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number, day in enumerate((1, 2, 3), start=1):
            shop.publish(number, day=date(2025, 1, day))
        published = {record["ingestion_date"]: record["current"]["location"] for record in pipeline.json("status")}
        with glue_catalog(monkeypatch, CONTRACT.table) as glue:
            glue.locations |= {"2025-01-01": published["2025-01-01"], "2025-01-02": "file:///elsewhere/"}
            assert pipeline.json("repair") == {"repaired": ["2025-01-02", "2025-01-03"], "not_repaired": {}}
            assert glue.locations == published
            assert "events: nothing to repair" in pipeline("repair").out
            refused = pipeline("repair", "--catalog_table", "another")
        assert refused.exit_code == 1
        assert "cannot read table prod_data_pipeline.another; is the data stack deployed?" in refused.err

    def test_gives_partitions_of_before_a_deployment_the_columns_of_the_table(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number, day in enumerate((1, 2), start=1):
            shop.publish(number, day=date(2025, 1, day))
        with glue_catalog(monkeypatch, CONTRACT.table) as glue:
            glue.columns = [{"Name": "n", "Type": "int"}]
            pipeline("repair")
            glue.columns = [{"Name": "n", "Type": "bigint"}]
            glue.columns_of["2025-01-02"] = glue.columns
            before = dict(glue.locations)
            assert pipeline.json("repair") == {"repaired": ["2025-01-01"], "not_repaired": {}}
            assert glue.columns_of == dict.fromkeys(("2025-01-01", "2025-01-02"), glue.columns)
            assert glue.locations == before

    def test_after_a_data_root_was_copied_its_records_name_the_files_where_they_are_now(
        self, shop: Shop, pipeline: Pipeline, tmp_path: Path
    ) -> None:
        first, second = shop.publish(1), shop.publish(2)
        copied = tmp_path / "copied"
        shutil.move(shop.root, copied)
        place = ("--data_uri", str(copied))
        refused = pipeline("rollback", str(DAY), *place)
        assert refused.exit_code == 1
        assert "not below this data root; if it was copied here, run repair" in refused.err
        assert pipeline.json("repair", *place) == {"repaired": [str(DAY)], "not_repaired": {}}
        assert pipeline.json("repair", *place) == {"repaired": [], "not_repaired": {}}
        [record] = pipeline.json("status", *place)
        locations = [version["location"] for version in (record["current"], *record["previous"])]
        prefix = copied.as_uri() + f"/curated/events/ingestion_date={DAY}/run_id="
        assert locations == [f"{prefix}{run_id}/outcome=accepted/" for run_id in (second, first)]
        assert pipeline.json("rollback", str(DAY), *place)["location"] == locations[1]

    def test_never_makes_a_record_name_files_that_were_not_copied(
        self, shop: Shop, pipeline: Pipeline, tmp_path: Path
    ) -> None:
        current = shop.publish(1)
        shutil.copytree(shop.root / "publications", tmp_path / "copied" / "publications")
        result = pipeline("repair", "--data_uri", str(tmp_path / "copied"))
        assert result.exit_code == 1
        assert f"version {current} should have 1 files" in result.err
        assert "copy the files of its version here, then run repair again" in result.err
        [record] = pipeline.json("status", "--data_uri", str(tmp_path / "copied"))
        assert record["current"]["location"].startswith(shop.root.as_uri())
        assert "; next: pipeline repair" in pipeline("status", "--data_uri", str(tmp_path / "copied")).out

    def test_of_which_one_date_cannot_be_repaired_has_all_others_repaired(
        self, shop: Shop, pipeline: Pipeline, tmp_path: Path
    ) -> None:
        days = [DAY + timedelta(days=number) for number in range(3)]
        runs = [shop.publish(number, day=day) for number, day in enumerate(days)]
        copied = Path(shutil.copytree(shop.root, tmp_path / "copied"))
        shutil.rmtree(copied / shop.paths.version_prefix(days[0], runs[0]))
        (copied / shop.paths.publication_key(days[1])).write_bytes(b"{")
        place = ("--data_uri", str(copied))
        first, second = (pipeline("repair", *place) for _ in range(2))
        assert (first.exit_code, first.out) == (1, f"events: repaired {days[2]}\n")
        assert (second.exit_code, second.out) == (1, "events: nothing was repaired\n")
        for said in (first.err, second.err):
            assert said.startswith(
                f"pipeline: 2 dates not repaired: {days[0]}: published at file://{shop.root}/curated/"
            )
            assert f"publication record file://{copied / shop.paths.publication_key(days[1])} cannot be used" in said
        document = json.loads(pipeline("repair", *place, "--json").out)
        assert (document["repaired"], list(document["not_repaired"])) == ([], [str(day) for day in days[:2]])

    def test_in_a_bucket_needs_the_catalog_to_repair(self, pipeline: Pipeline) -> None:
        result = pipeline("repair", "--data_uri", "s3://bucket")
        assert result.exit_code == 2
        assert "--catalog_database" in result.err


class TestStatus:
    """What is published is not always what readers find."""

    def test_tells_of_a_partition_that_is_gone_and_what_puts_it_right(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run_id = shop.publish(1)
        with glue_catalog(monkeypatch, CONTRACT.table):
            for arguments in (("status",), ("status", str(DAY))):
                said = pipeline(*arguments).out
                assert f"{DAY}: readers do not find it: run {run_id} is published at " in said
                assert "but the catalog shows nothing; next: pipeline repair" in said
            assert pipeline("repair").exit_code == 0
            assert "do not find" not in pipeline("status").out

    def test_tells_of_files_that_are_gone_and_what_puts_them_right(self, shop: Shop, pipeline: Pipeline) -> None:
        run_id = shop.publish(1)
        assert "do not find" not in pipeline("status").out
        shop.store.delete_prefix(shop.paths.version_prefix(DAY, run_id))
        said = pipeline("status").out
        assert f"{DAY}: readers do not find it: version {run_id} should have 1 files" in said
        assert f"; next: pipeline run {DAY}" in said


class TestFaultsOfManyDays:
    """Are found by a few listings, whatever the number of days."""

    @pytest.mark.parametrize("count", [3, 60])
    def test_are_those_that_a_look_at_each_day_finds(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, count: int
    ) -> None:
        days = [DAY + timedelta(days=number) for number in range(count)]
        for number, day in enumerate(days):
            shop.publish(number, day=day)
        with glue_catalog(monkeypatch, CONTRACT.table) as glue:
            for day in days[1:]:
                record = shop.publications.records.read(day).record
                assert record is not None
                glue.locations[str(day)] = record.current.location
            glue.locations |= {"__HIVE_DEFAULT_PARTITION__": "x", str(days[1]): "s3://elsewhere/"}
            shutil.rmtree(shop.root / shop.paths.version_prefix(days[2], shop.run_id(2)))
            said = pipeline("status").out
            asked = glue.asked
        assert asked == ["GetPartitions"]
        assert [line[:12] for line in lines_with(said, "readers do not find it")] == [f"{day}: " for day in days[:3]]
        [nothing], [elsewhere], [gone] = (lines_with(said, f"{day}: readers") for day in days[:3])
        assert "the catalog shows nothing; next: pipeline repair" in nothing
        assert "the catalog shows s3://elsewhere/; next: pipeline repair" in elsewhere
        assert f"has 0 of 0; next: pipeline run {days[2]}" in gone
