import subprocess
import sys
from pathlib import Path

from cli.spark_classes import short_run_options

ROOT = Path(__file__).resolve().parents[2]

# Executors as processes of their own; one of them is taken away, as auto scaling does.
PROGRAM = """
import time
from pyspark.sql import SparkSession
from curation.session import executor_seconds

assert executor_seconds() == 0.0
builder = SparkSession.builder.master("local-cluster[2,1,600]").config("spark.ui.enabled", "false")
for process in ("driver", "executor"):
    builder = builder.config(f"spark.{process}.extraJavaOptions", sys.argv[1])
spark = builder.config("spark.executor.memory", "512m").getOrCreate()
assert spark.range(100).repartition(4).count() == 100
context = spark.sparkContext._jsc.sc()
while context.statusStore().executorList(True).size() < 3:
    time.sleep(0.1)
context.killExecutor("0")
while context.statusStore().executorList(True).size() > 2:
    time.sleep(0.1)
start, before = time.monotonic(), executor_seconds()
time.sleep(2)
added = executor_seconds() - before
print("executors", round(added / (time.monotonic() - start), 1))
spark.stop()
"""


def test_executors_are_counted_as_long_as_they_are_there() -> None:
    environment_path = f"{ROOT}:{ROOT / 'glue_src'}"
    program = f"import sys; sys.path[:0] = {environment_path!r}.split(':')\n{PROGRAM}"
    command = [sys.executable, "-c", program, short_run_options()]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.split()[-2:] == ["executors", "1.0"]
