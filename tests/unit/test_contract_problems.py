"""All problems of a document are found in one run: as many as were planted, at every level of it and in any company."""

import copy
import itertools
from typing import Any

import pytest

from contract import ContractError, parse_contract

Document = dict[str, Any]


def right() -> Document:
    """Make a right contract that has something at every level."""
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "orders",
        "version": "1.0.0",
        "description": {"purpose": "p"},
        "customProperties": [
            {"property": "sourceSystem", "value": "shop"},
            {"property": "eventTime", "value": "at"},
            {"property": "maxMalformedPercent", "value": 2},
            {"property": "includeObjects", "value": ["a-*"]},
        ],
        "slaProperties": [{"property": "latency", "value": 1, "unit": "h"}],
        "schema": [
            {
                "name": "orders",
                "quality": [
                    {"id": "rows", "metric": "rowCount", "mustBeGreaterThan": 0},
                    {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "at"]}},
                ],
                "properties": [
                    {"name": "id", "logicalType": "string", "primaryKey": True},
                    {"name": "at", "logicalType": "timestamp", "logicalTypeOptions": {"timezone": "UTC"}},
                    {
                        "name": "box",
                        "logicalType": "object",
                        "properties": [
                            {"name": "list", "logicalType": "array", "items": {"logicalType": "integer"}},
                            {
                                "name": "map",
                                "logicalType": "map",
                                "map": {"key": {"logicalType": "string"}, "value": {"logicalType": "number"}},
                            },
                        ],
                    },
                    {
                        "name": "text",
                        "logicalType": "string",
                        "enum": [{"value": "a"}, {"value": "b"}],
                        "logicalTypeOptions": {"maxLength": 3},
                        "quality": [
                            {"metric": "nullValues", "mustBeLessOrEqualTo": 3, "unit": "percent"},
                            {"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["a", "b"]}},
                            {"type": "text", "description": "d"},
                            {"type": "text", "description": "d"},
                        ],
                    },
                    {"name": "n", "logicalType": "integer", "logicalTypeOptions": {"minimum": 1, "maximum": 3}},
                ],
            }
        ],
    }


def put(document: Document, *path: str | int, value: Any) -> None:
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value


