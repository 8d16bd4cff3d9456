"""Make a test run independent of how it was started, and deal its tests out to processes so that all end together."""

import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from xdist.scheduler import LoadFileScheduling

# Set at import, because Spark and jsii read them when a test module first starts them.
_ENVIRONMENT_BIN = str(Path(sys.executable).parent)
os.environ["PATH"] = os.pathsep.join([_ENVIRONMENT_BIN, os.environ.get("PATH", "")])
os.environ["PYSPARK_PYTHON"] = sys.executable

# A Spark that has run some tests is quicker at the next ones: all of them took 330 processor seconds in one process
# and 440 in three.
_IN_ONE_SPARK: Final = ("tests/spark/", "tests/erasure/")
# What takes longest begins first; so no process is left with it at the end.
_BEGIN_FIRST: Final = (*_IN_ONE_SPARK, "tests/local/", "tests/faults/")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the way in which `make test` deals its tests out."""
    parser.addoption("--one-spark", action="store_true", help="with xdist: all tests that share a Spark in one process")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes longest first where tests are dealt out."""
    if config.getoption("one_spark"):
        items.sort(key=lambda item: _position(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Return the scheduler of `--one-spark`; None, for that of `--dist`, without it."""
    return _OneSpark(config, log) if config.getoption("one_spark") else None


class _OneSpark(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """Deals out whole files, and those that share a Spark as one."""

    def _split_scope(self, nodeid: str) -> str:
        return "one Spark" if nodeid.startswith(_IN_ONE_SPARK) else super()._split_scope(nodeid)


def _position(nodeid: str) -> int:
    return next((at for at, folder in enumerate(_BEGIN_FIRST) if nodeid.startswith(folder)), len(_BEGIN_FIRST))


@pytest.fixture
def interruptible() -> None:
    """Let what is started get SIGINT: a shell that starts the tests in the background has it ignored for all below."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
