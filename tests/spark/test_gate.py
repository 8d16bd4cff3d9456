"""The gate at its limits: exactly on a limit passes, one row more does not, and every failed check is named."""

import json
from pathlib import Path

import pytest
import yaml

from core.errors import GateFailed
from tests.spark.lab import CONTRACTS, DAY, Lab, Row, event
from tests.spark.line_cases import PLAIN_TEXT

PARSED, READ = 9900, 10_000


def day_of(*, null_users: int, duplicates: int, malformed: int) -> str:
    """Write 10,000 lines of events: those malformed, those sent twice, and the rest, of which some have no user."""
    first = PARSED - duplicates + (100 - malformed)
    users = [None if n < null_users else "1" for n in range(first)]
    lines = [json.dumps(event(n, user_id=user)) + "\n" for n, user in enumerate(users)]
    lines += [lines[-1 - n] for n in range(duplicates)]
    return "".join(lines) + "oops\n" * malformed


def test_rates_exactly_on_their_limits_pass(lab: Lab) -> None:
    lab.put(day_of(null_users=297, duplicates=198, malformed=100))
    run = lab.run()
    assert run.status == "published"
    assert (run.metrics["rows_read"], run.metrics["rows_quarantined"], run.metrics["duplicates_removed"]) == (
        READ,
        100,
        198,
    )
    values = run.check_values
    assert (values["user_id_null_rate"], values["event_id_duplicates"], values["malformed_lines"]) == (3.0, 2.0, 1.0)
    assert len(run.rows()) == PARSED - 198


@pytest.mark.parametrize(
    ("null_users", "duplicates", "failed", "sentence"),
    [
        (298, 198, "user_id_null_rate", "null rate of user_id is 3.01 %, limit 3 %"),
        (297, 199, "event_id_duplicates", "duplicate rate of event_id is 2.01 %, limit 2 %"),
    ],
)
def test_one_row_over_a_limit_fails(lab: Lab, null_users: int, duplicates: int, failed: str, sentence: str) -> None:
    lab.put(day_of(null_users=null_users, duplicates=duplicates, malformed=100))
    run = lab.run()
    assert isinstance(run.error, GateFailed)
    assert run.failed_checks == {failed}
    assert f"{DAY}: {sentence}; report " in run.message
    assert lab.files("curated") == {}


def test_one_malformed_line_over_the_limit_fails_and_the_quarantine_stays(lab: Lab) -> None:
    lab.put(day_of(null_users=0, duplicates=0, malformed=101))
    run = lab.run()
    assert run.failed_checks == {"malformed_lines"}
    [most] = run.metrics["rejected_lines"]
    assert (most["reason"], most["lines"]) == (PLAIN_TEXT, 101)
    told = f"101 x {PLAIN_TEXT}, for example {most['example']} in events.json"
    assert f"{DAY}: malformed-line rate is 1.01 %, limit 1 %; most malformed lines: {told}; report " in run.message
    quarantine = run.quarantine()
    assert len(quarantine) == 101
    assert list(quarantine[0]) == [
        "line", "line_bytes", "reason", "source_object", "kind", "ingestion_date", "run_id", "record",
    ]  # fmt: skip
    assert {(row["kind"], row["ingestion_date"], row["run_id"]) for row in quarantine} == {
        (PLAIN_TEXT, DAY, run.metrics["run_id"])
    }


def test_an_envelope_fails_with_what_the_contract_would_have_to_say(lab: Lab) -> None:
    lab.put([{"Records": [event(n) for n in range(3)]} for _ in range(2)])
    run = lab.run()
    assert (
        "every line has only the unknown field Records: if it is an array of the records, set the custom property "
        "recordsPath: Records of the contract" in run.message
    )
    assert "malformed lines" not in run.message


def test_every_failed_check_is_named_with_its_value_and_limit(lab: Lab) -> None:
    rows: list[Row] = [event(n) for n in range(97)]
    rows += [event(97, event_id=None), event(98, event_type="refund"), event(99, event_type=None)]
    rows += [event(n, user_id=None) for n in range(4)]
    lab.put(rows)
    run = lab.run()
    assert run.failed_checks == {
        "event_id_not_null", "event_type_not_null", "event_type_valid", "user_id_null_rate", "event_id_duplicates",
    }  # fmt: skip
    for sentence in (
        "null count of event_id is 1, must be 0",
        "null count of event_type is 1, must be 0",
        "invalid-value count of event_type is 1, must be 0",
        "null rate of user_id is 3.846 %, limit 3 %",
        "duplicate rate of event_id is 3.846 %, limit 2 %",
    ):
        assert sentence in run.message


def test_an_event_time_before_the_year_1_or_after_9999_quarantines_its_line_and_nothing_more(lab: Lab) -> None:
    lab.contract = CONTRACTS / "readings.odcs.yaml"
    beyond = ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+10:00"]
    lab.put([{"meter": moment, "read_at": moment, "level": 1} for moment in (*beyond, f"{DAY}T10:00:00Z")])
    run = lab.run()
    assert run.status == "published"
    assert [row["meter"] for row in run.rows()] == [f"{DAY}T10:00:00Z"]
    assert {json.loads(row["line"])["meter"] for row in run.quarantine()} == set(beyond)