PROPERTIES = ("schema", 0, "properties")
TEXT = (*PROPERTIES, 3)
NUMBER = (*PROPERTIES, 4, "logicalTypeOptions")
INNER = (*PROPERTIES, 2, "properties")
# Where it is planted, what, and how the line begins that must name it.
PLANTED: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("kind",), "Contract", "kind: 'Contract' is not known"),
    (("version",), 1.0, "version: must be a text"),
    (("id",), object(), "id: a value of type object has no place in JSON"),
    (("tags",), {1: 2}, "tags: the key 1 is not a text"),
    (("price",), {"priceAmount": float("inf")}, "price.priceAmount: inf is not a finite number"),
    (("shema",), [], "shema: this key is not known"),
    (("description", "porpose"), "x", "description.porpose: this key"),
    (("customProperties", 1, "value"), "att", "customProperties.eventTime: 'att' is not known"),
    (("customProperties", 2, "value"), 101, "customProperties.maxMalformedPercent: 101 must"),
    (("customProperties", 3, "value"), ["a", ""], "customProperties.includeObjects[1]: must be"),
    (("customProperties", 0, "vlaue"), 1, "customProperties[0].vlaue: this key"),
    (("slaProperties", 0, "unit"), "fortnights", "slaProperties[0].unit: 'fortnights'"),
    (("slaProperties", 0, "value"), -1, "slaProperties[0].value: -1"),
    (("schema", 0, "name"), "Orders!", "schema[0].name: 'Orders!'"),
    (("schema", 0, "physicalName"), "9x", "schema[0].physicalName: '9x'"),
    (("schema", 0, "proprties"), [], "schema[0].proprties: this key"),
    (("schema", 0, "quality", 0, "id"), "a b", "schema[0].quality[0].id: 'a b'"),
    (("schema", 0, "quality", 0, "metric"), "rowCont", "schema[0].quality[0].metric: 'rowCont'"),
    (("schema", 0, "quality", 1, "metric"), "duplicates", "schema[0].quality[1].metric: 'duplicates'"),
    (("schema", 0, "quality", 1, "mustBe"), "0", "schema[0].quality[1].mustBe: must be a number"),
    (
        ("schema", 0, "quality", 1, "arguments", "properties", 1),
        "att",
        "schema[0].quality[1].arguments.properties[1]: 'att'",
    ),
    (("schema", 0, "quality", 1, "arguments", "foo"), 1, "schema[0].quality[1].arguments.foo: this key"),
    ((*PROPERTIES, 0, "name"), "_id", "schema[0].properties[0] (_id).name: '_id'"),
    ((*PROPERTIES, 1, "logicalTypeOptions", "timezone"), "CET", "schema[0].properties[1] (at).logicalTypeOptions.time"),
    ((*PROPERTIES, 2, "logicalType"), "objct", "schema[0].properties[2] (box).logicalType: 'objct'"),
    ((*INNER, 0, "items", "logicalType"), "intger", "schema[0].properties[2] (box).properties[0] (list).items.logica"),
    ((*INNER, 0, "requird"), True, "schema[0].properties[2] (box).properties[0] (list).requird: this key"),
    ((*INNER, 1, "map", "valeu"), 1, "schema[0].properties[2] (box).properties[1] (map).map.valeu: this key"),
    ((*INNER, 1, "map", "value", "enum"), [1], "schema[0].properties[2] (box).properties[1] (map).map.value.enum: is"),
    ((*TEXT, "logicalType"), "strng", "schema[0].properties[3] (text).logicalType: 'strng'"),
    ((*TEXT, "enum", 0), "a", "schema[0].properties[3] (text).enum[0]: 'a' must be written"),
    ((*TEXT, "enum", 1, "lable"), "b", "schema[0].properties[3] (text).enum[1].lable: this key"),
    ((*TEXT, "logicalTypeOptions", "maxLenght"), 1, "schema[0].properties[3] (text).logicalTypeOptions.maxLenght: 'm"),
    (
        (*TEXT, "logicalTypeOptions", "maxLength"),
        "3",
        "schema[0].properties[3] (text).logicalTypeOptions.maxLength: mu",
    ),
    ((*TEXT, "logicalTypeOptions", "pattern"), "(", "schema[0].properties[3] (text).logicalTypeOptions.pattern: '('"),
    ((*TEXT, "quality", 0, "unit"), "%", "schema[0].properties[3] (text).quality[0].unit: '%'"),
    ((*TEXT, "quality", 0, "mustBe"), True, "schema[0].properties[3] (text).quality[0].mustBe: must be a number"),
    ((*TEXT, "quality", 0, "severity"), "high", "schema[0].properties[3] (text).quality[0].severity: 'high'"),
    ((*TEXT, "quality", 1, "metric"), "validValues", "schema[0].properties[3] (text).quality[1].metric: 'validValues'"),
    ((*TEXT, "quality", 1, "dimension"), "x", "schema[0].properties[3] (text).quality[1].dimension: 'x'"),
    (
        (*TEXT, "quality", 1, "arguments", "validValues", 1),
        "a",
        "schema[0].properties[3] (text).quality[1].arguments.validValues[1]: 'a' is listed twice",
    ),
    ((*TEXT, "quality", 2, "type"), "sql", "schema[0].properties[3] (text).quality[2].type: 'sql'"),
    ((*TEXT, "quality", 2, "qurey"), "x", "schema[0].properties[3] (text).quality[2].qurey: this key"),
    ((*TEXT, "quality", 3, "mustBe"), 0, "schema[0].properties[3] (text).quality[3].mustBe: type: text only"),
    ((*NUMBER, "minimum"), 4, "schema[0].properties[4] (n).logicalTypeOptions: no bigint value meets"),
]


def problems_of(document: Document) -> tuple[str, ...]:
    with pytest.raises(ContractError) as refusal:
        parse_contract(document)
    return refusal.value.problems


def planted(*problems: tuple[tuple[str | int, ...], Any, str]) -> Document:
    document = right()
    for path, value, _ in problems:
        put(document, *path, value=copy.copy(value))
    return document


