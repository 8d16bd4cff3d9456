"""How many tasks the stages of a run have: every core works in each of them."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from curation import produce, version
from curation.session import core_count
from tests.spark.lab import Lab, event


@pytest.fixture
def minimum_of_a_kilobyte(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files be 32,768 times smaller than they may be, and so a small day a large one."""
    for limit in ("_SMALLEST_FILE_BYTES", "_SMALLEST_OF_FEW_BYTES"):
        monkeypatch.setattr(version, limit, getattr(version, limit) >> 15)


@pytest.fixture
def group(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[str]:
    """A name for the jobs that a test starts, by which Spark tells their stages; objects are listed without one."""
    name = request.node.name
    spark.sparkContext.setJobGroup(name, "the run under test")
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.threshold", "100")
    yield name
    spark.conf.unset("spark.sql.sources.parallelPartitionDiscovery.threshold")
    spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)  # type: ignore[arg-type]  # it takes null to unset


def tasks_of(spark: SparkSession, group: str) -> list[int]:
    """Return the number of tasks of each stage that ran, in their order."""
    tracker = spark.sparkContext.statusTracker()
    jobs = (tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group))
    stages = {stage: tracker.getStageInfo(stage) for job in jobs if job is not None for stage in job.stageIds}
    ran = [(stage, info.numTasks) for stage, info in stages.items() if info is not None and info.numCompletedTasks]
    return [tasks for _, tasks in sorted(ran)]


@pytest.mark.usefixtures("minimum_of_a_kilobyte")
@pytest.mark.parametrize("cores", [2, 8, 36])
def test_reading_and_writing_have_a_task_for_each_core(
    lab: Lab, spark: SparkSession, group: str, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    for number in range(36):
        lab.put((event(36 * row + number) for row in range(100)), f"events-{number}.json")
    monkeypatch.setattr(produce, "core_count", lambda _: cores)
    outcome = lab.run()
    read, write, *_ = tasks_of(spark, group)
    assert (read, write) == (cores, cores)
    assert len(list(outcome.location.glob("*.parquet"))) == cores
    assert (outcome.metrics["rows_written"], len(outcome.rows())) == (3_600, 3_600)


def test_a_small_day_is_one_file_however_many_cores(
    lab: Lab, spark: SparkSession, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.put(event(number) for number in range(10))
    monkeypatch.setattr(produce, "core_count", lambda _: 36)
    outcome = lab.run()
    _, write, *_ = tasks_of(spark, group)
    assert write == 1
    assert outcome.metrics["files"] == 1


@pytest.mark.parametrize(
    ("settings", "cores"),
    [
        ({}, 2),
        ({"spark.executor.instances": "9", "spark.executor.cores": "4"}, 36),
        (
            {
                "spark.dynamicAllocation.enabled": "true",
                "spark.dynamicAllocation.maxExecutors": "9",
                "spark.executor.instances": "1",
                "spark.executor.cores": "4",
            },
            36,
        ),
        (
            {
                "spark.dynamicAllocation.enabled": "true",
                "spark.dynamicAllocation.maxExecutors": str(2**31 - 1),
                "spark.executor.cores": "4",
            },
            2,
        ),
    ],
)
def test_executors_that_have_not_started_count_as_cores(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], cores: int
) -> None:
    started = spark.sparkContext.getConf().setAll(list(settings.items()))
    monkeypatch.setattr(spark.sparkContext, "getConf", lambda: started)
    assert core_count(spark) == cores
