"""Each change between two contracts has its class, for readers and for data already written, and none is left out."""

import copy
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

import pytest

from contract import AnomalyRule, Column, DataContract, Rule, parse_contract
from contract.expressions import parse_expression
from contract.sources import Source
from contract_diff import BREAKING, RERUN, SAFE, Change, SemanticVersion, changes_between, needed_version
from contract_diff import anomaly_rules as of_anomalies
from contract_diff import columns as of_columns
from contract_diff import comparison as of_contracts
from contract_diff import rules as of_rules
from contract_diff.rule_strictness import LOOSER, TIGHTER, Shift, shift_of
from core.raw_objects import RawObjects
from tests.unit.contract_changes import CASES, DOCUMENTED, Case, base, retyped, rule, with_rule


def changes(old: dict[str, Any], new: dict[str, Any]) -> tuple[Change, ...]:
    return changes_between(parse_contract(old), parse_contract(new))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_a_change_has_its_class(case: Case) -> None:
    found = changes(*case.pair())
    assert [(change.readers.effect, change.written.effect) for change in found] == list(case.effects), found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_a_rerun_that_is_needed_does_something(case: Case) -> None:
    """A run over unchanged raw data leaves a date alone when the checksum is the same."""
    old, new = map(parse_contract, case.pair())
    found = changes_between(old, new)
    if any(change.written.effect == RERUN for change in found):
        assert old.checksum != new.checksum
    if old.checksum != new.checksum:
        assert any(not change.is_documentation for change in found)


@pytest.mark.parametrize("what", DOCUMENTED)
def test_documentation_is_told_and_changes_nothing(what: str) -> None:
    new = base()
    DOCUMENTED[what](new)
    found = changes(base(), new)
    assert found
    assert all(change.is_documentation and change.effect == SAFE for change in found), found


def test_promises_and_rules_that_nobody_enforces_are_told_by_name() -> None:
    """They are the business of people, and no other words for the same."""
    old, new = base(), base()
    old["slaProperties"] += [{"property": "retention", "value": 90, "unit": "d"}, {"property": "support", "value": 1}]
    new["slaProperties"] += [{"property": "retention", "value": 30, "unit": "d"}]
    new["schema"][0]["properties"][1]["quality"] = [{"type": "text", "name": "recent", "description": "Not old."}]
    assert [(change.place, change.what, change.is_documentation) for change in changes(old, new)] == [
        ("contract", "SLA retention changed", True),
        ("contract", "SLA support removed", True),
        ("dataset orders column at", "rule recent added", True),
    ]


def test_a_promise_of_freshness_is_no_documentation_in_any_case_of_letters() -> None:
    contracts = [base(), base()]
    for contract, hours in zip(contracts, (6, 8), strict=True):
        contract["slaProperties"] = [{"property": "Latency", "value": hours, "unit": "h"}]
    assert [(change.what, change.is_documentation) for change in changes(*contracts)] == [("6 -> 8", False)]


def test_a_rule_in_words_may_have_any_name() -> None:
    new = base()
    new["schema"][0]["quality"].append({"type": "text", "name": "old/new", "description": "Not old."})
    assert [change.what for change in changes(base(), new)] == ["rule old new added"]


