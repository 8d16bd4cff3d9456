"""Runs a script in the Spark of a JVM that is there already: `python script_runner.py CONNECTION DONE SCRIPT …`.

CONNECTION is the file in which Spark says how the JVM is reached, as soon as it is. DONE is made when the script has
ended, however it did, and nothing that it had in the JVM goes on there. Knows PySpark, in whose environment it runs;
must not know the emulator.
"""

import contextlib
import os
import runpy
import struct
import sys
import time
from pathlib import Path

_LOOK_SECONDS = 0.02
_INTEGER = struct.Struct("!i")


def main(connection: Path, done: Path, script: str, arguments: list[str]) -> None:
    """Run the script as if Spark had started it; its exceptions and its exit code are this program's."""
    os.environ.update(_gateway(connection))
    sys.argv, sys.path[0] = [script, *arguments], str(Path(script).parent)
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        with contextlib.suppress(Exception):  # how the script ended is told, not that its JVM has ended before it
            _stop_spark()
            done.touch()


def _gateway(connection: Path) -> dict[str, str]:
    """Wait for the JVM, then return the variables by which PySpark uses it instead of starting one."""
    while not connection.exists():
        time.sleep(_LOOK_SECONDS)
    said = connection.read_bytes()
    (port,), (length,) = _INTEGER.unpack_from(said), _INTEGER.unpack_from(said, _INTEGER.size)
    secret = said[2 * _INTEGER.size :][:length].decode()
    return {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}


def _stop_spark() -> None:
    """Stop what a script leaves running: Spark ends with the process elsewhere."""
    spark = sys.modules.get("pyspark")
    running = spark.SparkContext._active_spark_context if spark else None
    if running is not None:
        running.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
