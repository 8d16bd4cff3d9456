"""Make a test run independent of how it was started: its Node and its Python workers come from here."""

import os
import signal
import sys
from pathlib import Path

import pytest

# Set at import, because Spark and jsii read them when a test module first starts them.
_ENVIRONMENT_BIN = str(Path(sys.executable).parent)
os.environ["PATH"] = os.pathsep.join([_ENVIRONMENT_BIN, os.environ.get("PATH", "")])
os.environ["PYSPARK_PYTHON"] = sys.executable


@pytest.fixture
def interruptible() -> None:
    """Let what is started get SIGINT: a shell that starts the tests in the background has it ignored for all below."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
