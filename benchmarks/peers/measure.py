"""Measures one engine once, in a process of its own, and refuses it when its answers are wrong.

`python -m benchmarks.peers.measure ENGINE ROOT` prints one JSON object.
"""

import json
import sys
import time
from functools import partial
from pathlib import Path

import pyspark
from pyspark.sql import DataFrame, SparkSession

from benchmarks.designs import SCHEMA, raw_folder
from benchmarks.measure import open_session, timed
from benchmarks.peers.checks import Answer, require_right, require_that_it_can_fail
from benchmarks.peers.engines import ENGINES


def main(name: str, root: str) -> None:
    """Run an engine and print its seconds, without imports and the start of Spark, and how many copies it counted.

    Raises:
        WrongAnswer: when it leaves a check out or answers it wrongly.
    """
    engine, day = ENGINES[name], Path(root).resolve()
    function = engine.load()
    spark = open_session(name)
    work = partial(function, spark, day) if engine.reads_raw else lambda: function(_events(spark, day))
    python_start = time.process_time()
    times, answer = timed(spark, work)
    python_seconds = round(time.process_time() - python_start, 2)
    duplicates = None
    if isinstance(answer, Answer):
        require_right(answer, duplicates=_duplicates(_events(spark, day)))
        duplicates = answer.duplicates
    if engine.is_peer:
        require_that_it_can_fail(spark, function)
    facts = {"design": name, "spark": pyspark.__version__, **times, "python_cpu_seconds": python_seconds}
    print(json.dumps({**facts, "duplicates": duplicates}))
    spark.stop()


def _events(spark: SparkSession, day: Path) -> DataFrame:
    return spark.read.schema(SCHEMA).json(str(raw_folder(day)))


def _duplicates(events: DataFrame) -> int:
    identified = events.select("event_id").where("event_id is not null")
    return identified.count() - identified.distinct().count()


if __name__ == "__main__":
    main(*sys.argv[1:])
