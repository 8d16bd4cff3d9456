"""The Spark session of a run: the settings that its results depend on, whatever the cluster's own are."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from py4j.java_gateway import JavaClass  # type: ignore[import-untyped]  # it has no types
from pyspark.sql import SparkSession

from core.errors import PipelineError
from curation.repeated_keys import LAST_WINS

# Spark 4 would look up the Python line of every expression that is built, at some 2 ms each; to be told at the start.
_PLAN_WITHOUT_LINES = "spark.python.sql.dataFrameDebugging.enabled"
# The classes that plans are made by, under every name by which PySpark 3.5 and 4 ask for them.
_PLANNED_BY = {
    "Column": "org.apache.spark.sql.Column",
    "functions": "org.apache.spark.sql.functions",
    "org.apache.spark.sql.functions": "org.apache.spark.sql.functions",
    "PythonUtils": "org.apache.spark.api.python.PythonUtils",
    "PythonSQLUtils": "org.apache.spark.sql.api.python.PythonSQLUtils",
}
# Where PySpark 3.5 finds what lambdas consist of, step by step.
_LAMBDAS_IN = "org.apache.spark.sql.catalyst.expressions"
_UNLIMITED = 2**31 - 1  # Spark's word for as many executors as there are tasks
_SETTINGS = {
    **LAST_WINS,
    "spark.sql.session.timeZone": "UTC",
    # A cast that fails gives null, on Spark 3.5 and 4 alike; parsing decides what that means.
    "spark.sql.ansi.enabled": "false",
    # Records may have fields whose names differ in case only.
    "spark.sql.caseSensitive": "true",
    # A text of another form than a contract's pattern gives null; Spark 3 would ask whether Spark 2 read it otherwise.
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # A line is good as a whole or not at all.
    "spark.sql.json.enablePartialResults": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Years before 1900 are written as they are; Spark 3.5 refuses them otherwise, as Spark 2 read them differently.
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    # Unreadable or vanished input must fail the run, never shrink it.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    # A task keeps the files of both outcomes open at once, which saves sorting all rows by outcome.
    "spark.sql.maxConcurrentOutputFileWriters": "2",
}


def open_session(name: str) -> SparkSession:
    """Start Spark, or take the session that runs already, with the settings of a run."""
    spark = SparkSession.builder.appName(name).config(_PLAN_WITHOUT_LINES, "false").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    _look_up_once(spark)
    for key, value in _SETTINGS.items():
        spark.conf.set(key, value)
    return spark


class _Class(JavaClass):  # type: ignore[misc]  # it has no types
    """A Java class that Py4J asks Java about each method of once."""

    def __getattr__(self, name: str) -> object:
        """Find a method that was not asked for before."""
        method = super().__getattr__(name)
        setattr(self, name, method)
        return method


def _look_up_once(spark: SparkSession) -> None:
    """Keep what Py4J would ask Java for at every function of a plan: where its class is, and that it is in it."""
    jvm: Any = spark._jvm  # noqa: SLF001
    for name, java_class in _PLANNED_BY.items():
        if name not in vars(jvm):
            setattr(jvm, name, _Class(java_class, jvm._gateway_client))  # noqa: SLF001
    package = jvm
    for name in _LAMBDAS_IN.split("."):
        setattr(package, name, getattr(package, name))
        package = getattr(package, name)


def java_encoding(spark: SparkSession) -> str:
    """Return the encoding in which this Spark's Java spells the names of files, which the locale decides."""
    return str(spark._jvm.java.lang.System.getProperty("sun.jnu.encoding"))  # type: ignore[union-attr]  # noqa: SLF001


def require_spellable(uris: Iterable[str], *, encoding: str) -> None:
    """Check that Java finds local files by these names; other encodings than UTF-8 look for other bytes.

    Raises:
        PipelineError: naming the first that it does not find, and the locale to run in.
    """
    odd = next((uri for uri in uris if uri.startswith("file://") and not uri.isascii()), None)
    if odd is not None and encoding.upper().replace("-", "") != "UTF8":
        raise PipelineError(
            f"{odd} has letters beyond ASCII, which Java does not find in this locale ({encoding}); "
            "set LC_ALL=C.UTF-8, then run the date again"
        )


def core_count(spark: SparkSession) -> int:
    """Count the tasks that can run at once, those of executors included that auto scaling has not started yet."""
    conf = spark.sparkContext.getConf()
    scales = conf.get("spark.dynamicAllocation.enabled", "false") == "true"
    limit = "spark.dynamicAllocation.maxExecutors" if scales else "spark.executor.instances"
    executors = int(conf.get(limit, "0"))
    promised = executors * int(conf.get("spark.executor.cores", "1")) if executors < _UNLIMITED else 0
    return max(spark.sparkContext.defaultParallelism, promised)


def executor_seconds() -> float:
    """Add up how long each executor has been there, those that auto scaling took away again included.

    Spark remembers the last hundred of these (spark.ui.retainedDeadExecutors).
    """
    session = SparkSession.getActiveSession()
    if session is None:
        return 0.0
    now = datetime.now(UTC).timestamp() * 1000
    listed = session.sparkContext._jsc.sc().statusStore().executorList(False)  # noqa: SLF001, FBT003
    executors = [listed.apply(position) for position in range(listed.size())]
    ends = [(it, it.removeTime().get().getTime() if it.removeTime().isDefined() else now) for it in executors]
    return sum(float(end - it.addTime().getTime()) / 1000 for it, end in ends if it.id() != "driver")


def read_in_parts(spark: SparkSession, count: int) -> None:
    """Have what is read from here on split evenly into about so many tasks, as far as its objects can be split."""
    spark.conf.set("spark.sql.files.minPartitionNum", str(count))
