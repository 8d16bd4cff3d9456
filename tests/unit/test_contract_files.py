"""Contract files: those we ship are valid for the standard's own judge, and broken ones are refused, never misread."""

import json
import subprocess
import sys
import textwrap
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contract import ContractError, load_contract, odcs_keys, parse_contract
from contract.ddl_types import SYNONYMS
from contract.own_properties import DATASET_PROPERTIES
from contract.rules import METRICS
from core.operators import OPERATORS

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "contracts" / "events.odcs.yaml"
WEB_ACCESS = ROOT / "tests" / "contracts" / "web_access.odcs.yaml"
SHIPPED = sorted({*(ROOT / "contracts").glob("*.yaml"), *(ROOT / "tests" / "contracts").glob("*.yaml")})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_each_contract_is_valid_against_the_official_schema(path: Path) -> None:
    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    judge = jsonschema.Draft201909Validator(schema)
    assert [error.message for error in judge.iter_errors(load_contract(path).document)] == []


def test_the_official_judge_can_object() -> None:
    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    wrong = {**load_contract(EVENTS).document, "shema": []}
    assert not jsonschema.Draft201909Validator(schema).is_valid(wrong)


def test_the_keys_that_are_known_are_those_of_the_standard() -> None:
    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))

    def keys(part: dict[str, Any]) -> set[str]:
        referred = [schema["$defs"][part["$ref"].rpartition("/")[2]]] if "$ref" in part else []
        referred += [part[key] for key in ("then", "else") if key in part]
        inner = [*part.get("allOf", ()), *part.get("oneOf", ()), *part.get("anyOf", ()), *referred]
        return set(part.get("properties", {})).union(*(keys(other) for other in inner))

    parts = schema["$defs"]
    assert keys(schema) == odcs_keys.ROOT
    assert keys(parts["SchemaObject"]) == odcs_keys.SCHEMA
    assert keys(parts["SchemaProperty"]) == odcs_keys.PROPERTY
    assert keys(parts["ServiceLevelAgreementProperty"]) == odcs_keys.SLA
    assert keys(parts["CustomProperty"]) == odcs_keys.CUSTOM_PROPERTY
    assert keys(parts["EnumValue"]) == odcs_keys.ENUM_VALUE
    assert keys(schema["properties"]["description"]) == odcs_keys.DESCRIPTION
    not_run = {"rule", "query", "engine", "implementation"}
    rule = keys(parts["DataQuality"]) | keys(parts["DataQualityLibrary"])
    assert rule - not_run == odcs_keys.QUALITY | set(OPERATORS)


def test_events_states_exactly_the_six_agreed_rules() -> None:
    stated = [
        (rule.metric, rule.columns, rule.operator, rule.limit, rule.unit, rule.severity, rule.valid_values)
        for rule in load_contract(EVENTS).rules
    ]
    types = ("login", "view_item", "add_to_cart", "purchase")
    assert stated == [
        ("rowCount", (), "mustBeGreaterThan", 0, "rows", "error", None),
        ("nullValues", ("event_id",), "mustBe", 0, "rows", "error", None),
        ("duplicateValues", ("event_id",), "mustBeLessOrEqualTo", 2, "percent", "error", None),
        ("nullValues", ("event_type",), "mustBe", 0, "rows", "error", None),
        ("invalidValues", ("event_type",), "mustBe", 0, "rows", "error", types),
        ("nullValues", ("user_id",), "mustBeLessOrEqualTo", 3, "percent", "error", None),
    ]


def test_events_is_the_agreed_table() -> None:
    events = load_contract(EVENTS)
    assert (events.id, events.name, events.table, events.source_system) == ("events", "events", "curated_events", "app")
    assert (events.primary_key, events.event_time, events.max_malformed_percent) == (("event_id",), "event_ts", 1.0)
    assert {column.name: column.type for column in events.columns} == {
        "event_id": "string",
        "event_type": "string",
        "user_id": "string",
        "event_ts": "timestamp",
        "item_id": "string",
        "quantity": "int",
        "price": "decimal(12,2)",
        "currency": "string",
        "session_id": "string",
        "device": "string",
        "properties": "map<string,string>",
    }


def test_every_column_of_events_is_described() -> None:
    assert [column.name for column in load_contract(EVENTS).columns if not column.description] == []


