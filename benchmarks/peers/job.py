"""What the six checks cost inside the curation job: its frame up to the marks of duplicates, observed and not.

The observation is the job's own, so it counts more than the six checks: malformed lines, nulls of every column, listed
values, field names, the first and last event.
"""

from pathlib import Path

from pyspark.sql import DataFrame, Observation, SparkSession

from benchmarks.designs import DAY, raw_folder
from benchmarks.peers.checks import CHECKS, Answer
from contract import load_contract
from core.checks import evaluate
from curation.duplicates import mark_duplicates
from curation.framing import Frame
from curation.listed_values import long_lists, with_places
from curation.observations import aggregates, read_counts
from curation.parsing import parse_lines, read_texts
from curation.session import core_count, open_session
from curation.version import WriteRequest

_CONTRACT = Path(__file__).resolve().parents[2] / "contracts" / "events.odcs.yaml"


def this_job_marks(spark: SparkSession, root: Path) -> None:
    """Read, parse, shuffle and mark, as the job does, into a sink that keeps nothing; count nothing."""
    _sink(_marked(spark, _task(root)))


def this_job_checks(spark: SparkSession, root: Path) -> Answer:
    """Do the same, observed, and judge the counts by the contract."""
    request = _task(root)
    observation = Observation("counts")
    lists = long_lists(spark, request.contract.columns)
    wanted = aggregates(request.contract, ingestion_date=DAY, lists=lists)
    marked = with_places(_marked(spark, request), lists)
    _sink(marked.observe(observation, *(column.alias(name) for name, column in wanted.items())))
    counts = read_counts(request.contract, observation.get, lists=lists)
    limit = request.contract.max_malformed_percent
    evaluated = evaluate(request.contract.rules, counts, max_malformed_percent=limit)
    made = {check.id: check.passed for check in evaluated}
    return Answer({check: made[check] for check in CHECKS}, counts.duplicates_removed)


def _task(root: Path) -> WriteRequest:
    files = sorted(raw_folder(root).iterdir())
    return WriteRequest(
        contract=load_contract(_CONTRACT),
        ingestion_date=DAY,
        raw_prefix="",
        raw_uri="",
        raw_sizes={f"file://{file}": file.stat().st_size for file in files},
        version_uri="",
        quarantine_uri="",
    )


def _marked(spark: SparkSession, request: WriteRequest) -> DataFrame:
    open_session("this_job_checks")  # the job's settings
    lines = read_texts(spark, list(request.raw_sizes), request.contract)
    rows = parse_lines(lines, request.contract, Frame(), field_sample=request.field_sample)
    cores = core_count(spark)
    marked = mark_duplicates(rows, request.contract, partitions=request.sort_count(cores))
    return marked.coalesce(request.file_count(cores))


def _sink(rows: DataFrame) -> None:
    rows.write.format("noop").mode("overwrite").save()
