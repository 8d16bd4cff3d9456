"""The checksum tells whether another contract would give other rows or another verdict; documentation leaves it."""

import json
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import pytest

from contract import ContractError, odcs_keys, parse_contract
from tests.unit.test_contract_problems import INNER, NUMBER, PROPERTIES, TEXT, put, right

Document = dict[str, Any]
RULE = ("schema", 0, "quality", 0)
COLUMN_RULE = (*TEXT, "quality", 0)
# Keys of each level that are read and say something else than how rows and verdict come about.
ROOT_DOCUMENTATION = odcs_keys.ROOT - {
    "apiVersion",
    "kind",
    "schema",
    "customProperties",
    "slaProperties",
    "description",
}
ENFORCED_OF_COLUMN = (
    "name logicalType physicalType logicalTypeOptions properties items map primaryKey primaryKeyPosition required "
    "unique enum quality physicalName partitioned partitionKeyPosition semanticType transformSourceObjects "
    "transformLogic customProperties"
).split()
COLUMN_DOCUMENTATION = odcs_keys.PROPERTY - set(ENFORCED_OF_COLUMN)
SCHEMA_DOCUMENTATION = odcs_keys.SCHEMA - {"name", "physicalName", "properties", "quality", "logicalType"}
ENFORCED_OF_RULE = ("metric", "arguments", "type", "unit", "severity", "dimension")
RULE_DOCUMENTATION = odcs_keys.QUALITY - set(ENFORCED_OF_RULE)


def checksum(document: Document) -> str:
    return parse_contract(document).checksum


def changed(*path: str | int, value: Any) -> Document:
    document = right()
    put(document, *path, value=value)
    return document


def documented() -> Iterator[tuple[str, Document]]:
    """Make every document that differs from `right` in documentation only."""
    for level, place, keys in (
        ("root", (), ROOT_DOCUMENTATION),
        ("description", ("description",), odcs_keys.DESCRIPTION),
        ("schema", ("schema", 0), SCHEMA_DOCUMENTATION),
        ("column", TEXT, COLUMN_DOCUMENTATION),
        ("nested column", (*INNER, 0), COLUMN_DOCUMENTATION),
        ("items", (*INNER, 0, "items"), COLUMN_DOCUMENTATION),
        ("enum", (*TEXT, "enum", 0), odcs_keys.ENUM_VALUE - {"value"}),
        ("table rule", RULE, RULE_DOCUMENTATION),
        ("column rule", COLUMN_RULE, RULE_DOCUMENTATION),
        ("custom property", ("customProperties", 0), odcs_keys.CUSTOM_PROPERTY - {"property", "value"}),
        ("SLA", ("slaProperties", 0), odcs_keys.SLA - {"property", "value", "unit"}),
    ):
        for key in sorted(keys):
            yield f"{key} of {level}", changed(*place, key, value="documented")
    yield "customProperties of column", changed(*TEXT, "customProperties", value=[{"property": "owner", "value": "us"}])
    yield "the field of the name", changed(*TEXT, "transformSourceObjects", value=["text"])


def _custom(name: str, value: Any) -> Document:
    return {"property": name, "value": value}


def _with(*, of: tuple[str | int, ...] = TEXT, transformLogic: str | None = None, **custom: Any) -> Document:  # noqa: N803
    """Make the column with custom properties of ours."""
    column: Any = right()
    for step in of:
        column = column[step]
    logic = {} if transformLogic is None else {"transformLogic": transformLogic}
    return {**column, **logic, "customProperties": [_custom(name, value) for name, value in custom.items()]}


def _with_table_rule(rule: Document) -> Document:
    return changed("schema", 0, "quality", value=[*right()["schema"][0]["quality"], rule])


def _anomaly(**implementation: Any) -> Document:
    return {"type": "custom", "engine": "baseline", "implementation": {"metric": "rowCount"} | implementation}


def _look_back(days: int) -> Document:
    return {"type": "custom", "engine": "lookBack", "implementation": {"days": days, "mustBe": 0}}


