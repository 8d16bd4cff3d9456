"""The `pipeline` command over a data root with published and refused days; the job itself is tested in tests/spark."""

import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ProfileNotFound

from adapters.aws import client
from cli.errors import CommandFailed
from cli.words import size
from core.checks import Check
from core.publication import to_json
from core.rejections import rejected_lines
from tests.unit.pipeline_command import Pipeline, lines_with
from tests.unit.shop import COUNTS, DAY, Shop


class TestStatus:
    def test_lists_the_published_version_of_each_date_and_no_other(self, shop: Shop, pipeline: Pipeline) -> None:
        replaced, current = shop.publish(1), shop.publish(2, rows=990)
        other = shop.publish(3, day=date(2025, 1, 2))
        shop.refuse(4)
        result = pipeline("status")
        assert result.exit_code == 0
        assert lines_with(result.out, "2025-01-01", current, "990", "2025-01-02 03:02:00")
        assert lines_with(result.out, "2025-01-02", other)
        assert replaced not in result.out

    def test_json_is_the_records(self, shop: Shop, pipeline: Pipeline) -> None:
        shop.publish(1)
        shop.publish(2)
        record = shop.publications.records.read(DAY).record
        assert record is not None
        assert pipeline.json("status") == [json.loads(to_json(record))]

    def test_of_a_date_lists_its_versions_and_all_its_runs(self, shop: Shop, pipeline: Pipeline) -> None:
        replaced, current, refused = shop.publish(1), shop.publish(2), shop.refuse(3)
        out = pipeline("status", str(DAY)).out
        assert lines_with(out, current, "(current)")
        assert lines_with(out, replaced, "2025-01-02 03:01:00", "2025-01-02 03:02:00")
        assert lines_with(out, refused, "gate_failed", "1.5")
        [row] = lines_with(pipeline("status", str(DAY)).out, refused, "gate_failed")
        assert row.split()[3:5] == ["1,010", "-"]  # nothing is left of what it wrote
        found = pipeline.json("status", str(DAY))
        assert [run["run_id"] for run in found["runs"]] == [replaced, current, refused]
        assert found["publication"]["current"]["run_id"] == current

    def test_of_a_date_tells_warnings_of_what_readers_see_and_fields_that_no_column_reads(
        self, shop: Shop, pipeline: Pipeline
    ) -> None:
        shop.publish(1)
        current = shop.publish(2)
        nulls = Check("customers", "nullValues", "user_id", "mustBe", 0, "percent", 100.0, "warning", passed=False)
        shop.note(2, day=DAY, status="published", counts=COUNTS, odd=(nulls,))
        refused = shop.refuse(3)
        warning = "1 warning: null rate of user_id is 100 %, must be 0 %"
        fields = "no column reads coupon (in 7 of 1,010 rows)"
        out = " ".join(pipeline("status", str(DAY)).out.split())
        assert f"published run {current}: {warning}; {fields} more: pipeline report --run {current}" in out
        told = {run["run_id"]: run["remarks"] for run in pipeline.json("status", str(DAY))["runs"]}
        assert (told[current], told[refused]) == ([warning, fields], [])

    def test_of_a_date_tells_all_else_where_the_checks_of_a_run_are_of_another_release(
        self, shop: Shop, pipeline: Pipeline
    ) -> None:
        shop.publish(1)
        current = shop.publish(2)
        metrics = next(shop.root.glob(f"metrics/**/{current}.json"))
        shop.write_metrics(2, {**json.loads(metrics.read_bytes()), "checks": [{"metric": "of a later release"}]})
        result = pipeline("status", str(DAY))
        assert result.exit_code == 0
        assert f"published run {current}: metrics object of run {current} cannot be used" in " ".join(
            result.out.split()
        )
        assert len(pipeline.json("status", str(DAY))["runs"]) == 2

    @pytest.mark.parametrize("arguments", [(), (str(DAY),)])
    def test_fits_80_columns_with_every_id_and_number_whole(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
    ) -> None:
        replaced, current, refused = shop.publish(1), shop.publish(2, rows=12_345_678), shop.refuse(3)
        monkeypatch.setenv("COLUMNS", "80")
        out = pipeline("status", *arguments).out
        assert max(map(len, out.splitlines())) <= 80
        assert {"12,345,678", "2025-01-02", current} <= set(out.split())
        assert not arguments or {replaced, refused, "gate_failed", "published", "03:01:00", "1.5"} <= set(out.split())

    def test_of_a_date_that_was_only_refused_says_that_nothing_is_published(
        self, shop: Shop, pipeline: Pipeline
    ) -> None:
        refused = shop.refuse(1)
        out = pipeline("status", str(DAY)).out
        assert "no version is published" in out
        assert refused in out

    def test_of_an_empty_root_says_so(self, shop: Shop, pipeline: Pipeline) -> None:
        assert f"nothing is published below file://{shop.root}" in pipeline("status").out
        assert pipeline.json("status") == []

    def test_shows_places_as_they_are_whatever_their_characters_mean_elsewhere(
        self, pipeline: Pipeline, tmp_path: Path
    ) -> None:
        odd = tmp_path / "[b]" / ":smile:[/red]"
        odd.mkdir(parents=True)
        assert f"nothing is published below file://{odd}" in pipeline("status", "--data_uri", str(odd)).out


