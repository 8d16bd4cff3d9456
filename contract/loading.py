"""Reading a contract file, YAML or JSON, without letting anything in it go unseen; what it means is not known here."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from contract.errors import ContractError
from contract.model import DataContract
from contract.parsing import parse_contract

_YAML_SUFFIXES = (".yaml", ".yml")


def load_contract(path: str | Path) -> DataContract:
    """Read and validate a contract file. Raises ContractError for whatever is wrong with the file or the contract."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ContractError([f"the file cannot be read: {error.strerror or error}"], source=str(path)) from error
    return read_contract(content, source=str(path))


def read_contract(content: bytes, *, source: str) -> DataContract:
    """Read and validate what a contract file holds; the end of its name says whether that is YAML or JSON.

    Raises ContractError for whatever is wrong with it.
    """
    text = _decoded(content, source)
    try:
        document, problems = _read_document(text, Path(source), source)
        return parse_contract(document, source=source, already_found=problems)
    except RecursionError:
        raise ContractError(["the document is nested too deeply to be read"], source=source) from None


def _decoded(content: bytes, source: str) -> str:
    try:
        # As a file's text is read: whatever the lines end with.
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise ContractError([f"the file is not UTF-8: byte {error.start}; save it as UTF-8"], source=source) from error


def _read_document(text: str, path: Path, source: str) -> tuple[Any, list[str]]:
    """Return the document and the keys in it that stand twice, of which it holds only one."""
    suffix = path.suffix.lower()
    if suffix in _YAML_SUFFIXES:
        return _read_yaml(text, source)
    if suffix == ".json":
        return _read_json(text, source)
    raise ContractError([f"the file's ending {path.suffix!r} is not known; allowed: .yaml, .yml, .json"], source=source)


def _read_json(text: str, source: str) -> tuple[Any, list[str]]:
    doubled: list[str] = []

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen = Counter(key for key, _ in pairs)
        doubled.extend(key for key, count in seen.items() if count > 1)
        return dict(pairs)

    try:
        document = json.loads(text, object_pairs_hook=mapping)
    except ValueError as error:
        raise ContractError([f"the file is not JSON: {error}"], source=source) from error
    return document, [f"the key {key!r} stands twice in one object; remove one" for key in doubled]


def _read_yaml(text: str, source: str) -> tuple[Any, list[str]]:
    try:
        # Only here, because the job and the Lambdas read JSON and run where PyYAML may be missing.
        from contract.yaml_reader import NotYamlError, read_yaml  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        fix = f"where PyYAML is installed, convert it: pipeline contract json {source} > {Path(source).stem}.json"
        raise ContractError([f"PyYAML is not installed, so YAML cannot be read here; {fix}"], source=source) from error
    try:
        return read_yaml(text)
    except NotYamlError as problem:
        raise ContractError([f"the file is not YAML: {problem}"], source=source) from problem
