"""The border around the embedded AWS: the pipeline does not import it, and it imports nothing of the pipeline."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from local_cloud.tests.emulator import ROOT

PACKAGE = ROOT / "local_cloud"


def sources() -> Iterator[Path]:
    """Find the project's own Python files; environments and caches have other names."""
    for top in ROOT.iterdir():
        if not top.name.startswith(".") and top.name not in {"node_modules", "cdk.out"}:
            yield from (top.rglob("*.py") if top.is_dir() else top.parent.glob(top.name) if top.suffix == ".py" else ())


def imported(source: Path) -> Iterator[str]:
    """Name the top-level packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_nothing_outside_imports_it() -> None:
    outside = [source for source in sources() if not source.is_relative_to(PACKAGE)]
    assert ROOT / "app.py" in outside
    assert [source for source in outside if "local_cloud" in imported(source)] == []


def test_it_imports_what_it_requires_and_nothing_of_the_pipeline() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))
    required = {item.partition("==")[0] for item in project["project"]["dependencies"]}
    with_emulator = {"hypercorn", "botocore"}  # by which the emulator serves, and of boto3
    allowed = {"local_cloud", *required, *with_emulator, *sys.stdlib_module_names}
    inside = [source for source in sources() if source.is_relative_to(PACKAGE)]
    found = {name for source in inside for name in imported(source)} - allowed
    assert found == {"pytest"}
