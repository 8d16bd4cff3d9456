"""Arrows point inward: which package may import which, and where the SDKs are allowed."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.programs import ROOT

# What each package of ours may import of the others; none imports itself through another name.
ALLOWED = {
    "core": set(),
    "contract": {"core"},
    "contract_init": {"core", "contract"},
    "contract_diff": {"core", "contract"},
    "erasure": {"core", "contract"},
    "adapters": {"core"},
    "curation": {"core", "contract"},
    "curate_job": {"core", "contract", "adapters", "curation"},
    "lambda_src": {"core", "adapters"},
    "config": {"core"},
    "deployed_dataset": {"core", "contract", "config"},
    "stacks": {"core", "contract", "config", "deployed_dataset"},
    "cli": {"core", "contract", "contract_diff", "contract_init", "erasure", "adapters", "config", "deployed_dataset"},
    "local_cloud": set(),
}
FOLDERS = {"curation": "glue_src/curation", "curate_job": "glue_src/curate_job.py"}
FUNCTIONS = {path.name for path in (ROOT / "lambda_src").iterdir() if path.is_dir()}
# Who may use what is not in the standard library, by its top-level name.
LIBRARIES = {
    "boto3": {"adapters", "local_cloud"},
    "botocore": {"adapters", "local_cloud", "lambda_src"},
    "pyspark": {"curation", "curate_job"},
    "aws_cdk": {"stacks"},
    "yaml": {"contract"},
}
OURS = {*ALLOWED, "tests", "benchmarks", *FUNCTIONS, "shared"}


def _sources(package: str) -> list[Path]:
    place = ROOT / FOLDERS.get(package, package)
    return sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def _imported(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_what_lies_further_in_and_nothing_else(package: str) -> None:
    own = {package, *(FUNCTIONS | {"shared"} if package == "lambda_src" else ())}
    for source in _sources(package):
        used = set(_imported(source)) & OURS
        assert used - own <= ALLOWED[package], f"{source.relative_to(ROOT)} imports {used - own - ALLOWED[package]}"


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_uses_the_libraries_that_are_its_own(package: str) -> None:
    for source in _sources(package):
        used = {name for name in _imported(source) if package not in LIBRARIES.get(name, {package})}
        assert used == set(), f"{source.relative_to(ROOT)} imports {used}"


def test_the_rules_need_the_standard_library_only() -> None:
    used = {name for source in _sources("core") for name in _imported(source)}
    assert used - sys.stdlib_module_names == {"core"}


@pytest.mark.parametrize("function", sorted(FUNCTIONS - {"shared"}))
def test_no_function_imports_another(function: str) -> None:
    for source in sorted((ROOT / "lambda_src" / function).rglob("*.py")):
        assert set(_imported(source)) & (FUNCTIONS - {"shared", function}) == set()