def test_web_access_is_a_second_dataset_with_its_own_key_and_table() -> None:
    web = load_contract(WEB_ACCESS)
    assert (web.name, web.table, web.source_system) == ("web_access", "curated_web_access", "web")
    assert (web.primary_key, web.event_time, web.freshness_hours) == (("request_id",), "requested_at", 24.0)


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    marked = tmp_path / "events.yaml"
    marked.write_bytes(b"\xef\xbb\xbf" + EVENTS.read_bytes())
    assert load_contract(marked) == load_contract(EVENTS)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", b"id: a\nid: b\n", "line 2: the key 'id' stands twice in one mapping; remove one"),
        ("a.yml", b"schema:\n  - {name: a, name: b}\n", "line 2: the key 'name' stands twice"),
        ("a.json", b'{"id": "a", "id": "b"}', "the key 'id' stands twice in one object; remove one"),
        ("a.yaml", b"id: [a", "the file is not YAML: "),
        ("a.yaml", b"id: !!python/name:os.system", "the file is not YAML: "),
        ("a.yaml", b"--- {}\n--- {}\n", "the file is not YAML: "),
        ("a.yaml", b"? [a]\n: b\n", "the file is not YAML: "),
        ("a.yaml", b"", "the document is not a mapping of keys to values"),
        ("a.yaml", b"- a", "the document is not a mapping of keys to values"),
        ("a.yaml", b"on: push", "the key True is not a text; put it in quotes"),
        ("a.yaml", b"a: &a [*a]", "is nested more than 40 levels deep"),
        ("a.yaml", b"tags: !!set {a}", "tags: a value of type set has no place in JSON"),
        ("a.yaml", b"price: .inf", "price: inf is not a finite number"),
        ("a.yaml", b"[" * 5000, "the document is nested too deeply to be read"),
        ("a.json", b"[" * 200_000, "the document is nested too deeply to be read"),
        ("a.json", b"{", "the file is not JSON: "),
        ("a.json", b'{"a": NaN}', "a: nan is not a finite number"),
        ("a.json", b'{"a": 1e999}', "a: inf is not a finite number"),
        ("a.json", b"{} {}", "the file is not JSON: "),
        ("a.yaml", b"id: \xff", "the file is not UTF-8: byte 4; save it as UTF-8"),
        ("a.txt", b"id: a", "the file's ending '.txt' is not known; allowed: .yaml, .yml, .json"),
    ],
)
def test_an_unusable_file_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ContractError) as refusal:
        load_contract(path)
    assert message in str(refusal.value)
    assert str(refusal.value).startswith(f"{path}: ")


def test_keys_that_stand_twice_are_listed_beside_all_other_problems(tmp_path: Path) -> None:
    yaml, json_ = tmp_path / "a.yaml", tmp_path / "a.json"
    yaml.write_text("kind: DataContract\nkind: x\nname: {a: 1, a: 2}\nshema: []\n", encoding="utf-8")
    json_.write_text('{"kind": 1, "kind": "x", "name": {"a": 1, "a": 2}, "shema": []}', encoding="utf-8")
    for path in (yaml, json_):
        with pytest.raises(ContractError) as refusal:
            load_contract(path)
        text = str(refusal.value)
        wanted = ("the key 'kind' stands twice", "the key 'a' stands twice", "shema: this key is not known", "id: is")
        assert [message for message in wanted if message not in text] == []


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="the file cannot be read: No such file or directory"):
        load_contract(tmp_path / "none.yaml")


def test_bare_dates_in_yaml_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(EVENTS.read_text("utf-8") + "\ncontractCreatedTs: 2025-01-01T00:00:00Z\n", encoding="utf-8")
    assert load_contract(path).document["contractCreatedTs"] == "2025-01-01T00:00:00Z"


def test_without_pyyaml_json_works_and_yaml_says_how_to_convert(tmp_path: Path) -> None:
    converted = tmp_path / "events.json"
    converted.write_text(json.dumps(load_contract(EVENTS).document), encoding="utf-8")
    script = (
        "import sys; sys.modules['yaml'] = None\n"
        "from contract import load_contract, ContractError\n"
        f"print(load_contract({str(converted)!r}).name)\n"
        f"try: load_contract({str(EVENTS)!r})\n"
        "except ContractError as error: print(error)\n"
    )
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert output.startswith("events\n")
    assert "PyYAML is not installed" in output
    assert f"pipeline contract json {EVENTS} > events.odcs.json" in output


def test_yaml_is_not_imported_with_the_package() -> None:
    script = "import sys, contract; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_a_contract_of_the_wrong_kind_is_named_by_its_file(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as refusal:
        parse_contract({}, source=str(tmp_path))
    assert refusal.value.source == str(tmp_path)


def test_the_example_in_the_documentation_is_a_usable_contract(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "contract.md").read_text("utf-8")
    example = textwrap.dedent(text.split("```yaml\n")[1].split("```")[0])
    path = tmp_path / "orders.odcs.yaml"
    path.write_text(example, encoding="utf-8")
    assert (load_contract(path).name, len(load_contract(path).rules)) == ("orders", 5)


def test_the_documentation_names_every_word_that_a_contract_may_use() -> None:
    text = (ROOT / "docs" / "contract.md").read_text("utf-8")
    words = {*odcs_keys.ROOT, *odcs_keys.SCHEMA, *odcs_keys.PROPERTY, *odcs_keys.LOGICAL_TYPES, *METRICS, *OPERATORS}
    words |= {*DATASET_PROPERTIES, *(synonym for synonyms in SYNONYMS.values() for synonym in synonyms)}
    words -= {"partitionKeyPosition", *SYNONYMS["timestamp"]}
    assert sorted(word for word in words if word not in text) == []