def test_the_contract_that_problems_are_planted_in_is_right() -> None:
    assert parse_contract(right()).name == "orders"


@pytest.mark.parametrize("problem", PLANTED, ids=[line for _, _, line in PLANTED])
def test_one_planted_problem_is_found(problem: tuple[tuple[str | int, ...], Any, str]) -> None:
    assert [line for line in problems_of(planted(problem)) if line.startswith(problem[2])]


def test_every_two_planted_problems_are_both_found() -> None:
    for first, second in itertools.combinations(PLANTED, 2):
        if first[0] == second[0]:
            continue
        found = problems_of(planted(first, second))
        for _, _, line in (first, second):
            assert [told for told in found if told.startswith(line)], (line, found)


def test_all_planted_problems_are_found_in_one_run() -> None:
    in_an_entry = [problem for problem in PLANTED if problem[0] != (*TEXT, "enum", 0)]
    found = problems_of(planted(*in_an_entry))
    assert [line for _, _, line in in_an_entry if not any(told.startswith(line) for told in found)] == []


@pytest.mark.parametrize("second", [right()["schema"][0], "no dataset"], ids=["another", "no mapping"])
def test_a_second_dataset_hides_no_problem_of_the_first(second: Any) -> None:
    document = planted(*(problem for problem in PLANTED if problem[0][0] == "schema"))
    expected = [line for line in problems_of(document) if line.startswith("schema[0]")]
    document["schema"].append(second)
    found = problems_of(document)
    assert [line for line in expected if line not in found] == []
    assert [line for line in found if line.startswith("schema: must hold exactly one dataset, got 2")]


def test_what_was_declared_inside_of_a_wrong_type_is_checked_too() -> None:
    document = right()
    put(document, *PROPERTIES, 2, "logicalType", value="string")
    put(document, *INNER, 0, "items", "logicalType", value="intger")
    assert [line.partition(": ")[0] for line in problems_of(document)] == [
        "schema[0].properties[2] (box).properties",
        "schema[0].properties[2] (box).properties[0] (list).items.logicalType",
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"sevrity": "error"},
        {"severity": "high"},
        {"dimension": "x"},
        {"id": "a b"},
        {"description": 1},
        {"arguments": {"validValues": ["a", 1]}},
        {"arguments": {"pattern": "("}},
    ],
    ids=str,
)
def test_a_limit_that_checks_nothing_is_found_beside_other_problems_of_its_rule(other: dict[str, Any]) -> None:
    document = right()
    rule = {"metric": "invalidValues", "mustBeGreaterOrEqualTo": 0, "arguments": {"validValues": ["a"]}, **other}
    put(document, *TEXT, "quality", value=[rule])
    found = problems_of(document)
    assert len(found) == 2
    assert [line for line in found if "mustBeGreaterOrEqualTo: 0 holds for every value" in line]


def test_conditions_that_no_value_meets_are_found_beside_other_problems_of_the_options() -> None:
    document = right()
    put(document, *NUMBER, value={"minimum": 5, "exclusiveMaximum": 5, "maximun": 7, "multipleOf": 2})
    assert [line.partition(": ")[0].rpartition(".")[2] for line in problems_of(document)] == [
        "maximun",
        "multipleOf",
        "logicalTypeOptions",
    ]


def test_a_misspelt_option_is_not_also_reported_as_a_condition_that_checks_nothing() -> None:
    document = right()
    put(document, *TEXT, "logicalTypeOptions", value={"minLength": 0, "maxLenght": 3})
    put(document, *TEXT, "enum", value=None)
    assert [line for line in problems_of(document) if "maxLenght" not in line] == []


@pytest.mark.parametrize(
    "path", [("id",), (*TEXT, "name"), (*TEXT, "quality", 1, "arguments", "validValues", 0)], ids=str
)
def test_a_value_that_is_left_out_is_not_also_reported_as_missing(path: tuple[str | int, ...]) -> None:
    (problem,) = problems_of(planted((path, object(), "")))
    assert "has no place in JSON" in problem