REORDERED: dict[str, Callable[[Document], None]] = {
    "columns": lambda document: document["schema"][0]["properties"].reverse(),
    "rules": lambda document: document["schema"][0]["quality"].reverse(),
    "rules of a column": lambda document: document["schema"][0]["properties"][3]["quality"].reverse(),
    "listed values": lambda document: document["schema"][0]["properties"][3]["enum"].reverse(),
    "custom properties": lambda document: document["customProperties"].reverse(),
    "columns of a rule": lambda document: document["schema"][0]["quality"][1]["arguments"]["properties"].reverse(),
}
SAME_MEANING: dict[str, Document] = {
    "another version of the standard": changed("apiVersion", value="v3.1.0"),
    "a table of another name": changed("schema", 0, "physicalName", value="other_table"),
    "another promise of freshness": changed("slaProperties", 0, "value", value=9),
    "no promise of freshness": changed("slaProperties", value=None),
    "a default that is stated": changed(*RULE, "severity", value="error"),
    "another default that is stated": changed(*RULE, "unit", value="rows"),
    "a number with a fraction of zero": changed(*RULE, "mustBeGreaterThan", value=0.0),
    "a limit with a fraction of zero": changed(*NUMBER, "minimum", value=1.0),
    "a type by another name": changed(*TEXT, "physicalType", value="varchar(20)"),
    "a documented rule more": changed(*TEXT, "quality", 3, value={"type": "text", "description": "another"}),
    "a dimension": changed(*RULE, "dimension", value="completeness"),
}
OTHER_MEANING: dict[str, Document] = {
    "another type": changed(*PROPERTIES, 4, "physicalType", value="int"),
    "another type inside": changed(*INNER, 0, "items", "logicalType", value="number"),
    "another name inside": changed(*INNER, 0, "name", value="lists"),
    "another column": changed(*PROPERTIES, 4, "name", value="m"),
    "a column more": changed(
        *PROPERTIES, value=[*right()["schema"][0]["properties"], {"name": "x", "logicalType": "string"}]
    ),
    "a column less": changed(*PROPERTIES, value=right()["schema"][0]["properties"][:4]),
    "a larger key": changed(*TEXT, "primaryKey", value=True),
    "no null allowed": changed(*PROPERTIES, 1, "required", value=True),
    "no duplicate allowed": changed(*PROPERTIES, 1, "unique", value=True),
    "another limit": changed(*RULE, "mustBeGreaterThan", value=1),
    "another limit of a column": changed(*COLUMN_RULE, "mustBeLessOrEqualTo", value=3.5),
    "another unit": changed(*COLUMN_RULE, "unit", value="rows"),
    "another severity": changed(*COLUMN_RULE, "severity", value="warning"),
    "another operator": changed(*RULE, value={"metric": "rowCount", "mustBeGreaterOrEqualTo": 1}),
    "another metric": changed(*COLUMN_RULE, "metric", value="duplicateValues"),
    "other columns of a rule": changed("schema", 0, "quality", 1, "arguments", "properties", value=["id", "text"]),
    "another listed value": changed(*TEXT, "enum", 1, "value", value="c"),
    "another listed value of a rule": changed(*TEXT, "quality", 1, "arguments", "validValues", value=["a", "c"]),
    "a pattern": changed(*TEXT, "quality", 1, "arguments", "pattern", value="^[ab]"),
    "another length": changed(*TEXT, "logicalTypeOptions", "maxLength", value=4),
    "another minimum": changed(*NUMBER, "minimum", value=2),
    "an exclusive maximum": changed(*NUMBER, "exclusiveMaximum", value=3),
    "a rule less": changed(*TEXT, "quality", value=[]),
    "an anomaly rule": _with_table_rule(_anomaly()),
    "an anomaly rule with another tolerance": _with_table_rule(_anomaly(tolerance=9)),
    "an anomaly rule with more history": _with_table_rule(_anomaly(minimumDates=30)),
    "another anomaly rule": _with_table_rule(_anomaly(metric="malformedLines")),
    "an anomaly that warns": _with_table_rule(_anomaly() | {"severity": "warning"}),
    "a look-back": _with_table_rule(_look_back(1)),
    "a longer look-back": _with_table_rule(_look_back(2)),
    "no rule on two columns": changed("schema", 0, "quality", value=right()["schema"][0]["quality"][:1]),
    "another field": changed(*TEXT, "transformSourceObjects", value=["meta.text"]),
    "more fields": changed(*TEXT, "transformSourceObjects", value=["meta.text", "text"]),
    "more fields in another order": changed(*TEXT, "transformSourceObjects", value=["text", "meta.text"]),
    "an expression": changed(*TEXT, "transformLogic", value="lower(id)"),
    "another expression": changed(*TEXT, "transformLogic", value="upper(id)"),
    "an expression whose null is meant": changed(*TEXT, value=_with(transformLogic="lower(id)", nullResult="allowed")),
    "times of another zone": changed(*PROPERTIES, 1, "logicalTypeOptions", "defaultTimezone", value="Europe/Berlin"),
    "times of a pattern": changed(*PROPERTIES, 1, "logicalTypeOptions", value={"format": "dd.MM.yyyy HH:mm:ss"}),
    "times of a number": changed(*PROPERTIES, 1, "customProperties", value=[_custom("epochUnit", "s")]),
    "a column that is not stored": changed(*TEXT, value=_with(inputOnly=True)),
    "a number sent as a string": changed(*NUMBER[:-1], value=_with(of=NUMBER[:-1], sentAs="string")),
    "an envelope": changed("customProperties", value=[*right()["customProperties"], _custom("recordsPath", "Records")]),
    "objects on a line": changed(
        "customProperties", value=[*right()["customProperties"], _custom("objectFormat", "concatenated")]
    ),
    "another source system": changed("customProperties", 0, "value", value="other"),
    "no event time": changed(
        "customProperties", value=[entry for entry in right()["customProperties"] if entry["property"] != "eventTime"]
    ),
    "another limit on malformed lines": changed("customProperties", 2, "value", value=3),
    "other objects": changed("customProperties", 3, "value", value=["b-*"]),
    "unread objects allowed": changed(
        "customProperties", value=[*right()["customProperties"], {"property": "maxUnreadObjects", "value": 1}]
    ),
    "objects excluded": changed(
        "customProperties", value=[*right()["customProperties"], {"property": "excludeObjects", "value": ["b-*"]}]
    ),
}


