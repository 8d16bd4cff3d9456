import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    IncompleteReadError,
    InvalidRegionError,
    ReadTimeoutError,
)

import config
from adapters.aws import in_our_words, translated
from contract import load_contract
from core.causes import read_cause
from core.days import due_time, time_zone
from core.errors import AccessDenied, PipelineError, ServiceError, ServiceThrottled, ServiceUnavailable
from core.wording import with_options
from deployed_dataset import Dataset
from shared.environment import Environment, InvalidEnvironment
from shared.logs import StepLog
from shared.messages import Notice, clean, subject

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "DATA_BUCKET": "prod-data-pipeline-123456789012",
    "DATASET": "events",
    "SOURCE_SYSTEM": "app",
    "CONTRACT_CHECKSUM": "a" * 64,
    "RAW_OBJECTS": '{"exclude":[],"include":[],"max_unread":0}',
    "TIME_ZONE": "Europe/Berlin",
    "FRESHNESS_HOURS": "6",
    "SCHEDULE": "1+120",
    "JOB_NAME": "prod-events-curation",
    "MAX_CONCURRENT_RUNS": "10",
    "CATALOG_DATABASE": "prod_data_pipeline",
    "CATALOG_TABLE": "curated_events",
    "ALERT_TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:alerts",
    "STATE_MACHINE_ARN": "arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:events-pipeline",
}
READERS: dict[str, Callable[[Environment], object]] = {
    "DATA_BUCKET": Environment.place,
    "DATASET": Environment.dataset,
    "SOURCE_SYSTEM": Environment.place,
    "CONTRACT_CHECKSUM": Environment.contract_checksum,
    "RAW_OBJECTS": Environment.raw_objects,
    "TIME_ZONE": Environment.time_zone,
    "FRESHNESS_HOURS": Environment.freshness_hours,
    "SCHEDULE": Environment.schedule,
    "JOB_NAME": Environment.job_name,
    "MAX_CONCURRENT_RUNS": Environment.max_concurrent_runs,
    "CATALOG_DATABASE": Environment.catalog,
    "CATALOG_TABLE": Environment.catalog,
    "ALERT_TOPIC_ARN": Environment.alert_topic_arn,
    "STATE_MACHINE_ARN": Environment.state_machine_arn,
}


class TestEnvironment:
    @pytest.mark.parametrize("name", COMPLETE)
    def test_is_read_when_it_is_complete(self, name: str) -> None:
        assert READERS[name](Environment(COMPLETE))

    @pytest.mark.parametrize("name", COMPLETE)
    @pytest.mark.parametrize("value", [None, ""])
    def test_that_lacks_a_variable_is_an_error_that_names_it(self, name: str, value: str | None) -> None:
        values = {key: text for key, text in {**COMPLETE, name: value}.items() if text is not None}
        with pytest.raises(InvalidEnvironment, match=f"the environment variable {name} is not set; deploy"):
            READERS[name](Environment(values))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DATA_BUCKET", "s3://bucket"),
            ("DATA_BUCKET", "A_bucket"),
            ("DATASET", "../events"),
            ("SOURCE_SYSTEM", "app/"),
            ("CONTRACT_CHECKSUM", "abc"),
            ("RAW_OBJECTS", "{}"),
            ("RAW_OBJECTS", '{"exclude":[],"include":[""],"max_unread":0}'),
            ("TIME_ZONE", "Middle/Earth"),
            ("TIME_ZONE", "../../etc/passwd"),
            ("TIME_ZONE", "/etc/localtime"),
            ("TIME_ZONE", "Europe"),
            ("FRESHNESS_HOURS", "six"),
            ("FRESHNESS_HOURS", "-1"),
            ("FRESHNESS_HOURS", "0"),
            ("FRESHNESS_HOURS", "nan"),
            ("FRESHNESS_HOURS", "1e9"),
            ("SCHEDULE", "24+0"),
            ("SCHEDULE", "1"),
            ("JOB_NAME", "a job"),
            ("MAX_CONCURRENT_RUNS", "0"),
            ("CATALOG_DATABASE", "Prod"),
            ("CATALOG_TABLE", "curated-events"),
            ("ALERT_TOPIC_ARN", "alerts"),
            ("ALERT_TOPIC_ARN", COMPLETE["STATE_MACHINE_ARN"]),
            ("STATE_MACHINE_ARN", COMPLETE["ALERT_TOPIC_ARN"]),
        ],
    )
    def test_with_a_malformed_value_is_an_error_that_names_it(self, name: str, value: str) -> None:
        with pytest.raises(InvalidEnvironment, match=f"the environment variable {name} is '.+', expected .+; correct"):
            READERS[name](Environment({**COMPLETE, name: value}))