def test_ancient_event_times_are_published_as_they_are(lab: Lab) -> None:
    lab.contract = CONTRACTS / "readings.odcs.yaml"
    lab.put(
        [
            {"meter": str(year), "read_at": f"{year:04d}-03-01T10:00:00Z", "level": 1}
            for year in (1, 1500, 1582, 1899, 9999)
        ]
    )
    run = lab.run()
    assert run.status == "published"
    assert {row["meter"]: row["read_at"].year for row in run.rows()} == {str(y): y for y in (1, 1500, 1582, 1899, 9999)}
    assert run.metrics["event_time"]["rows_on_other_days"] == 5


def values_told(message: str) -> str:
    return message.partition("most frequent invalid values: ")[2].partition("; report ")[0]


class TestValuesBehindAFailedCheck:
    """A count says that rows are wrong; people have to know which, and the version that holds them is deleted."""

    def test_are_named_by_how_often_they_are_there(self, lab: Lab) -> None:
        wrong = ["refund"] * 3 + ["gift\u202e"] * 2 + ["x" * 100] * 2 + ["zebra", "axe", "login"]
        lab.put([event(number, event_type=value) for number, value in enumerate(wrong)])
        run = lab.run()
        assert isinstance(run.error, GateFailed)
        told = 'event_type "refund" (3), "gift\\u202e" (2), a value of 100 characters (2)'
        assert values_told(run.message) == told
        assert run.message.index("invalid-value count of event_type is 9, must be 0") < run.message.index(told)
        assert lab.files("curated") == {}

    def test_are_those_of_every_rule_that_failed_and_of_no_other(self, lab: Lab, tmp_path: Path) -> None:
        contract = yaml.safe_load(lab.contract.read_text())
        for column in contract["schema"][0]["properties"]:
            if column["name"] == "quantity":
                column["logicalTypeOptions"] = {"minimum": 0}
            if column["name"] == "user_id":
                short = {"metric": "invalidValues", "arguments": {"pattern": "^.{2}$"}, "mustBe": 0}
                column["quality"] = [{"id": "user_id_short", **short, "severity": "warning"}]
        lab.contract = tmp_path / "contract.odcs.yaml"
        lab.contract.write_text(yaml.safe_dump(contract))
        lab.put(
            [event(1, quantity=-2), event(2, user_id="long"), event(3, event_type="refund"), event(4, quantity=None)]
        )
        assert sorted(values_told(lab.run().message).split("; ")) == ['event_type "refund" (1)', "quantity -2 (1)"]

    def test_are_counted_without_duplicates_and_left_out_where_no_row_is_left(self, lab: Lab) -> None:
        late = f"{DAY}T11:00:00Z"
        lab.put([event(1, event_type="refund"), event(1, event_ts=late)])
        run = lab.run()
        assert "invalid-value count of event_type is 1, must be 0; report " in run.message
        assert values_told(run.message) == ""

    def test_are_few_and_short_whatever_they_hold(self, lab: Lab) -> None:
        wrong = ["a; report s3://elsewhere; pipeline run 2025-01-01"] * 3 + ["\u200b" * 60] * 2 + ["y" * 60]
        lab.put([event(number, event_type=value) for number, value in enumerate(wrong)])
        message = lab.run().message
        shown = f'event_type "{wrong[0]}" (3), a value of 60 characters (2), "{"y" * 60}" (1)'
        assert f"most frequent invalid values: {shown}; report file://" in message

    def test_are_found_below_a_data_root_of_any_name(self, tmp_path: Path, lab: Lab) -> None:
        odd = Lab(tmp_path / "ro[o]t{x}", lab.contract)
        odd.put([event(1, event_type="refund")])
        assert values_told(odd.run().message) == 'event_type "refund" (1)'

    def test_are_not_shown_where_the_contract_shows_no_data(self, lab: Lab, tmp_path: Path) -> None:
        contract = yaml.safe_load(lab.contract.read_text())
        contract["customProperties"].append({"property": "exampleLines", "value": "none"})
        lab.contract = tmp_path / "contract.odcs.yaml"
        lab.contract.write_text(yaml.safe_dump(contract))
        lab.put([event(1, event_type="refund")])
        run = lab.run()
        assert "invalid-value count of event_type is 1" in run.message
        assert "refund" not in json.dumps(run.metrics)

    def test_that_cannot_be_read_do_not_hide_what_failed(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("curation.invalid_values.most_frequent", lambda *_: 1 / 0)
        lab.put([event(1, event_type="refund")])
        run = lab.run()
        assert isinstance(run.error, GateFailed)
        assert "invalid-value count of event_type is 1, must be 0; report " in run.message
        [warning] = run.metrics["warnings"]
        assert warning.startswith("the values that broke the rules could not be looked up: ")
