"""One Spark session for all Spark tests, and a place where a test lays down raw data and runs the job over it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cli.spark_classes import short_run_options
from tests.spark.lab import EVENTS, Lab

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")


@pytest.fixture(scope="session", autouse=True)
def spark() -> Iterator[SparkSession]:
    session = (
        SparkSession.builder.master("local[2]")
        .appName("tests")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        # Most of what a test waits for is code being compiled; the second compiler pays off on larger data only.
        .config("spark.driver.extraJavaOptions", short_run_options())
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.python.sql.dataFrameDebugging.enabled", "false")  # as the job does: tests build as much
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A data root for the events contract."""
    return Lab(tmp_path, EVENTS)
