"""The embedded AWS with the pipeline deployed into it, once for all tests of a module."""

import signal
from collections.abc import Iterator

import pytest

from tests.local.cloud import Cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    started = Cloud(tmp_path_factory.mktemp("cloud") / "state")
    yield started
    assert started.command("down").returncode == 0


@pytest.fixture
def interruptible() -> None:
    """Let what is started get SIGINT: a shell that starts the tests in the background has it ignored for all below."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
