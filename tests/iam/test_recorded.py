"""What a fact of a run stands for, and that the facts of two runs are alike."""

import json

import pytest

from tests.iam.hadoop import Connector, UnknownOperation
from tests.iam.recorded import UnknownFact, calls_of, comparable

ROLE = "arn:aws:iam::000000000000:role/job"
BUCKET = "arn:aws:s3:::bucket"


def asked(**fact: object) -> set[tuple[str, str]]:
    """Return action and resource, or prefix, of what a fact stands for."""
    return {(call.action, call.context.get("s3:prefix", call.resource)) for call in calls_of([fact])}


def of_hadoop(op: str, **more: str) -> dict[tuple[str, str], bool]:
    """Return what is asked of S3 for an operation on one folder of a version, and whether it may fail."""
    fact = {"kind": "files", "bucket": "bucket", "role": "job", "key": "curated/d/run", "found": None, "op": op, **more}
    calls = calls_of([fact])
    return {
        (call.action, call.context.get("s3:prefix", call.resource.removeprefix(f"{BUCKET}/"))): call.may_fail
        for call in calls
    }


def test_facts_of_two_runs_are_alike() -> None:
    lines = [
        json.dumps(
            {"kind": "request", "role": role, "resource": f"arn:aws:s3:::b-{b}/m/ingestion_date={day}/{run}.json"}
        )
        for role, b, day, run in (
            ("stack-Role1A", "x1", "2025-01-01", "20261128T010354Z-7b4f361c"),
            ("stack-Role2B", "x2", "2024-06-30", "20261129T020354Z-00000001"),
        )
    ]
    names = {"stack-Role1A": "Role", "stack-Role2B": "Role", "b-x1": "Bucket", "b-x2": "Bucket"}
    (alike,) = comparable(lines, names)
    assert json.loads(alike)["resource"] == "arn:aws:s3:::Bucket/m/ingestion_date={date}/{run}.json"


def test_a_table_takes_its_database_and_the_catalog() -> None:
    given = {"DatabaseName": "db", "TableName": "t"}
    found = asked(kind="request", role=ROLE, action="glue:GetPartition", resource="arn:x", given=given)
    names = {resource.rpartition(":")[2] for _, resource in found}
    assert names == {"catalog", "database/db", "table/db/t"}


def test_what_is_read_may_be_missing_and_takes_listing_of_its_key() -> None:
    found = asked(kind="request", role=ROLE, action="s3:GetObject", resource=f"{BUCKET}/m/a.json", given={})
    assert found == {("s3:GetObject", f"{BUCKET}/m/a.json"), ("s3:ListBucket", "m/a.json")}


def test_a_request_of_unknown_needs_is_an_error() -> None:
    with pytest.raises(UnknownFact, match="ec2:RunInstances"):
        asked(kind="request", role=ROLE, action="ec2:RunInstances", resource="*", given={})


def test_a_rule_says_for_which_rule_and_a_schedule_has_a_role() -> None:
    target = "arn:aws:sqs:us-east-1:000000000000:q"
    (by_rule,) = calls_of([{"kind": "delivery", "source": "arn:rule", "role": None, "target": target}])
    assert (by_rule.actor, by_rule.context["aws:SourceArn"]) == ("events.amazonaws.com", "arn:rule")
    (by_schedule,) = calls_of([{"kind": "delivery", "source": "arn:s", "role": ROLE, "target": target}])
    assert (by_schedule.actor, by_schedule.context) == (ROLE, {})


class TestHadoop:
    def test_a_file_is_looked_at_and_what_is_no_file_is_listed(self) -> None:
        assert of_hadoop("GETFILESTATUS", found="FILE") == {("s3:GetObject", "curated/d/run"): False}
        assert of_hadoop("GETFILESTATUS") == {
            ("s3:GetObject", "curated/d/run"): False,
            ("s3:ListBucket", "curated/d/run/"): False,
        }

    def test_what_is_written_may_be_given_up(self) -> None:
        assert of_hadoop("CREATE", data="true") == {
            ("s3:PutObject", "curated/d/run"): False,
            ("s3:AbortMultipartUpload", "curated/d/run"): False,
        }

    def test_folders_above_are_asked_for_and_may_be_denied(self) -> None:
        made = of_hadoop("MKDIRS")
        assert made["s3:PutObject", "curated/d/run/"] is False
        assert made["s3:GetObject", "curated"] is True
        assert made["s3:ListBucket", "curated/"] is True

    def test_a_rename_reads_writes_and_deletes(self) -> None:
        renamed = set(of_hadoop("RENAME", target="curated/d/done"))
        assert {
            ("s3:GetObject", "curated/d/run"),
            ("s3:PutObject", "curated/d/done"),
            ("s3:DeleteObject", "curated/d/run"),
        } <= renamed

    def test_an_operation_that_is_not_written_down_is_an_error(self) -> None:
        with pytest.raises(UnknownOperation, match="CONCAT on a"):
            list(Connector(ROLE, "bucket").calls({"key": "a", "op": "CONCAT"}))
