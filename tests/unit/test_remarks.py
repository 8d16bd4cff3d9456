"""What a published run tells besides its counts: warnings, and fields that no column reads."""

from typing import Any
from unittest.mock import Mock

import pytest

import curate_job
from core.checks import Baseline, Check
from core.documents import as_documents
from core.errors import InvalidDocument
from core.remarks import remarks
from curation.metrics import RunReport
from tests.unit.shop import CONTRACT, DAY, START

NULLS = Check("nulls", "nullValues", "customer_id", "mustBeLessOrEqualTo", 5, "percent", 100.0, "warning", passed=False)
ODD = Check(
    "usual", "rowCount", None, "mustBeBetween", (90, 110), "rows", 5, "error", passed=False, baseline=Baseline(14, None)
)
FIELDS = {"unknown_fields": ["customerId"], "rows_with_unknown_fields": 5100, "rows_looked_at": 5100}
MANY_FIELDS = FIELDS | {"unknown_fields": list("abcde")}
IN_ALL = " (in 5,100 of 5,100 rows)"


def told(*checks: Check, **more: Any) -> list[str]:
    return remarks({"checks": as_documents(checks), **more}, source="of run R")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (told(), []),
        (told(schema_drift=None, accepted=None, warnings=[]), []),
        (told(NULLS), ["1 warning: null rate of customer_id is 100 %, limit 5 %"]),
        (told(NULLS, warnings=["a", "b"]), ["3 warnings: null rate of customer_id is 100 %, limit 5 %, and 2 more"]),
        (told(warnings=["the cost"]), ["1 warning: the cost"]),
        (told(schema_drift=FIELDS), [f"no column reads customerId{IN_ALL}"]),
        (told(schema_drift=MANY_FIELDS), [f"no column reads a, b, c and 2 more{IN_ALL}"]),
        (told(warnings=["a\x1b[31m"]), ["1 warning: a\\u001b[31m"]),
        (told(warnings=["a" * 999]), [f"1 warning: {'a' * 199}…"]),
        (told(schema_drift=FIELDS | {"unknown_fields": ["a" * 99]}), [f"no column reads {'a' * 39}…{IN_ALL}"]),
    ],
)  # fmt: skip
def test_warnings_and_fields_are_told_in_a_few_words(said: list[str], expected: list[str]) -> None:
    assert said == expected


def test_what_a_person_has_accepted_is_no_warning() -> None:
    accepted = {"checks": ["usual"]}
    assert told(ODD, accepted=accepted) == []
    assert told(ODD, NULLS, accepted=accepted) == told(NULLS)


@pytest.mark.parametrize("status", ["published", "gate_failed"])
def test_the_last_line_of_a_job_tells_them_of_a_day_that_is_published(status: str) -> None:
    report = RunReport("R", str(DAY), CONTRACT, START, status=status)
    report.checks, report.warnings = [NULLS], ["the cost"]
    outcome = curate_job.outcome_of(Mock(ingestion_date=DAY), Mock(report=report, metrics_uri="file:///m.json"))
    warning = "2 warnings: null rate of customer_id is 100 %, limit 5 %, and 1 more"
    assert outcome["remarks"] == ([warning] if status == "published" else [])


def test_metrics_that_are_none_are_refused() -> None:
    with pytest.raises(InvalidDocument, match="of run R cannot be used"):
        told(schema_drift={"unknown_fields": ["a"], "rows_with_unknown_fields": 1})
