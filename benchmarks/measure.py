"""Measures one design once, in a process of its own.

`python -m benchmarks.measure DESIGN ROOT [HEAP]` prints one JSON object.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pyspark.sql import SparkSession

sys.path.append(str(Path(__file__).resolve().parent.parent / "glue_src"))

from benchmarks.designs import DESIGNS, VARIANTS

Result = TypeVar("Result")
HEAP = "2g"
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}


def main(name: str, root: str, heap: str = HEAP) -> None:
    """Run a design and print its seconds, without the start of Spark, cores busy, and the JVM's peak memory in MB."""
    spark = open_session(name, heap=heap)
    design = DESIGNS["this_job" if name in VARIANTS else name]
    times, _ = timed(spark, lambda: design(spark, Path(root).resolve()))
    print(json.dumps({"design": name, "heap": heap, **times, "shuffled_mb": _shuffled_mb(spark)}))
    spark.stop()


def open_session(name: str, *, heap: str = HEAP) -> SparkSession:
    """Start the Spark that everything is measured on, with one trivial job behind it."""
    builder = SparkSession.builder.master("local[2]").appName(name).config("spark.driver.memory", heap)
    for key, value in {**_SETTINGS, **VARIANTS.get(name, {})}.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.range(1).count()  # the first job of a session loads classes that every design needs
    return spark


def timed(spark: SparkSession, work: Callable[[], Result]) -> tuple[dict[str, Any], Result]:
    """Do the work; return its seconds by both clocks with the JVM's peak memory in MB, and what it returned."""
    start, cpu_start = time.monotonic(), _cpu_seconds(spark)
    result = work()
    seconds, cpu_seconds = time.monotonic() - start, _cpu_seconds(spark) - cpu_start
    busy = {"cores_busy": round(cpu_seconds / seconds, 2)}
    times = {"seconds": round(seconds, 2), "cpu_seconds": round(cpu_seconds, 2), **busy}
    return {**times, "peak_mb": _peak_mb(spark)}, result


def _process(spark: SparkSession) -> Any:
    """Return the JVM's handle of its own process."""
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001  there is no public way to it
    return jvm.java.lang.ProcessHandle.current()


def _cpu_seconds(spark: SparkSession) -> float:
    """Return the processor time of the JVM so far, which other work on the machine changes less than the clock's."""
    return float(_process(spark).info().totalCpuDuration().get().toMillis()) / 1000


def _shuffled_mb(spark: SparkSession) -> int:
    """Return how much the shuffles of the session wrote to disk."""
    jvm: Any = spark.sparkContext._jsc  # noqa: SLF001  there is no public way to it
    executors = jvm.sc().statusStore().executorList(False)  # noqa: FBT003  as Spark's Scala has it
    return int(sum(executors.apply(number).totalShuffleWrite() for number in range(executors.size())) >> 20)


def _peak_mb(spark: SparkSession) -> int | None:
    status = Path(f"/proc/{_process(spark).pid()}/status")
    if not status.exists():
        return None
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) // 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