class TestDueTime:
    @pytest.mark.parametrize(
        ("day", "zone", "hours", "due"),
        [
            ("2025-01-02", "UTC", 6, "2025-01-03T06:00:00+00:00"),
            ("2025-01-02", "Europe/Berlin", 6, "2025-01-03T05:00:00+00:00"),
            ("2025-03-30", "Europe/Berlin", 6, "2025-03-31T04:00:00+00:00"),
            ("2025-10-26", "Europe/Berlin", 6, "2025-10-27T05:00:00+00:00"),
            ("2024-12-31", "Pacific/Auckland", 0.5, "2024-12-31T11:30:00+00:00"),
            ("9999-12-31", "UTC", 6, "9999-12-31T23:59:59.999999+00:00"),
            ("9999-12-30", "America/New_York", 48, "9999-12-31T23:59:59.999999+00:00"),
        ],
    )
    def test_is_the_end_of_the_day_in_its_zone_and_the_hours(self, day: str, zone: str, hours: float, due: str) -> None:
        found = due_time(date.fromisoformat(day), time_zone(zone), freshness_hours=hours)
        assert found.isoformat() == due


class TestSubject:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("plain", "plain"),
            ("a\nb\r\n\tc", "a b c"),
            ("caf\u00e9 \u2026 \u65e5\u672c", "cafe? ... ?"),
            ("x" * 99, "x" * 99),
            ("x" * 100, "x" * 96 + "..."),
        ],
    )
    def test_is_short_plain_ascii(self, text: str, expected: str) -> None:
        assert subject(text) == expected

    def test_of_a_text_without_end_is_made_quickly(self) -> None:
        assert len(subject("\u202e\x00a" * 1_000_000)) <= 99


def test_a_notice_leaves_out_the_lines_it_has_nothing_for() -> None:
    message = Notice(dataset="events", headline="h", what="w", why="y", next_step="n").message()
    assert (message.subject, message.body) == ("[events] h", "What:   w\nWhy:    y\nNext:   n\n")


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 3_000) == "x" * 2_000 + "..."


class TestCause:
    def test_nested_beyond_reason_ends(self) -> None:
        cause = "the bottom"
        for _ in range(12):
            cause = json.dumps({"Error": "E", "Cause": cause, "ExecutionArn": "arn"})
        assert '"Cause"' in read_cause(cause).text

    @pytest.mark.parametrize("cause", ["", None, "{", "[1]", "7", '"text"', {"errorMessage": None}, b"x"])
    def test_of_any_kind_is_a_text(self, cause: object) -> None:
        assert isinstance(read_cause(cause).text, str)


def test_a_log_line_is_one_json_object_with_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    log = StepLog("sensor", SimpleNamespace(aws_request_id="r-1"))
    log.info("listed", key="a\nb\x1b[0m", at=datetime(2025, 1, 2, tzinfo=UTC))
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "level": "INFO",
        "step": "listed",
        "function": "sensor",
        "request_id": "r-1",
        "key": "a\nb\x1b[0m",
        "at": "2025-01-02 00:00:00+00:00",
    }


def test_a_service_that_does_not_answer_is_unavailable() -> None:
    with (
        pytest.raises(ServiceUnavailable, match=r"cannot list x: .*timeout"),
        translated("list x", needs="s3:ListBucket"),
    ):
        raise ReadTimeoutError(endpoint_url="https://s3")


def _answer(status: int, code: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "as told"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "ListThings")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="https://s3"), ServiceUnavailable),
        (ConnectionClosedError(endpoint_url="https://s3"), ServiceUnavailable),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), ServiceUnavailable),
        (InvalidRegionError(region_name="here"), ServiceError),
        (_answer(500, "InternalError"), ServiceUnavailable),
        (_answer(503, "SlowDown"), ServiceThrottled),
        (_answer(400, "ThrottlingException"), ServiceThrottled),
        (_answer(429, "TooMuch"), ServiceThrottled),
        (_answer(400, "AccessDeniedException"), AccessDenied),
        (_answer(403, "KMS.DisabledException"), AccessDenied),
        (_answer(400, "ValidationException"), ServiceError),
    ],
)
def test_only_what_may_pass_by_waiting_is_named_so_that_it_is_retried(
    error: Exception, kind: type[PipelineError]
) -> None:
    assert type(in_our_words(error, "list x", needs="s3:ListBucket")) is kind