@pytest.mark.parametrize(("what", "document"), list(documented()), ids=[what for what, _ in documented()])
def test_documentation_leaves_the_checksum(what: str, document: Document) -> None:
    assert json.dumps(document, default=str) != json.dumps(right(), default=str), what
    assert checksum(document) == checksum(right())


@pytest.mark.parametrize("what", REORDERED)
def test_an_order_leaves_the_checksum(what: str) -> None:
    document = right()
    REORDERED[what](document)
    assert document != right()
    assert checksum(document) == checksum(right())


@pytest.mark.parametrize("what", SAME_MEANING)
def test_another_way_to_say_the_same_leaves_the_checksum(what: str) -> None:
    assert SAME_MEANING[what] != right() or "zero" in what
    assert checksum(SAME_MEANING[what]) == checksum(right())


def test_every_other_meaning_has_another_checksum() -> None:
    by_checksum = {checksum(document): what for what, document in OTHER_MEANING.items()}
    assert len(by_checksum) == len(OTHER_MEANING)
    assert checksum(right()) not in by_checksum


def test_documentation_of_an_anomaly_rule_leaves_the_checksum() -> None:
    documented_rule = _anomaly() | {"id": "usual_rows", "description": "as many as usual"}
    assert checksum(_with_table_rule(documented_rule)) == checksum(_with_table_rule(_anomaly()))


def test_a_range_has_the_checksum_of_both_its_ends() -> None:
    ends = ([1, 10], [1, 100], [2, 10], [9, 10], [9, 11])
    ranges = [changed(*RULE, value={"metric": "rowCount", "mustBeBetween": pair}) for pair in ends]
    assert len({checksum(document) for document in ranges}) == len(ends)


def test_the_checksum_is_64_hexadecimal_digits_and_stays_what_it_was() -> None:
    assert checksum(right()) == "4755bec529609a3cc9ed534731ce49c6dff213fc2bf280e4b731f545c131738a"


def test_other_fields_are_another_contract_whatever_their_names_hold() -> None:
    names = ["a", "b", "a b", '"a"', '"a b"', "a.b", '"a', 'b"', "a\\", " ", "['a b']"]
    lists = [list(chosen) for count in (1, 2, 3) for chosen in permutations(names, count)]
    digests: dict[str, object] = {}
    for written in lists:
        document = changed(*TEXT, "transformSourceObjects", value=written)
        try:
            contract = parse_contract(document)
        except ContractError:  # a name that is no path
            continue
        read = contract.column("text").sources
        assert digests.setdefault(contract.checksum, read) == read
    assert len(digests) > 100
