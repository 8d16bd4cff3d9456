"""Reading a contract file, YAML or JSON, without letting anything in it go unseen; what it means is not known here."""

import json
from pathlib import Path
from typing import Any, NoReturn

from contract.errors import ContractError
from contract.model import DataContract
from contract.parsing import parse_contract

_YAML_SUFFIXES = (".yaml", ".yml")


def load_contract(path: str | Path) -> DataContract:
    """Read and validate a contract file. Raises ContractError for whatever is wrong with the file or the contract."""
    source = str(path)
    text = _read_text(Path(path), source)
    try:
        return parse_contract(_read_document(text, Path(path), source), source=source)
    except RecursionError:
        raise ContractError(["the document is nested too deeply to be read"], source=source) from None


def _read_text(path: Path, source: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ContractError([f"the file cannot be read: {error.strerror or error}"], source=source) from error
    except UnicodeDecodeError as error:
        raise ContractError([f"the file is not UTF-8: byte {error.start}; save it as UTF-8"], source=source) from error


def _read_document(text: str, path: Path, source: str) -> Any:
    suffix = path.suffix.lower()
    if suffix in _YAML_SUFFIXES:
        return _read_yaml(text, source)
    if suffix == ".json":
        return _read_json(text, source)
    raise ContractError([f"the file's ending {path.suffix!r} is not known; allowed: .yaml, .yml, .json"], source=source)


def _read_json(text: str, source: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_doubled_keys, parse_constant=_refuse_constant)
    except ValueError as error:
        raise ContractError([f"the file is not JSON: {error}"], source=source) from error


def _without_doubled_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if key in mapping:
            raise ValueError(f"the key {key!r} stands twice in one object; remove one")
        mapping[key] = value
    return mapping


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _read_yaml(text: str, source: str) -> Any:
    try:
        # Only here, because the job and the Lambdas read JSON and run where PyYAML may be missing.
        from contract.yaml_reader import NotYamlError, read_yaml  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        fix = f"where PyYAML is installed, convert it: python -m contract {source} > {Path(source).stem}.json"
        raise ContractError([f"PyYAML is not installed, so YAML cannot be read here; {fix}"], source=source) from error
    try:
        return read_yaml(text)
    except NotYamlError as problem:
        raise ContractError([f"the file is not YAML: {problem}"], source=source) from problem
