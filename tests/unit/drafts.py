"""Drafts of contracts made from objects that a test writes, and how a test reads them."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from contract_init import draft_contract

Document = dict[str, Any]


class Drafts:
    """Drafts contracts of objects that it writes first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes | Iterable[Mapping[str, Any]], name: str = "a.json") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else b"".join(json.dumps(row).encode() + b"\n" for row in content)
        path.write_bytes(data)
        return path

    def text(self, *contents: bytes | Iterable[Mapping[str, Any]], **options: Any) -> str:
        paths = [self.put(content, f"{number}.json") for number, content in enumerate(contents)] or [self.folder]
        return draft_contract(paths, **{"name": "events", "source_system": "shop"} | options).text

    def __call__(self, *contents: bytes | Iterable[Mapping[str, Any]], **options: Any) -> "Contract":
        return Contract(self.text(*contents, **options))

    def column(self, *values: Any, name: str = "value") -> Document:
        """Return the column that values become, beside an id."""
        column: Document = self([{"id": f"i{number}", name: value} for number, value in enumerate(values)]).columns[
            name
        ]
        return column


class Contract:
    """A draft, read as YAML."""

    def __init__(self, text: str) -> None:
        self.text = text
        document = yaml.safe_load(text)
        self.custom = {entry["property"]: entry["value"] for entry in document["customProperties"]}
        self.rules = document["schema"][0]["quality"]
        self.columns = {column["name"]: column for column in document["schema"][0]["properties"]}

    @property
    def key(self) -> list[str]:
        keys = [column for column in self.columns.values() if column.get("primaryKey")]
        return [column["name"] for column in sorted(keys, key=lambda column: column.get("primaryKeyPosition", 1))]

    def said_of(self, column: str) -> str:
        """Return the comments above a column and in it."""
        block = self.text.partition("    properties:\n")[2].split(f"- name: {column}\n")
        lines = [*block[0].rpartition("\n\n")[2].splitlines(), *block[1].partition("\n\n")[0].splitlines()]
        return " ".join(line.partition("#")[2].strip() for line in lines if "#" in line)

    @property
    def sources(self) -> dict[str, list[str]]:
        return {name: column.get("transformSourceObjects", [name]) for name, column in self.columns.items()}


def kind(column: Mapping[str, Any]) -> str:
    """Return a column's type and how it is read, in one word or a few."""
    custom = {entry["property"]: entry["value"] for entry in column.get("customProperties", ())}
    parts = [column.get("physicalType") or column["logicalType"], column.get("logicalTypeOptions", {}).get("format")]
    return " ".join(part for part in (*parts, custom.get("epochUnit"), custom.get("sentAs")) if part)


def joined(text: str) -> str:
    """Return a text whose comments are on one line each."""
    return re.sub(r"\n *# ", " ", text)