class TestReport:
    def test_shows_the_latest_run_of_a_date_with_each_check_value_and_limit(
        self, shop: Shop, pipeline: Pipeline
    ) -> None:
        published, refused = shop.publish(1), shop.refuse(2)
        out = pipeline("report", str(DAY)).out
        assert lines_with(out, "events 2025-01-01", refused, "gate_failed")
        assert lines_with(out, "user_id_null_rate", "user_id", "3.1 %", "<= 3 %", "error", "failed")
        assert lines_with(out, "total_rows", "1,000", "> 0", "passed")
        assert lines_with(out, "event_type", "login 600, view_item 400")
        assert lines_with(out, "user_id", "30", "3")
        assert lines_with(out, "unknown fields", "coupon", "in 7 of 1,010 rows sampled")
        assert lines_with(out, "event time", "2025-01-01 23:59:00", "4 rows on other days")
        assert lines_with(out, "seconds", "list 0.2, total 1.5")
        assert lines_with(out, "rows", "1,010 written", "the rejected output was deleted")
        assert "deleted" not in pipeline("report", "--run", published).out

    def test_shows_why_lines_are_malformed_with_an_example_that_cannot_steer_the_terminal(
        self, shop: Shop, pipeline: Pipeline
    ) -> None:
        object_ = f"{shop.paths.raw_prefix(DAY)}hour=1/[red]a.json"
        hostile = rejected_lines(
            "price is not decimal(12,2)",
            900,
            example='{"a":"\x1b[2J\u202e[/b]"}',
            object_=object_,
            detail='price is not decimal(12,2): "\x1b[2Jfree"',
        )
        shop.reject(1, (hostile, rejected_lines("n is not int", 100, example=None, object_=object_)))
        out = pipeline("report", str(DAY)).out
        assert lines_with(out, "900", "price is not decimal(12,2)")
        assert lines_with(out, '{"a":"\\u001b[2J\\u202e[/b]"}')
        assert lines_with(out, 'price is not decimal(12,2): "\\u001b[2Jfree"')
        assert lines_with(out, "in hour=1/[red]a.json")
        assert lines_with(out, "100", "n is not int")
        assert lines_with(out, "10", "more lines, for other reasons")  # of an older release
        shop.reject(3, (hostile,), reasons=6)
        assert lines_with(pipeline("report", str(DAY)).out, "110", "more lines, for 5 other reasons")
        assert "malformed, with" not in pipeline("report", "--run", shop.refuse(2)).out

    def test_of_a_narrow_terminal_leaves_places_whole_to_be_copied(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop.publish(1)
        monkeypatch.setenv("COLUMNS", "60")
        metrics = pipeline.json("report", str(DAY))
        place = metrics["location"].removeprefix("file://").rstrip("/")
        assert len(place) > 60
        assert place in pipeline("report", str(DAY)).out.split()

    def test_shows_the_run_that_is_named_whatever_its_date(self, shop: Shop, pipeline: Pipeline) -> None:
        wanted = shop.publish(1, day=date(2025, 1, 7))
        shop.refuse(2)
        assert lines_with(pipeline("report", "--run", wanted).out, "events 2025-01-07", wanted, "published")

    def test_json_is_the_stored_metrics_object(self, shop: Shop, pipeline: Pipeline) -> None:
        run_id = shop.publish(1)
        stored = shop.store.read(shop.paths.metrics_key(DAY, run_id))
        assert stored is not None
        assert pipeline.json("report", str(DAY)) == json.loads(stored.data)

    @pytest.mark.parametrize(
        ("metrics", "words"),
        [({"schema_version": 9, "started_at": ""}, "schema_version 9"), ({"run": 1}, "is not a valid metrics object")],
    )
    def test_refuses_an_object_that_it_cannot_read(
        self, shop: Shop, pipeline: Pipeline, metrics: dict[str, Any], words: str
    ) -> None:
        shop.write_metrics(1, metrics)
        result = pipeline("report", str(DAY))
        assert result.exit_code == 1
        assert words in result.err
        assert f"{shop.run_id(1)}.json" in result.err

    @pytest.mark.parametrize(
        ("bytes_", "text"), [(None, "-"), (0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (2_307_918, "2.31 MB")]
    )
    def test_sizes_are_in_the_largest_fitting_unit(self, bytes_: int | None, text: str) -> None:
        assert size(bytes_) == text


class TestSharedOptions:
    @pytest.mark.parametrize("name", ["contract", "environment", "data_uri", "catalog_database", "catalog_table"])
    def test_each_has_a_variable_that_its_help_names(self, pipeline: Pipeline, name: str) -> None:
        out = " ".join(pipeline("status", "--help").out.split())
        assert f"--{name} " in out
        assert f"PIPELINE_{name.upper()}" in out

    def test_an_option_wins_over_its_variable(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        shop.publish(1)
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.setenv("PIPELINE_DATA_URI", str(tmp_path / "elsewhere"))
        assert pipeline.json("status") == []
        assert len(pipeline.json("status", "--data_uri", str(shop.root))) == 1

    @pytest.mark.parametrize("command", [("run", "2025-01-09"), ("backfill", "2025-01-09", "2025-01-10"), ("status",)])
    def test_a_mistyped_place_is_no_new_one(self, pipeline: Pipeline, tmp_path: Path, command: tuple[str, ...]) -> None:
        before = sorted(tmp_path.rglob("*"))
        result = pipeline(*command, "--data_uri", str(tmp_path / "shpo"))
        assert result.exit_code == 2
        assert "shpo': there is no such directory; correct it, or create it first" in result.err
        assert sorted(tmp_path.rglob("*")) == before

    def test_an_empty_variable_is_none(self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("PIPELINE_CONTRACT", "PIPELINE_ENVIRONMENT", "PIPELINE_CATALOG_DATABASE"):
            monkeypatch.setenv(name, "")
        assert pipeline.json("status") == []

    @pytest.mark.parametrize("name", ["contract", "environment", "data_uri", "catalog_database", "catalog_table"])
    def test_an_empty_option_is_refused_as_it_would_mean_another_dataset(self, pipeline: Pipeline, name: str) -> None:
        result = pipeline("status", f"--{name}", "")
        assert (result.exit_code, result.out) == (2, "")
        assert f"'--{name}'" in result.err
        assert result.err.endswith(
            ": it is empty; give a value, or leave the option out. See: pipeline status --help\n"
        )

    def test_those_of_a_catalog_are_refused_for_a_deployment_while_their_variables_are_left_out_of_account(
        self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("PIPELINE_DATA_URI")
        find_deployment = Mock(side_effect=CommandFailed("looked up"))
        monkeypatch.setattr("cli.options.find_deployment", find_deployment)
        assert "go with --data_uri" in pipeline("status", "--catalog_table", "t").err
        find_deployment.assert_not_called()
        monkeypatch.setenv("PIPELINE_CATALOG_TABLE", "t")
        assert pipeline("status").err == "pipeline: looked up\n"

    def test_a_command_that_is_printed_names_the_same_dataset_again(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "60")
        first, second = shop.publish(1), shop.publish(2)
        assert pipeline("rollback", str(DAY)).out.endswith(f"pipeline rollback {DAY} --to {second}\n")
        monkeypatch.delenv("PIPELINE_DATA_URI")
        where = ("--data_uri", str(shop.root), "--contract", "events")
        undo = f"pipeline rollback {DAY} --to {first} --contract events --data_uri {shop.root}"
        assert pipeline("rollback", str(DAY), "--to", second, *where).out.endswith(f"{undo}\n")
        never_run = pipeline("report", "2025-01-09", *where).err
        assert never_run.endswith(f"pipeline run 2025-01-09 --contract events --data_uri {shop.root}\n")


class TestOutbox:
    def test_shows_the_latest_messages_with_address_subject_and_text(
        self, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIPELINE_LOCAL_STATE", str(tmp_path))
        messages = [
            {
                "at": f"2025-01-02T03:0{n}:00+00:00",
                "to": ["me@example.com"],
                "subject": f"day {n}",
                "body": f"text {n}\n",
            }
            for n in range(3)
        ]
        (tmp_path / "outbox.jsonl").write_text("".join(f"{json.dumps(message)}\n" for message in messages))
        assert pipeline.json("outbox") == messages
        out = pipeline("outbox", "--last", "2").out
        assert [word in out for word in ("day 0", "day 1", "day 2", "text 2", "to me@example.com")] == [
            False, True, True, True, True,
        ]  # fmt: skip

    def test_of_a_cloud_that_sent_nothing_says_so(
        self, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIPELINE_LOCAL_STATE", str(tmp_path))
        assert f"no messages in {tmp_path}" in pipeline("outbox").out


class TestWrongUse:
    @pytest.mark.parametrize(
        ("arguments", "exit_code", "words"),
        [
            ((), 2, "Missing command. See: pipeline --help"),
            (("rn", "2025-01-01"), 2, "Did you mean 'run'? See: pipeline --help"),
            (("run",), 2, "DATE'. See: pipeline run --help"),
            (("run", "2025-02-30"), 2, "not a day of the calendar"),
            (("status", "2025-1-1"), 2, "YYYY-MM-DD, for example 2025-01-31. See: pipeline status --help"),
            (("status", "../"), 2, "YYYY-MM-DD"),
            (("report",), 2, "give DATE, or --run RUN_ID"),
            (("report", "2025-01-01", "--run", "x"), 2, "give DATE, or --run RUN_ID"),
            (("status", "--dataa_uri=x"), 2, "--dataa_uri"),
            (("status", "--data_uri", "ftp://host/x"), 1, "ftp://host/x"),
            (("status", "--contract", "/nowhere.yaml"), 1, "/nowhere.yaml"),
            (("status", "--contract", "evnts"), 2, "no contract 'evnts' in "),
            (("status", "2025-01-09"), 1, "no runs found for 2025-01-09 below "),
            (("report", "2025-01-09"), 1, "; next: pipeline run 2025-01-09\n"),
            (("report", "--run", "20250102T030000Z-00000000"), 1, "pipeline status DATE"),
            (("rollback", "2025-01-09"), 1, "2025-01-09: never published"),
            (("run", "2025-01-01", "--no-wait"), 2, "--no-wait cannot be combined with --data_uri"),
            (("backfill", "2025-01-03", "2025-01-01"), 2, "START 2025-01-03 is after END 2025-01-01; swap them"),
            (("backfill", "2025-01-01"), 2, "END"),
            (
                ("backfill", "2015-01-01", "2024-12-29"),
                2,
                "2015-01-01 to 2024-12-29 has 3,651 dates, limit 3,650; split",
            ),
            (("backfill", "0001-01-01", "9999-12-31", "--dry-run"), 2, "has 3,652,059 dates, limit 3,650; split"),
            (("backfill", "2025-01-01", "2025-01-02", "--concurrency", "0"), 2, "--concurrency"),
            (("query", "SELECT 1", "--environment", "test"), 2, "unknown environment 'test'; allowed: dev, prod"),
            (("local", "upp"), 2, "unknown action 'upp'; allowed: up, down"),
        ],
    )
    def test_is_explained_on_stderr_with_its_exit_code(
        self, pipeline: Pipeline, arguments: Sequence[str], exit_code: int, words: str
    ) -> None:
        result = pipeline(*arguments)
        assert (result.exit_code, result.out) == (exit_code, "")
        assert result.err.startswith("pipeline: ")
        assert words in result.err
        assert "Traceback" not in result.err

    def test_without_a_data_root_and_without_aws_both_ways_on_are_named(
        self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("PIPELINE_DATA_URI")
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # it may remember credentials
        client.cache_clear()  # as may they
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
        result = pipeline("status")
        assert result.exit_code == 1
        assert "pipeline: No AWS region is configured; set AWS_DEFAULT_REGION" in result.err
        assert 'eval "$(./pipeline local env)"' in result.err
        assert "--data_uri DIRECTORY" in result.err

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (
                ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "ListObjectsV2"),
                "cannot call ",
            ),
            (ProfileNotFound(profile="x"), "cannot call AWS: The config profile (x) could not be found"),
            (ConnectionClosedError(endpoint_url="https://s3"), "cannot call AWS: Connection was closed"),
        ],
    )
    def test_an_answer_of_aws_is_no_broken_connection(
        self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
    ) -> None:
        monkeypatch.setattr("cli.commands.show_status", Mock(side_effect=error))
        result = pipeline("status")
        assert (result.exit_code, result.out) == (1, "")
        assert result.err.startswith(f"pipeline: {words}")

    def test_missing_credentials_are_one_line(self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # it may remember credentials
        client.cache_clear()  # as may they
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        result = pipeline("status", "--data_uri", "s3://bucket")
        assert result.exit_code == 1
        assert result.err.startswith("pipeline: No AWS credentials are configured; set AWS_PROFILE or ")
        assert result.err.count("\n") == 1
