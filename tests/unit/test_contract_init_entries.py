"""Drafts of contracts: the keys of arrays of keys and values are proposed as columns, which the contract then reads."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract import load_contract
from tests.unit import public_shapes
from tests.unit.drafts import Document, Drafts, kind

INTRODUCTION = "      # its most frequent keys, as columns in place of this one"


def proposed(text: str, array: str) -> str:
    """Return a draft in which an array gives way to the columns that are proposed in its place."""
    blocks = text.split("\n\n")
    return "\n\n".join(_opened(block) if f"- name: {array}\n" in block else block for block in blocks)


def _opened(block: str) -> str:
    before, introduction, after = block.partition(INTRODUCTION)
    assert introduction, "nothing is proposed"
    start = f"{before.partition('    properties:')[0]}    properties:\n" if "    properties:" in before else ""
    return start + "\n".join(re.sub("^( *)# ", r"\1", line) for line in after.splitlines()[1:])


def columns(text: str) -> dict[str, Document]:
    return {column["name"]: column for column in yaml.safe_load(text)["schema"][0]["properties"]}


def tags(*values: tuple[str, Any], names: tuple[str, str] = ("key", "value")) -> list[Document]:
    return [dict(zip(names, pair, strict=True)) for pair in values]


class TestKeysOfArrays:
    @pytest.mark.parametrize(
        ("shape", "array", "expected"),
        [
            (
                "otlp_batch",
                "attributes",
                {
                    "attributes_http_status": ("attributes[key=http.status].value.intValue", "integer string"),
                    "attributes_path": ("attributes[key=path].value.stringValue", "string"),
                },
            ),
            (
                "otlp_batch",
                "resource_attributes",
                {
                    "resource_attributes_service_name": (
                        "/resourceLogs[].resource.attributes[key=service.name].value.stringValue",
                        "string",
                    )
                },
            ),
            (
                "ga4_export",
                "event_params",
                {
                    "event_params_ga_session_id": (
                        "event_params[key=ga_session_id].value.int_value",
                        "integer string",
                    ),
                    "event_params_page_title": ("event_params[key=page_title].value.string_value", "string"),
                },
            ),
        ],
    )
    def test_of_a_public_shape_can_be_columns_in_its_place(
        self, draft: Drafts, tmp_path: Path, shape: str, array: str, expected: dict[str, tuple[str, str]]
    ) -> None:
        text = draft.text(public_shapes.lines(shape))
        assert array in columns(text)
        opened = proposed(text, array)
        found = columns(opened)
        assert array not in found
        assert {name: (found[name]["transformSourceObjects"][0], kind(found[name])) for name in expected} == expected
        contract = tmp_path / "opened.yaml"
        contract.write_text(opened, encoding="utf-8")
        load_contract(contract)

    @pytest.mark.parametrize("names", [("key", "value"), ("Key", "Value"), ("name", "value"), ("Name", "Value")])
    def test_are_found_by_the_names_of_key_and_value(self, draft: Drafts, names: tuple[str, str]) -> None:
        rows = [
            {"id": n, "tags": tags(("Team", "a"), ("at", f"2025-01-01T00:00:0{n}Z"), names=names)} for n in range(9)
        ]
        found = columns(proposed(draft.text(rows), "tags"))
        assert found["tags_Team"]["transformSourceObjects"] == [f"tags[{names[0]}=Team].{names[1]}"]
        assert kind(found["tags_at"]) == "timestamp"

    def test_that_most_records_have_are_proposed_and_at_most_ten(self, draft: Drafts) -> None:
        rows = [
            {"id": n, "tags": tags(*((f"k{k}", "v") for k in range(15)), ("rare" if n < 4 else f"r{n}", "v"))}
            for n in range(9)
        ]
        found = columns(proposed(draft.text(rows), "tags"))
        assert list(found) == ["id", *(f"tags_k{k}" for k in range(10))]

    def test_of_different_types_at_one_place_are_text(self, draft: Drafts, tmp_path: Path) -> None:
        rows = [{"id": n, "tags": tags(("size", n), ("share", n + 0.5), ("on", True))} for n in range(9)]
        opened = proposed(draft.text(rows), "tags")
        assert {kind(column) for name, column in columns(opened).items() if name != "id"} == {"string"}
        (tmp_path / "opened.yaml").write_text(opened, encoding="utf-8")
        load_contract(tmp_path / "opened.yaml")

    @pytest.mark.parametrize(
        "elements",
        [
            [{"key": "a", "value": 1}, {"value": 2}],
            [{"key": 5, "value": 1}],
            [{"name": "a", "value": 1, "unit": "m"}],
            [{"sku": "a", "quantity": 1}],
            ["a"],
            [],
        ],
        ids=repr,
    )
    def test_of_other_arrays_are_none(self, draft: Drafts, elements: list[Any]) -> None:
        assert "most frequent keys" not in draft.text([{"id": n, "tags": elements} for n in range(9)])

    def test_with_odd_characters_and_taken_names_are_columns(self, draft: Drafts, tmp_path: Path) -> None:
        rows = [{"id": n, "tags": tags(("it's [x]", "v"), ("a b", "v"), ("a.b", "v")), "tags_a_b": 1} for n in range(9)]
        opened = proposed(draft.text(rows), "tags")
        assert len(columns(opened)) == 5
        (tmp_path / "opened.yaml").write_text(opened, encoding="utf-8")
        load_contract(tmp_path / "opened.yaml")
