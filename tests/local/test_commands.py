"""`pipeline` against the deployed state machines: what a person types, on the embedded AWS."""

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.erasure.everything import holding
from tests.local.cloud import Cloud, held_scripts, jvms, released, scripts, until
from tests.unit.past import Past
from tests.unit.programs import ROOT

DAYS = [f"2025-02-0{day}" for day in (1, 2, 3, 4)]
ROWS = 1000
SECOND_JOB = "prod-web_access-curation"
SECOND_RAW = ROOT / "tests" / "data" / "web_access" / "events-2015-05-17.json.gz"
INTERPRETER = str(Path(sys.base_prefix) / "bin" / "python3")  # none of the project's packages


def outcomes(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {item["ingestion_date"]: item["status"] for item in json.loads(result.stdout)["dates"]}


@pytest.fixture(scope="module")
def raw_days(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Raw data of four days, the second of which breaks its contract."""
    folder = tmp_path_factory.mktemp("raw")
    for day in DAYS:
        cloud.deliver(day, folder, *(("--null-user-percent", "12") if day == DAYS[1] else ()), rows=ROWS)
    return DAYS


@pytest.fixture(scope="module")
def first_day(cloud: Cloud, raw_days: list[str]) -> str:
    result = cloud.pipeline("run", raw_days[0])
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(rf"{raw_days[0]}: published run \S+: 1,000 rows read, \S+ written, .*\n", result.stdout)
    return raw_days[0]


class TestRun:
    def test_a_day_that_is_published_is_left_alone(self, cloud: Cloud, first_day: str) -> None:
        run_id = cloud.record(first_day)["current"]["run_id"]
        assert cloud.pipeline("run", first_day).stdout == (
            f"{first_day}: nothing to do, already published by run {run_id}\n"
        )

    def test_json_is_the_executions_output(self, cloud: Cloud, first_day: str) -> None:
        document = json.loads(cloud.pipeline("run", first_day, "--json").stdout)
        assert document["status"] == "unchanged"
        assert document["execution_arn"].startswith("arn:aws:states:")

    def test_a_day_without_raw_data_fails_and_says_what_to_do(self, cloud: Cloud) -> None:
        result = cloud.pipeline("run", "2025-02-27")
        assert (result.returncode, result.stdout) == (1, "")
        assert "2025-02-27: no raw data under s3://" in result.stderr
        assert "deliver it, then: pipeline run 2025-02-27" in result.stderr

    @pytest.mark.usefixtures("interruptible")
    def test_ctrl_c_leaves_the_execution_running_and_says_how_to_come_back(self, cloud: Cloud, first_day: str) -> None:
        process = cloud.started_pipeline("run", first_day, "--force")
        held = held_scripts(cloud.state)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        found = re.fullmatch(r"pipeline: (run-\S+) is still running; follow it with: (pipeline follow \1)\n", said)
        assert found is not None, said
        shown = cloud.pipeline("status").stdout.partition("under way")[2]
        assert re.search(rf"{first_day} +curating: the Glue job is running .* {found[1]} ", shown), shown
        released(held)
        back = cloud.pipeline(*found[2].split()[1:])
        assert (back.returncode, back.stderr) == (0, "")
        assert f"{first_day}: published run" in back.stdout

    def test_an_execution_that_does_not_exist_is_said_to_be_none(self, cloud: Cloud) -> None:
        result = cloud.pipeline("follow", "run-2025-01-01-00000000")
        assert result.returncode == 1
        assert "no execution arn:aws:states:" in result.stderr


class TestStatus:
    def test_tells_of_a_scheduled_execution_for_which_day_it_waits(self, cloud: Cloud) -> None:
        steps, machine = cloud.client("stepfunctions"), cloud.machine_arn()
        scheduled = {"scheduled_time": "2025-03-02T01:00:00Z", "wait_minutes": 120}
        arn = steps.start_execution(stateMachineArn=machine, input=json.dumps(scheduled))["executionArn"]
        try:
            waiting = re.compile(r"2025-03-01 +waiting for raw data ")
            until(lambda: waiting.search(cloud.pipeline("status").stdout.partition("under way")[2]), seconds=60)
            of_the_day = cloud.pipeline("status", "2025-03-01")
            assert of_the_day.returncode == 0
            assert "no version is published" in of_the_day.stdout
            assert waiting.search(of_the_day.stdout)
        finally:
            steps.stop_execution(executionArn=arn)


class TestBackfill:
    def test_stops_at_a_bad_day_then_continues_over_it_then_resumes(
        self, cloud: Cloud, first_day: str, raw_days: list[str], tmp_path: Path
    ) -> None:
        _, bad, third, fourth = raw_days
        stopped = cloud.pipeline("backfill", first_day, fourth, "--json")
        assert stopped.returncode == 1
        assert outcomes(stopped) == {
            first_day: "unchanged", bad: "failed", third: "not started", fourth: "not started",
        }  # fmt: skip
        assert json.loads(stopped.stdout)["estimated_cost_usd"] > 0  # of the run that failed
        reasons = [item["reason"] for item in json.loads(stopped.stdout)["dates"]]
        assert "null rate of user_id is 12 %, limit 3 %" in reasons[1]

        continued = cloud.pipeline("backfill", first_day, fourth, "--continue", "--concurrency", "2")
        assert continued.returncode == 1
        assert f"{third}: published" in continued.stdout
        assert re.search(rf"{bad} +failed .*null rate of user_id is 12 %, limit 3 %", continued.stdout)
        assert "1 of 4 dates failed; fix the cause, then run the same command again" in continued.stderr
        assert set(cloud.partitions()) >= {first_day, third, fourth}
        assert bad not in cloud.partitions()

        cloud.deliver(bad, tmp_path, rows=ROWS)
        short_form = [str(ROOT / "scripts" / "run_backfill.py"), first_day, fourth, "--json"]
        resumed = subprocess.run(
            [INTERPRETER, *short_form], env=cloud.environment(), capture_output=True, text=True, check=False
        )
        assert resumed.returncode == 0, resumed.stderr
        assert outcomes(resumed) == {
            first_day: "unchanged", bad: "published", third: "unchanged", fourth: "unchanged",
        }  # fmt: skip

    def test_sends_one_alert_for_a_failed_date_and_one_summary(self, cloud: Cloud, raw_days: list[str]) -> None:
        alerts = cloud.messages(f"{raw_days[1]} failed")
        assert len(alerts) == 1  # the second backfill failed on the same raw data for the same reason
        assert "fix the source, then: pipeline run" in alerts[0]["body"]
        backfill = f"backfill {raw_days[0]} to {raw_days[-1]}"
        assert len(cloud.messages(f"{backfill} failed")) == 2
        assert len(cloud.messages(f"{backfill} finished")) == 1


class TestCancel:
    """After it nothing runs, and what readers see is what they saw, or what was published before it."""

    def under_way(self, cloud: Cloud) -> list[str]:
        steps = cloud.client("stepfunctions")
        machines = [machine["stateMachineArn"] for machine in steps.list_state_machines()["stateMachines"]]
        listed = (steps.list_executions(stateMachineArn=arn, statusFilter="RUNNING") for arn in machines)
        return [item["name"] for found in listed for item in found["executions"]]

    def test_a_backfill_ends_with_all_that_it_started(
        self, cloud: Cloud, first_day: str, raw_days: list[str], tmp_path: Path
    ) -> None:
        for number, day in enumerate(raw_days[1:], start=1):
            cloud.deliver(day, tmp_path, rows=ROWS + number)
        before = cloud.record(first_day)["current"]["run_id"]
        followed = cloud.started_pipeline("backfill", first_day, raw_days[-1], "--force", "--continue")
        held_scripts(cloud.state)
        jvms_before = len(jvms(cloud.state))
        [name] = {name for name in self.under_way(cloud) if re.fullmatch(r"backfill-\S+-[0-9a-f]{8}", name)}
        result = cloud.pipeline("cancel", name)
        assert (result.returncode, result.stderr) == (0, "")
        assert (self.under_way(cloud), scripts(cloud.state)) == ([], [])
        assert len(jvms(cloud.state)) < jvms_before  # others may wait for a run
        _, said = followed.communicate(timeout=60)
        assert followed.returncode == 1
        assert re.search(r"cancelled by \S+, 1 stopped, 3 not started; to go on, run the same command again", said), (
            said
        )
        last = raw_days[-1]
        assert re.search(rf"{first_day} +stopped .*run {before} is published", result.stdout), result.stdout
        assert re.search(rf"{last} +not started .* is published", result.stdout), result.stdout
        assert f"cancelled {name}: 3 not started, 1 stopped" in result.stdout
        assert cloud.record(first_day)["current"]["run_id"] == before
        again = result.stdout.partition("to run what is left: pipeline ")[2].split()
        assert again == ["backfill", first_day, last]
        resumed = cloud.pipeline(*again, "--json")
        assert outcomes(resumed) == {day: "unchanged" if day == first_day else "published" for day in raw_days}

    def test_whatever_works_on_a_date_ends(self, cloud: Cloud, first_day: str) -> None:
        before = cloud.record(first_day)["current"]["run_id"]
        runs = [cloud.started_pipeline("run", first_day, "--force") for _ in range(2)]
        held_scripts(cloud.state)
        jvms_before = len(jvms(cloud.state))
        until(lambda: len(self.under_way(cloud)) == len(runs))
        cancelled = cloud.pipeline("cancel", first_day, "--json")
        assert (cancelled.returncode, cancelled.stderr) == (0, "")
        document = json.loads(cancelled.stdout)
        assert [(item["status"], item["reason"]) for item in document["dates"]] == [
            ("stopped", f"run {before} is published")
        ] * len(runs)
        assert (self.under_way(cloud), scripts(cloud.state)) == ([], [])
        assert len(jvms(cloud.state)) < jvms_before  # others may wait for a run
        account = cloud.variables["AWS_ACCESS_KEY_ID"]
        said = [run.communicate(timeout=60)[1].partition(";")[0] for run in runs]
        assert said == [f"pipeline: the execution was aborted: cancelled by arn:aws:iam::{account}:root"] * len(runs)

    def test_what_does_not_run_is_said_to_be_over(self, cloud: Cloud, first_day: str) -> None:
        ended = json.loads(cloud.pipeline("run", first_day, "--json").stdout)["execution_arn"]
        over, nothing = cloud.pipeline("cancel", ended), cloud.pipeline("cancel", first_day)
        assert (over.returncode, nothing.returncode) == (1, 1)
        assert "has ended already: SUCCEEDED" in over.stderr
        assert f"no execution is working on {first_day}; pipeline status lists those that are running" in nothing.stderr


class TestOverview:
    def test_shows_the_deployed_dataset_and_what_needs_a_person(self, cloud: Cloud, first_day: str) -> None:
        result = cloud.pipeline("overview", "--json")
        document = json.loads(result.stdout)
        assert (result.returncode, document["ok"]) == (1, False)  # a schedule is on, and no day of this month was run
        [events] = document["datasets"]
        assert events["last_published"] >= first_day
        assert (events["is_judged"], len(events["overdue"]) in (34, 35), events["not_looked_at"]) == (True, True, [])
        assert events["month_usd"] > 0
        assert re.search(
            r"events: 3[45] days are overdue, \S+ to \S+\n  next: pipeline backfill", cloud.pipeline("overview").stdout
        )


class TestVersions:
    def test_rollback_shows_readers_the_version_before_and_the_printed_command_undoes_it(
        self, cloud: Cloud, first_day: str
    ) -> None:
        count = f"SELECT count(*) FROM curated_events WHERE ingestion_date = '{first_day}'"
        if not cloud.record(first_day)["previous"]:
            assert cloud.pipeline("run", first_day, "--force").returncode == 0
        before, rows = cloud.record(first_day), cloud.pipeline("query", count, "--json").stdout
        result = cloud.pipeline("rollback", first_day)
        assert result.returncode == 0, result.stderr
        after = cloud.record(first_day)
        assert after["current"]["run_id"] == before["previous"][0]["run_id"]
        assert cloud.partitions()[first_day] == after["current"]["location"]
        assert json.loads(cloud.pipeline("query", count, "--json").stdout)["rows"] == json.loads(rows)["rows"]
        undo = result.stdout.partition("to undo: pipeline ")[2].split()
        assert cloud.pipeline(*undo).returncode == 0
        assert cloud.partitions()[first_day] == before["current"]["location"]

    def test_a_reader_without_pause_always_sees_one_complete_version(self, cloud: Cloud, first_day: str) -> None:
        sql = (
            "SELECT count(*), count(DISTINCT regexp_extract(\"$path\", 'run_id=[^/]+')) "
            f"FROM prod_data_pipeline.curated_events WHERE ingestion_date = '{first_day}'"
        )
        rows = str(cloud.record(first_day)["current"]["rows_written"])
        seen: list[list[str]] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                seen.append(cloud.query(sql)[1])

        reader = threading.Thread(target=read)
        reader.start()
        results = [cloud.pipeline("run", first_day, "--force") for _ in range(2)]
        done.set()
        reader.join()
        assert [result.returncode for result in results] == [0, 0]
        assert len(seen) > 20
        assert {tuple(answer) for answer in seen} == {(rows, "1")}

    def test_status_and_report_read_the_deployed_dataset(self, cloud: Cloud, first_day: str) -> None:
        current = cloud.record(first_day)["current"]["run_id"]
        assert re.search(rf"{first_day} +{current}", cloud.pipeline("status").stdout)
        assert f"events {first_day}, run {current}: published" in cloud.pipeline("report", first_day).stdout

    def test_repair_brings_a_dropped_partition_back(self, cloud: Cloud, first_day: str) -> None:
        where = {"DatabaseName": "prod_data_pipeline", "TableName": "curated_events"}
        cloud.client("glue").delete_partition(**where, PartitionValues=[first_day])
        result = cloud.pipeline("repair")
        assert (result.returncode, result.stdout) == (0, f"events: repaired {first_day}\n")
        assert cloud.partitions()[first_day] == cloud.record(first_day)["current"]["location"]


class TestErase:
    def test_a_person_goes_from_everything_through_the_pipelines_own_execution(
        self, cloud: Cloud, first_day: str, tmp_path: Path
    ) -> None:
        raw, person = f"raw/source_system=app/ingestion_date={first_day}/events.json", "zorro-4711"
        s3 = cloud.client("s3")
        lines = s3.get_object(Bucket=cloud.bucket, Key=raw)["Body"].read().splitlines(keepends=True)
        event = json.loads(lines[0]) | {"user_id": person, "event_id": "z1"}
        theirs = f'{json.dumps(event)}\n{{"user_id": "\\u007aorro-4711\n'
        s3.put_object(Bucket=cloud.bucket, Key=raw, Body=b"".join(lines) + theirs.encode(), ContentType="text/plain")
        assert cloud.pipeline("run", first_day).returncode == 0
        before = cloud.record(first_day)["current"]
        assert before["rows_quarantined"] >= 1

        value = ("--column", "user_id", "--value", person)
        planned = cloud.pipeline("erase", *value)
        assert re.search(rf"{first_day} +2 +1 +1 +1 .*a new version, older ones deleted", planned.stdout), planned
        erased = cloud.pipeline("erase", *value, "--yes", "--json")
        assert erased.returncode == 0, erased.stderr
        receipt = json.loads(erased.stdout)
        assert (receipt["absent"], receipt["still_there"]) == (True, [])
        for key in cloud.keys(""):
            if not key.startswith("athena-results/"):
                s3.download_file(cloud.bucket, key, str(tmp_path / key.replace("/", "_")))
        assert holding(tmp_path, person) == set()

        after = cloud.record(first_day)
        assert (after["previous"], after["current"]["rows_written"]) == ([], before["rows_written"] - 1)
        assert cloud.partitions()[first_day] == after["current"]["location"]
        count = f"SELECT count(*) FROM curated_events WHERE ingestion_date = '{first_day}' AND user_id = '{person}'"
        assert json.loads(cloud.pipeline("query", count, "--json").stdout)["rows"] == [["0"]]
        found = s3.get_object(Bucket=cloud.bucket, Key=raw)
        assert (found["Body"].read(), found["ContentType"]) == (b"".join(lines), "text/plain")
        reach = {one["what"].partition(" ")[0]: one["until"] for one in receipt["out_of_reach"]}
        assert reach["noncurrent"] == str((datetime.now(UTC) + timedelta(days=30)).date())


class TestDoctor:
    """Each fault is made in the deployed account and mended again."""

    def findings(self, cloud: Cloud, expected_exit_code: int = 1) -> dict[str, dict[str, str]]:
        result = cloud.pipeline("doctor", "--json")
        assert (result.returncode, result.stderr) == (expected_exit_code, "")
        document = json.loads(result.stdout)
        assert document["ok"] is (expected_exit_code == 0)
        return {finding["check"]: finding for finding in document["findings"]}

    @pytest.mark.usefixtures("first_day")
    def test_finds_everything_in_place_but_what_nobody_has_done_yet(self, cloud: Cloud) -> None:
        states = {check: finding["state"] for check, finding in self.findings(cloud).items()}
        # Nobody subscribed, the tests switched late data off, and no day of this week was run.
        wrong = {"alert topic", "late data", "days"}
        assert {check for check, state in states.items() if state == "wrong"} == wrong
        assert set(states.values()) == {"right", "wrong"}
        assert len(states) == 14

    def test_says_for_people_what_to_do(self, cloud: Cloud) -> None:
        said = cloud.pipeline("doctor").stdout
        assert re.search(r"^wrong +alert topic +nobody hears of a failure$", said, re.MULTILINE)
        assert re.search(r"^ +next: cdk deploy --all -c alert_emails=…$", said, re.MULTILINE)
        (day,) = re.findall(r"^wrong +days +(\S+) is not published; it was due at \S+$", said, re.MULTILINE)
        assert re.search(rf"^ +next: pipeline run {day}$", said, re.MULTILINE)

    def test_finds_what_was_switched_off_or_lost(self, cloud: Cloud, first_day: str) -> None:
        queue = cloud.client("sqs").get_queue_url(QueueName="prod-events-start-dead-letters")["QueueUrl"]
        cloud.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
        alarm = "prod-events-start-dead-letters"
        cloud.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
        table = {"DatabaseName": "prod_data_pipeline", "TableName": "curated_events"}
        cloud.client("glue").delete_partition(**table, PartitionValues=[first_day])
        stray, folder = "2024-02-28", "curated/events/ingestion_date=2024-02-28/run_id=of-a-lost-record/"
        cloud.client("s3").put_object(Bucket=cloud.bucket, Key=f"{folder}part-0.parquet", Body=b"rows")
        described = cloud.client("glue").get_table(DatabaseName=table["DatabaseName"], Name=table["TableName"])["Table"]
        location = {"Location": f"s3://{cloud.bucket}/{folder}"}
        shown = {"Values": [stray], "StorageDescriptor": described["StorageDescriptor"] | location}
        cloud.client("glue").create_partition(**table, PartitionInput=shown)
        found = self.findings(cloud)
        assert found["dead letters"]["says"] == "prod-events-start-dead-letters (1)"
        assert (found["alarms"]["state"], found["alarms"]["says"]) == ("wrong", f"on: {alarm}")
        assert first_day in found["partitions"]["says"]
        assert found["partitions"]["next_step"] == "pipeline repair"
        assert cloud.pipeline("repair").returncode == 0
        lost = self.findings(cloud)["partitions"]
        assert lost["says"] == f"shown to readers though no record publishes them: {stray}"
        assert lost["next_step"] == f"pipeline run {stray}"
        cloud.client("glue").delete_partition(**table, PartitionValues=[stray])
        cloud.client("s3").delete_object(Bucket=cloud.bucket, Key=f"{folder}part-0.parquet")
        cloud.client("sqs").purge_queue(QueueUrl=queue)
        cloud.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")
        mended = self.findings(cloud)
        assert {mended[check]["state"] for check in ("dead letters", "alarms", "partitions")} == {"right"}

    def test_finds_a_role_that_is_denied_what_its_policy_allows(self, cloud: Cloud) -> None:
        job = cloud.client("glue").get_job(JobName="prod-events-curation")["Job"]
        role = job["Role"].rpartition("/")[2]
        statement = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
        denial = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        cloud.client("iam").put_role_policy(RoleName=role, PolicyName="Boundary", PolicyDocument=denial)
        finding = self.findings(cloud)["permissions"]
        cloud.client("iam").delete_role_policy(RoleName=role, PolicyName="Boundary")
        assert (finding["state"], "s3:PutObject for prod-events-curation" in finding["says"]) == ("wrong", True)

    def test_what_is_not_there_is_wrong(self, cloud: Cloud) -> None:
        queue = cloud.client("sqs").get_queue_url(QueueName="prod-events-alert-dead-letters")["QueueUrl"]
        kept = cloud.client("cloudwatch").describe_alarms(AlarmNames=["prod-events-alert-dead-letters"])["MetricAlarms"]
        cloud.client("cloudwatch").delete_alarms(AlarmNames=["prod-events-alert-dead-letters"])
        cloud.client("sqs").delete_queue(QueueUrl=queue)
        found = self.findings(cloud)
        assert found["alarms"]["says"] == "not there: prod-events-alert-dead-letters"
        assert (found["dead letters"]["state"], found["dead letters"]["next_step"]) == ("wrong", "cdk deploy --all")
        cloud.client("sqs").create_queue(QueueName="prod-events-alert-dead-letters")
        again = {name: kept[0][name] for name in ("AlarmName", "MetricName", "Namespace", "Statistic", "Period")}
        more = {"EvaluationPeriods": 1, "Threshold": 0.0, "ComparisonOperator": "GreaterThanThreshold"}
        cloud.client("cloudwatch").put_metric_alarm(**again, **more)

    def test_what_it_may_not_look_at_is_not_called_right(self, cloud: Cloud) -> None:
        command = [sys.executable, "-c", BLIND_DOCTOR]
        result = subprocess.run(command, cwd=ROOT, env=cloud.environment(), capture_output=True, text=True, check=False)
        states = {finding["check"]: finding["state"] for finding in json.loads(result.stdout)["findings"]}
        assert states["permissions"] == "not checked"
        assert states["bucket"] == "right"


# The command with a client of IAM that is denied everything, as for somebody who may not simulate.
BLIND_DOCTOR = """
import sys
from botocore.exceptions import ClientError
from adapters import aws
made = aws.client
class Denied:
    def __getattr__(self, name):
        def call(**request):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not yours"}}, name)
        return call
from cli import questions
questions.client = lambda service: Denied() if service == "iam" else made(service)
from cli.main import main
sys.exit(main(["doctor", "--json"]))
"""


class TestQuery:
    def test_shows_the_rows(self, cloud: Cloud, first_day: str) -> None:
        rows = cloud.record(first_day)["current"]["rows_written"]
        sql = f"SELECT count(*) AS events, NULL AS nothing FROM curated_events WHERE ingestion_date = '{first_day}'"
        document = json.loads(cloud.pipeline("query", sql, "--json").stdout)
        assert (document["names"], document["rows"]) == (["events", "nothing"], [[str(rows), None]])
        assert re.search(rf"^ +{rows}", cloud.pipeline("query", sql).stdout, re.MULTILINE)

    def test_says_what_athena_says_about_one_that_is_no_sql(self, cloud: Cloud) -> None:
        result = cloud.pipeline("query", "SELEC 1")
        assert (result.returncode, result.stdout) == (1, "")
        assert re.match(r"pipeline: Athena rejected the query: .*SELEC", result.stderr)

    def test_says_what_athena_says_about_a_wrong_one(self, cloud: Cloud) -> None:
        result = cloud.pipeline("query", "SELECT nope FROM curated_events")
        assert (result.returncode, result.stdout) == (1, "")
        assert "COLUMN_NOT_FOUND" in result.stderr
        assert "nope" in result.stderr


def test_two_executions_of_one_date_at_once_publish_it_once(cloud: Cloud, tmp_path: Path) -> None:
    day = "2025-02-10"
    cloud.deliver(day, tmp_path, rows=ROWS)
    processes = [cloud.started_pipeline("run", day, "--json") for _ in range(2)]
    documents = [json.loads(process.communicate(timeout=600)[0]) for process in processes]
    statuses = sorted(document["status"] for document in documents)
    assert statuses in (["failed", "published"], ["published", "unchanged"])
    assert not [document for document in documents if "superseded" not in document.get("message", "superseded")]
    record = cloud.record(day)
    assert record["previous"] == []
    assert cloud.partitions()[day] == record["current"]["location"]
    sql = f"SELECT count(*) FROM prod_data_pipeline.curated_events WHERE ingestion_date = '{day}'"
    assert cloud.query(sql)[1] == [str(record["current"]["rows_written"])]


def test_an_execution_waits_for_the_job_run_that_is_at_work_on_its_date(cloud: Cloud, tmp_path: Path) -> None:
    day = "2025-02-11"
    cloud.deliver(day, tmp_path, rows=ROWS)
    first = cloud.started_pipeline("run", day, "--json")
    held = held_scripts(cloud.state)
    second = cloud.started_pipeline("run", day, "--json")
    until(lambda: cloud.pipeline("status").stdout.count(f"{day} ") > 1)
    released(held)
    assert json.loads(first.communicate(timeout=600)[0])["status"] == "published"
    assert json.loads(second.communicate(timeout=600)[0])["status"] == "unchanged"
    assert second.returncode == 0


def test_late_data_leaves_raw_data_alone_that_was_refused(cloud: Cloud, tmp_path: Path) -> None:
    day = "2025-02-12"
    cloud.deliver(day, tmp_path, "--null-user-percent", "12", rows=ROWS)
    assert cloud.run(day)["status"] == "FAILED"
    again = cloud.run(day, unless_refused=True)
    assert (again["status"], json.loads(again["output"])["status"]) == ("SUCCEEDED", "refused")
    said = cloud.pipeline("follow", again["name"]).stdout
    assert re.fullmatch(rf"{day}: nothing to do, this raw data failed its checks in run \S+\n", said)


ODD_DAY = date(2024, 6, 30)


@pytest.fixture(scope="module")
def rejected(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Run a day of 100 rows where 1,000 are usual."""
    folder = tmp_path_factory.mktemp("odd")
    past = Past(folder, ROOT / "contracts" / "events.odcs.yaml")
    for back in range(1, 30):
        past.publish(ODD_DAY - timedelta(days=back), ROWS + back % 7)
    for path in folder.rglob("*.json"):
        cloud.client("s3").upload_file(str(path), cloud.bucket, str(path.relative_to(folder)))
    cloud.deliver(str(ODD_DAY), tmp_path_factory.mktemp("raw"), rows=100)
    return cloud.pipeline("run", str(ODD_DAY))


class TestOddDay:
    def test_is_rejected_with_what_is_usual(self, rejected: subprocess.CompletedProcess[str]) -> None:
        assert (rejected.returncode, rejected.stdout) == (1, "")
        assert re.search(r"row count is 100, expected \d+ to 1,\d+ \(29 dates", rejected.stderr), rejected.stderr
        assert f"pipeline accept {ODD_DAY} --reason TEXT" in rejected.stderr

    def test_is_published_once_it_is_accepted(self, cloud: Cloud, rejected: subprocess.CompletedProcess[str]) -> None:
        assert rejected.returncode == 1
        result = cloud.pipeline("accept", str(ODD_DAY), "--reason", "a holiday")
        assert (result.returncode, result.stderr) == (0, "")
        assert f"{ODD_DAY}: published run" in result.stdout
        accepted = cloud.record(str(ODD_DAY))["current"]["accepted"]
        assert (accepted["checks"], accepted["reason"]) == (["total_rows_usual"], "a holiday")
        assert accepted["accepted_by"].startswith("arn:aws:")
        [message] = until(lambda: cloud.messages(f"published {ODD_DAY}"))
        assert f"Accepted by {accepted['accepted_by']}: a holiday" in message["body"]
        again = cloud.pipeline("accept", str(ODD_DAY), "--reason", "once more")
        assert (again.returncode, "only a run that failed its checks can be accepted" in again.stderr) == (1, True)


@pytest.fixture(scope="module")
def second_dataset(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One more contract, deployed over what is there; the sources are copied so that no test changes them."""
    project = tmp_path_factory.mktemp("project")
    for name in ("contracts", "core", "contract", "adapters", "glue_src", "lambda_src", "stacks"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "config.py", "deployed_dataset.py", "cdk.json"):
        shutil.copy(ROOT / name, project / name)
    contract = project / "contracts" / "web_access.odcs.yaml"
    shutil.copy(ROOT / "tests" / "contracts" / "web_access.odcs.yaml", contract)
    cloud.deploy(project)
    return contract


class TestSecondDataset:
    def test_comes_with_its_contract_and_runs_beside_the_first(self, cloud: Cloud, second_dataset: Path) -> None:
        key = f"raw/source_system=web/ingestion_date=2015-05-17/{SECOND_RAW.name}"
        cloud.client("s3").upload_file(str(SECOND_RAW), cloud.bucket, key)
        result = cloud.pipeline("run", "2015-05-17", "--contract", str(second_dataset))
        assert result.returncode == 0, result.stderr
        assert "1,632 rows read" in result.stdout
        counted = cloud.query("SELECT count(*) FROM prod_data_pipeline.curated_web_access")
        assert counted[1] == ["1632"]
        assert "2015-05-17" not in cloud.partitions()

    def test_an_execution_waits_for_its_turn_when_no_run_of_the_job_is_free(
        self, cloud: Cloud, second_dataset: Path
    ) -> None:
        job = cloud.client("glue").get_job(JobName=SECOND_JOB)["Job"]
        kept = {name: job[name] for name in ("Role", "Command", "DefaultArguments", "GlueVersion", "Timeout")}
        update = {**kept, "ExecutionProperty": {"MaxConcurrentRuns": 1}}
        cloud.client("glue").update_job(JobName=SECOND_JOB, JobUpdate=update)
        before = len(cloud.client("glue").get_job_runs(JobName=SECOND_JOB)["JobRuns"])
        days = ("2015-05-18", "2015-05-19")
        for day in days:
            key = f"raw/source_system=web/ingestion_date={day}/{SECOND_RAW.name}"
            cloud.client("s3").upload_file(str(SECOND_RAW), cloud.bucket, key)
        runs = [cloud.started_pipeline("run", day, "--json", "--contract", str(second_dataset)) for day in days]
        documents = [json.loads(run.communicate(timeout=600)[0]) for run in runs]
        assert [document["status"] for document in documents] == ["published", "published"], documents
        steps = cloud.client("stepfunctions")
        histories = [str(steps.get_execution_history(executionArn=document["execution_arn"])) for document in documents]
        assert sum("WaitForFreeRun" in history for history in histories) == 1
        assert len(cloud.client("glue").get_job_runs(JobName=SECOND_JOB)["JobRuns"]) == before + 2

    def test_a_job_that_takes_too_long_is_stopped_and_alerted(self, cloud: Cloud, second_dataset: Path) -> None:
        job = SECOND_JOB
        endless = b"import time\ntime.sleep(600)\n"
        cloud.client("s3").put_object(Bucket=cloud.bucket, Key="scripts/endless.py", Body=endless)
        found = cloud.client("glue").get_job(JobName=job)["Job"]
        command: dict[str, Any] = {**found["Command"], "ScriptLocation": f"s3://{cloud.bucket}/scripts/endless.py"}
        update = {"Role": found["Role"], "Command": command, "DefaultArguments": {}, "Timeout": 1}
        cloud.client("glue").update_job(JobName=job, JobUpdate=update)
        result = cloud.pipeline("run", "2015-05-17", "--force", "--contract", str(second_dataset))
        assert result.returncode == 1
        assert "timed out after 1 minutes" in result.stderr
        assert cloud.client("glue").get_job_runs(JobName=job)["JobRuns"][0]["JobRunState"] == "TIMEOUT"
        assert not scripts(cloud.state)
        assert until(lambda: cloud.messages("[web_access] 2015-05-17"))

    def test_goes_with_its_contract_in_the_next_deployment(self, cloud: Cloud, second_dataset: Path) -> None:
        second_dataset.unlink()
        partitions = cloud.partitions()
        cloud.deploy(second_dataset.parent.parent)
        machines = cloud.client("stepfunctions").list_state_machines()["stateMachines"]
        names = {"prod-events-pipeline", "prod-events-backfill", "prod-events-days"}
        assert {machine["name"] for machine in machines} == names
        tables = cloud.client("glue").get_tables(DatabaseName="prod_data_pipeline")["TableList"]
        assert {table["Name"].removeprefix("curated_events") for table in tables} == {"", "_metrics", "_quarantine"}
        assert cloud.partitions() == partitions
        raw = f"raw/source_system=web/ingestion_date=2015-05-17/{SECOND_RAW.name}"
        assert cloud.client("s3").head_object(Bucket=cloud.bucket, Key=raw)


def test_destroy_removes_all_but_the_buckets(cloud: Cloud, second_dataset: Path) -> None:
    cloud.cdk("destroy", "--all", "--force", folder=second_dataset.parent.parent)
    assert cloud.client("stepfunctions").list_state_machines()["stateMachines"] == []
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in stacks] == ["CDKToolkit"]
    raw = f"raw/source_system=web/ingestion_date=2015-05-17/{SECOND_RAW.name}"
    assert cloud.client("s3").head_object(Bucket=cloud.bucket, Key=raw)
