"""How a check is worded, and that what is stored of it is what is read again."""

import pytest

from core.checks import Check, read_checks
from core.documents import as_documents
from core.errors import InvalidDocument


def check(value: float, *, operator: str = "mustBeLessOrEqualTo", limit: object = 3, unit: str = "percent") -> Check:
    document = {
        "id": "user_id_null_rate", "metric": "nullValues", "column": "user_id", "operator": operator, "limit": limit,
        "unit": unit, "value": value, "severity": "error", "passed": False,
    }  # fmt: skip
    [found] = read_checks({"checks": [document]}, source="metrics.json")
    return found


@pytest.mark.parametrize(
    ("value", "text"),
    [(100 * 30001 / 1000000, "3.0001 %"), (100 * 300000001 / 10000000000, "3.00000001 %"), (3, "3 %")],
)
def test_a_value_never_looks_like_a_limit_that_it_differs_from(value: float, text: str) -> None:
    assert check(value).measured() == text


@pytest.mark.parametrize(
    ("found", "sentence", "allowed"),
    [
        (check(12.0), "null rate of user_id is 12 %, limit 3 %", "<= 3 %"),
        (check(5130, operator="mustBe", limit=0, unit="rows"), "null count of user_id is 5,130, must be 0", "= 0"),
        (
            check(12, operator="mustBeBetween", limit=[0, 10], unit="rows"),
            "null count of user_id is 12, must be between 0 and 10",
            "between 0 and 10",
        ),
    ],
)
def test_a_check_says_what_was_measured_and_what_is_allowed(found: Check, sentence: str, allowed: str) -> None:
    assert (found.sentence(), found.allowed()) == (sentence, allowed)


def test_a_check_is_read_as_it_was_stored() -> None:
    checks = (check(3.5), check(12, operator="mustNotBeBetween", limit=[0, 10.5], unit="rows"))
    assert read_checks({"checks": as_documents(checks)}, source="metrics.json") == checks


@pytest.mark.parametrize(
    "changed", [{"operator": "mustBeNice"}, {"metric": "niceValues"}, {"value": None}, {"limit": "3"}]
)
def test_what_is_no_check_of_this_release_is_named(changed: dict[str, object]) -> None:
    [document] = as_documents([check(1.0)])
    with pytest.raises(InvalidDocument, match=r"metrics object metrics\.json cannot be used"):
        read_checks({"checks": [document | changed]}, source="metrics.json")
