"""The embedded AWS with the pipeline deployed into it, once for all tests of a module."""

from collections.abc import Iterator

import pytest

from tests.local.cloud import Cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    started = Cloud(tmp_path_factory.mktemp("cloud") / "state")
    yield started
    assert started.command("down").returncode == 0
