"""Every way in which a contract can be wrong is refused with a message that names it; nothing is quietly ignored."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from contract import ContractError, parse_contract
from tests.unit.contract_documents import COLUMN_RULE, document, with_rule
from tests.unit.contract_rule_errors import RULE_ERRORS, VALUE_ERRORS
from tests.unit.contract_structure_errors import STRUCTURE_ERRORS

ALL_ERRORS = [*STRUCTURE_ERRORS, *RULE_ERRORS, *VALUE_ERRORS]
ERROR_IDS = [f"{number} {message}" for number, (_, message) in enumerate(ALL_ERRORS)]


@pytest.mark.parametrize(("contract", "message"), ALL_ERRORS, ids=ERROR_IDS)
def test_a_wrong_contract_is_refused_with_its_message(contract: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ContractError) as refusal:
        parse_contract(contract)
    assert message in str(refusal.value)


def test_the_contract_that_these_errors_are_made_from_is_right() -> None:
    assert parse_contract(document()).name == "orders"


def test_one_refusal_lists_every_problem_on_its_own_line_with_its_path() -> None:
    wrong = with_rule(metric="nullValue", mustBe=0, severity="high")
    wrong["kind"] = "Contract"
    with pytest.raises(ContractError) as refusal:
        parse_contract(wrong, source="contracts/orders.odcs.yaml")
    lines = str(refusal.value).splitlines()
    assert lines[0] == "contracts/orders.odcs.yaml: 3 problems in the data contract"
    assert [line.split(":")[0] for line in lines[1:]] == ["kind", f"{COLUMN_RULE}.metric", f"{COLUMN_RULE}.severity"]
    assert refusal.value.problems == tuple(lines[1:])


def test_the_same_rule_id_twice_is_refused_across_table_and_columns() -> None:
    wrong = with_rule(id="same", metric="nullValues", mustBe=0)
    wrong["schema"][0]["quality"] = [{"id": "same", "metric": "rowCount", "mustBeGreaterThan": 0}]
    with pytest.raises(
        ContractError, match=r"properties\[1\] \(value\)\.quality\[0\]\.id: 'same' is already the id of another rule"
    ):
        parse_contract(wrong)


def test_a_document_that_holds_itself_or_is_endless_is_refused() -> None:
    endless: dict[str, Any] = document()
    endless["tags"] = [endless]
    with pytest.raises(ContractError, match="is nested more than 40 levels deep"):
        parse_contract(endless)


def test_a_document_that_explodes_through_aliases_is_refused() -> None:
    level: list[Any] = ["x"] * 100
    for _ in range(3):
        level = [level] * 100
    with pytest.raises(ContractError, match="holds more than 200000 values"):
        parse_contract(document(tags=level))


@pytest.mark.parametrize("value", [[], "text", 1, None])
def test_what_is_not_a_mapping_is_no_contract(value: Any) -> None:
    with pytest.raises(ContractError, match="not a mapping of keys to values"):
        parse_contract(value)


def test_parsing_never_changes_what_it_is_given() -> None:
    given = with_rule(metric="nullValues", mustBe=0)
    before = copy.deepcopy(given)
    contract = parse_contract(given)
    given["schema"][0]["name"] = "changed"
    assert contract.document == before
