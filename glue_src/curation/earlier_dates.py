"""Rows whose primary key is published on a date before already: counted exactly, by the keys alone.

Reads the key columns of the written version and of earlier ones, once for all rules; must not read anything else.
"""

from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from contract import DataContract
from core.errors import PipelineError
from curation.parsing import literal_path
from curation.version import WriteRequest

_DAYS_BEFORE = "_days_before"


def count_earlier_duplicates(spark: SparkSession, request: WriteRequest) -> tuple[dict[str, int], dict[str, str]]:
    """Count, for each lookBack rule, the written rows whose key was published within its days before.

    A key with a null in it is a duplicate of nothing, as within a date.

    Returns:
        The counts by rule id, and why there is none for a rule of severity warning.

    Raises:
        PipelineError: naming a version of an earlier date that cannot be compared with, where a rule is an error.
    """
    days = {rule.id: rule.look_back_days for rule in request.contract.rules if rule.look_back_days is not None}
    if not request.earlier_uris:
        return dict.fromkeys(days, 0), {}
    try:
        return _counted(spark, request, days), {}
    except _NotComparable as error:
        if any(rule.severity == "error" for rule in request.contract.rules if rule.id in days):
            raise
        return {}, dict.fromkeys(days, str(error))


class _NotComparable(PipelineError):
    """The key of an earlier version cannot be read."""


def _counted(spark: SparkSession, request: WriteRequest, days: Mapping[str, int]) -> dict[str, int]:
    keys = request.contract.primary_key
    nearest = _earlier_keys(spark, request).groupBy(*keys).agg(F.min(_DAYS_BEFORE).alias(_DAYS_BEFORE))
    written = _keys(spark, request.accepted_uri, request.contract)
    counts = [F.count(F.when(F.col(_DAYS_BEFORE) <= most, 1)) for most in days.values()]
    [row] = written.join(nearest, on=list(keys)).agg(*counts).collect()
    return dict(zip(days, row, strict=True))


def _earlier_keys(spark: SparkSession, request: WriteRequest) -> DataFrame:
    """Return the keys of all earlier versions, each with how many days before the date it is published."""
    versions = [
        _keys(spark, uri, request.contract, of=day).withColumn(_DAYS_BEFORE, F.lit((request.ingestion_date - day).days))
        for day, uri in sorted(request.earlier_uris.items())
    ]
    return reduce(DataFrame.unionByName, versions)


def _keys(spark: SparkSession, uri: str, contract: DataContract, *, of: date | None = None) -> DataFrame:
    """Read the key of a version in the contract's types, which an older contract may have had otherwise."""
    try:
        version = spark.read.parquet(literal_path(uri))
        stored = {name.lower(): name for name in version.columns}  # which may have had other capitals
        return version.select(
            *(
                F.col(stored.get(name.lower(), name)).cast(contract.column(name).type).alias(name)
                for name in contract.primary_key
            )
        )
    except AnalysisException as error:
        reason = str(error).partition("\n")[0]
        raise _NotComparable(
            f"{uri}, which {of} has published, cannot be compared with by {', '.join(contract.primary_key)}: {reason}; "
            f"run {of} again with --force, then this date; or state fewer days in the lookBack rule"
        ) from error