def test_each_of_several_promises_and_rules_in_words_of_one_name_is_compared() -> None:
    contracts = [base(), base()]
    for contract, days in zip(contracts, (90, 30), strict=True):
        of_each = {"orders": days, "returns": 5}
        contract["slaProperties"] += [
            {"property": "retention", "value": value, "unit": "d", "element": name} for name, value in of_each.items()
        ]
        words = [f"Kept for {days} days.", "Not old."]
        contract["schema"][0]["quality"] += [{"type": "text", "name": "age", "description": text} for text in words]
    assert [(change.place, change.what) for change in changes(*contracts)] == [
        ("contract", "SLA retention changed"),
        ("dataset orders", "rule age changed"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [(2, 2.0000001, "2 -> 2.0000001"), (12.34567, 12.34568, "12.34567 -> 12.34568"), (3.0, 2.5, "3 -> 2.5")],
)
def test_numbers_that_differ_are_told_apart(old: float, new: float, what: str) -> None:
    contracts = [base(), base()]
    for contract, limit in zip(contracts, (old, new), strict=True):
        contract["customProperties"][2]["value"] = limit
    assert [change.what for change in changes(*contracts)] == [what]


def test_a_new_column_without_a_value_cannot_pass_a_rule_that_wants_invalid_ones() -> None:
    new = base()
    wants = {"metric": "invalidValues", "arguments": {"validValues": ["a"]}, "mustBeGreaterThan": 5}
    new["schema"][0]["properties"].append({"name": "new", "logicalType": "string", "quality": [wants]})
    [added] = [change for change in changes(base(), new) if change.place.startswith("rule")]
    assert added.written.effect == RERUN


def test_a_contract_has_not_changed_against_itself_or_in_its_version_alone() -> None:
    assert changes(base(), {**base(), "version": "9.0.0"}) == ()


def test_the_documentation_of_what_is_added_or_removed_is_no_change_of_its_own() -> None:
    new = base()
    new["schema"][0]["properties"].append({"name": "new", "logicalType": "string", "description": "New."})
    assert [change.what for change in changes(base(), new)] == ["added (string)"]
    assert [change.what for change in changes(new, base())] == ["removed (string)"]


def test_the_worst_change_comes_first_and_documentation_last() -> None:
    new = base()
    for case in (*CASES[40:44],):
        case.edit(new)
    DOCUMENTED["tags"](new)
    found = changes(base(), new)
    order = [("breaking", "rerun needed", "safe").index(change.effect) for change in found]
    assert order == sorted(order)
    assert found[-1].is_documentation


def test_what_athena_may_refuse_of_old_partitions_names_the_repair() -> None:
    new = copy.deepcopy(base())
    retyped("address", "struct<street:string,city:string,zip:int,geo:struct<lat:float,lon:float>>")(new)
    assert [change.parts_catalog for change in changes(base(), new)] == [True]


@pytest.mark.parametrize(
    ("name", "raised"),
    [
        *((name, TIGHTER) for name in ("minimum", "exclusive_minimum", "min_length", "look_back_days")),
        *((name, LOOSER) for name in ("maximum", "exclusive_maximum", "max_length")),
    ],
)
def test_a_bound_that_is_raised_lets_less_pass_or_more(name: str, raised: Shift) -> None:
    rule = next(rule for rule in parse_contract(base()).rules if rule.id == "status_valid")
    bounds: list[dict[str, Any]] = [{name: 1}, {name: 2}]
    low, high = (replace(rule, **bound) for bound in bounds)
    assert (shift_of(low, high), shift_of(high, low)) == (raised, LOOSER if raised == TIGHTER else TIGHTER)


@pytest.mark.parametrize(("missing", "effect"), [([None], BREAKING), (["n/a"], SAFE)], ids=str)
def test_some_missing_values_allowed_break_readers_where_null_is_one(missing: list[str | None], effect: str) -> None:
    old, new = base(), base()
    for document in (old, new):
        rule(document, "status_given")["arguments"] = {"missingValues": missing}
    with_rule("status_given", mustBe=None, mustBeLessThan=5)(new)
    assert [change.readers.effect for change in changes(old, new)] == [effect]


class TestEveryFieldOfTheModel:
    """Is compared, or has a reason why it is not: one that is added has to be decided."""

    OF_THE_MODEL: Final[Mapping[type, Any]] = {
        DataContract: of_contracts, Column: of_columns, Rule: of_rules, AnomalyRule: of_anomalies,
    }  # fmt: skip
    OTHER_CONTRACT: Final[Mapping[str, Any]] = {
        "name": "other", "table": "other", "source_system": "other", "primary_key": ("at",), "columns": (), "rules": (),
        "anomaly_rules": (AnomalyRule("other", "rowCount", None, 5, 14),),
        "event_time": None, "max_malformed_percent": 50.0, "raw_objects": RawObjects(max_unread=9),
        "object_format": "concatenated", "records_path": Source(("a",), in_envelope=True, each=(1,)),
        "shows_example_lines": False, "freshness_hours": 1.5, "id": "other",
        "max_run_cost_usd": 2.0, "max_monthly_cost_usd": 9.0,
    }  # fmt: skip
    OTHER_COLUMN: Final[Mapping[str, Any]] = {
        "name": "COUNT", "type": "bigint", "required": True, "sources": (Source(("x",)),), "time_pattern": "yyyy",
        "logic": parse_expression("upper(id)"), "time_zone": "Europe/Berlin", "epoch_unit": "s", "sent_as_string": True,
        "null_result_allowed": True, "is_stored": False,
    }  # fmt: skip
    OTHER_ANOMALY_RULE: Final[Mapping[str, Any]] = {
        "id": "other", "metric": "valueShares", "column": "at", "tolerance": 9, "minimum_dates": 30,
        "severity": "warning",
    }  # fmt: skip
    OTHER_RULE: Final[Mapping[str, Any]] = {
        "id": "other", "metric": "duplicateValues", "column": "at", "columns": ("at",), "operator": "mustNotBe",
        "limit": 7, "unit": "rows", "severity": "warning", "valid_values": ("a",), "missing_values": ("a",),
        "pattern": "a", "minimum": 1.0, "exclusive_minimum": 1.0, "min_length": 1, "maximum": 1.0,
        "exclusive_maximum": 1.0, "max_length": 1, "look_back_days": 2,
    }  # fmt: skip

    @pytest.mark.parametrize("model", OF_THE_MODEL, ids=lambda model: model.__name__)
    def test_is_decided(self, model: type) -> None:
        compared, left_out = self.OF_THE_MODEL[model].COMPARED, self.OF_THE_MODEL[model].NOT_COMPARED
        assert {field.name for field in fields(model)} == {*compared, *left_out}
        assert not set(compared) & set(left_out)

    def test_is_one_of_the_raw_objects_settings_too(self) -> None:
        assert {field.name for field in fields(RawObjects)} == set(of_contracts.RAW_OBJECTS)

    @pytest.mark.parametrize("name", of_contracts.COMPARED)
    def test_makes_a_change_where_contracts_differ_in_it(self, name: str) -> None:
        contract = parse_contract(base())
        assert changes_between(contract, replace(contract, **{name: self.OTHER_CONTRACT[name]}))

    @pytest.mark.parametrize("name", of_columns.COMPARED)
    def test_makes_a_change_where_columns_differ_in_it(self, name: str) -> None:
        contract = parse_contract(base())
        column = contract.column("count")
        other = replace(column, **{name: self.OTHER_COLUMN[name]})
        assert changes_between(contract, replace(contract, columns=_with(contract.columns, column, other)))

    @pytest.mark.parametrize("name", of_anomalies.COMPARED)
    def test_makes_a_change_where_anomaly_rules_differ_in_it(self, name: str) -> None:
        contract = parse_contract(base())
        rule = AnomalyRule("usual", "nullValues", "status", 5, 14)
        other = replace(rule, **{name: self.OTHER_ANOMALY_RULE[name]})
        old, new = (replace(contract, anomaly_rules=(one,)) for one in (rule, other))
        assert changes_between(old, new)

    @pytest.mark.parametrize("name", of_rules.COMPARED)
    def test_makes_a_change_where_rules_differ_in_it(self, name: str) -> None:
        contract = parse_contract(base())
        rule = next(rule for rule in contract.rules if rule.id == "status_nulls")
        other = replace(rule, **{name: self.OTHER_RULE[name]})
        assert changes_between(contract, replace(contract, rules=_with(contract.rules, rule, other)))


def _with(items: tuple[Any, ...], old: object, new: object) -> tuple[Any, ...]:
    return tuple(new if item == old else item for item in items)


@pytest.mark.parametrize(
    ("released", "effects", "needed"),
    [
        ("1.4.2", [], "1.4.2"),
        ("1.4.2", ["documentation"], "1.4.3"),
        ("1.4.2", ["documentation", SAFE], "1.5.0"),
        ("1.4.2", [RERUN], "1.5.0"),
        ("1.4.2", [SAFE, BREAKING], "2.0.0"),
        ("0.4.2", [BREAKING], "0.5.0"),
        ("0.4.2", ["documentation"], "0.4.3"),
        ("1.4", [SAFE], "1.5.0"),
    ],
)
def test_a_version_steps_as_far_as_its_changes_need(released: str, effects: list[str], needed: str) -> None:
    kinds: dict[str, str] = {SAFE: "a column more", RERUN: "another event time", BREAKING: "a column less"}
    found: list[Change] = []
    for effect in effects:
        new = base()
        edit = DOCUMENTED["tags"] if effect == "documentation" else _edit(kinds[effect])
        edit(new)
        found += changes(base(), new)
    assert str(needed_version(SemanticVersion.of(released), found)) == needed


def _edit(what: str) -> Any:
    return next(case.edit for case in CASES if case.what == what)