def test_an_answer_to_who_knew_nothing_of_the_call_names_its_operation() -> None:
    told = "cannot call ListThings: No: as told; see the AWS documentation of ListThings"
    assert str(in_our_words(_answer(400, "No"))) == told


def test_every_function_loads_from_the_zip_with_nothing_but_boto3(tmp_path: Path) -> None:
    for folder in [*(ROOT / "lambda_src").iterdir(), ROOT / "core", ROOT / "adapters"]:
        if folder.is_dir():
            shutil.copytree(folder, tmp_path / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    functions = sorted(path.parent.name for path in (ROOT / "lambda_src").glob("*/handler.py"))
    assert functions == ["alert", "backfill_plan", "backfill_summary", "late_data", "report", "sensor"]
    absent = "yaml aws_cdk pyspark moto rich curation contract"
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.modules.update(dict.fromkeys({absent!r}.split()));"
        f"import importlib; [importlib.import_module(name + '.handler').handler for name in {functions!r}]"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, cwd=tmp_path)


class TestCommandOptions:
    OPTIONS = " --contract events --environment dev"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("then: pipeline run 2025-01-02", "then: pipeline run 2025-01-02{}"),
            (
                "pipeline backfill 2025-01-02 2025-01-31 --continue",
                "pipeline backfill 2025-01-02 2025-01-31{} --continue",
            ),
            ("pipeline accept 2025-01-02 --reason TEXT", "pipeline accept 2025-01-02{} --reason TEXT"),
            (
                "see pipeline status; then: pipeline run DATE, now",
                "see pipeline status{}; then: pipeline run DATE{}, now",
            ),
            ("holds: pipeline repair", "holds: pipeline repair{}"),
            ("the pipeline runs, a pipeline of runs", "the pipeline runs, a pipeline of runs"),
            ("", ""),
        ],
    )
    def test_stand_behind_the_dates_of_every_command(self, text: str, expected: str) -> None:
        told = with_options(text, self.OPTIONS)
        assert told == expected.replace("{}", self.OPTIONS)
        assert with_options(told, self.OPTIONS) == told
        assert with_options(text, "") == text

    @pytest.mark.parametrize(
        ("given", "options"), [({}, ""), ({"ENVIRONMENT": "prod"}, ""), ({"ENVIRONMENT": "dev"}, " --environment dev")]
    )
    def test_name_the_environment_where_it_is_not_the_usual_one(self, given: dict[str, str], options: str) -> None:
        assert Environment({"DATASET": "events", **given}).command_options() == f" --contract events{options}"

    def test_refuse_an_environment_that_is_no_name(self) -> None:
        with pytest.raises(InvalidEnvironment, match="ENVIRONMENT"):
            Environment({"DATASET": "events", "ENVIRONMENT": "$(rm)"}).command_options()

    @pytest.mark.parametrize(("given", "name"), [({}, "prod"), ({"ENVIRONMENT": "dev"}, "dev")])
    def test_two_environments_of_one_account_have_metrics_of_their_own(self, given: dict[str, str], name: str) -> None:
        dimensions = Environment({"DATASET": "events", **given}).metric_dimensions()
        dataset = Dataset(load_contract(ROOT / "contracts" / "events.odcs.yaml"), config.ENVIRONMENTS[name])
        assert dimensions == dataset.metric_dimensions == {"Environment": name, "Dataset": "events"}


@pytest.mark.parametrize("length", range(1_900, 2_100, 3))
def test_no_line_is_cut_inside_a_path_or_before_the_end_of_its_next_step(length: int) -> None:
    path, command = "s3://bucket/" + "x" * 90, "pipeline run 2025-01-02"
    why = f"{'word ' * (length // 5)}{path} and more"
    body = (
        Notice("events", "h", what="w", why=why, next_step=f"{'word ' * (length // 5)}then: {command}").message().body
    )
    assert path in body or "s3://" not in body
    assert body.endswith(f"then: {command}\n")


@pytest.mark.parametrize("length", range(60, 110))
def test_no_subject_is_cut_inside_a_path(length: int) -> None:
    path = "s3://bucket/" + "x" * 40
    told = subject(f"{'w' * (length - 30)} {'v' * 20} {path}")
    assert path in told or "s3:" not in told
