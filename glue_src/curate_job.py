"""The curation job's edge: arguments, clock, Spark and exit; `curation` decides everything else.

Runs as a Glue job and under any spark-submit, on file:// or s3:// roots:
spark-submit glue_src/curate_job.py --ingestion_date 2025-01-01 --data_uri file:///data
    --contract contracts/events.odcs.yaml
"""

import atexit
import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# `curation` lies beside the script and is found; the packages it uses lie one level up. In Glue all are in the zip.
sys.path.append(str(Path(__file__).resolve().parent.parent))

from adapters.stores import open_catalog, open_store
from contract import ContractError, DataContract, load_contract, parse_contract
from core.errors import PipelineError
from core.job_arguments import ArgumentError, JobArguments, parse_job_arguments
from core.layout import DatasetPaths, new_run_id
from core.publishing import Publications
from core.remarks import remarks
from core.times import iso
from curation.explain import explained
from curation.metrics import TOTALS, RunReport, document
from curation.run import DayRun
from curation.version import WriteRequest, WrittenVersion

_FACTS = ("status", "run_id", "ingestion_date", "metrics_uri", "location", *TOTALS, "message")
_NO_OUTCOME: Mapping[str, Any] = {**dict.fromkeys(_FACTS), "remarks": []}


class InvalidArguments(PipelineError):
    """The job was called with arguments or a contract that cannot be used; nothing was read or written."""


def main(argv: list[str], *, announce: Callable[[str], object] = print) -> None:
    """Run one day and announce its outcome as one JSON object on one line.

    Raises:
        PipelineError: for every outcome but ``published`` and ``unchanged``.
    """
    _log_json_lines()
    try:
        arguments, run = prepared(argv)
    except InvalidArguments as failure:
        announce(json.dumps({**_NO_OUTCOME, "status": "invalid_arguments", "message": str(failure)}))
        raise
    try:
        run.execute()
    finally:
        announce(json.dumps(outcome_of(arguments, run)))
        _stop_spark()


def prepared(argv: list[str]) -> tuple[JobArguments, DayRun]:
    """Turn arguments into a run that can be executed.

    Raises:
        InvalidArguments: for arguments, a data root or a contract that cannot be used.
    """
    try:
        arguments = parse_job_arguments(argv)
        contract = _contract(arguments.contract)
        store = open_store(arguments.data_uri)
        catalog = open_catalog(arguments.catalog_database, arguments.catalog_table or contract.table)
    except (ArgumentError, ContractError, PipelineError) as error:
        raise InvalidArguments(str(error)) from None
    started_at = datetime.now(UTC)
    paths = DatasetPaths(contract.name, contract.source_system)
    run = DayRun(
        arguments=arguments,
        contract=contract,
        store=store,
        paths=paths,
        publications=Publications(store, paths, catalog),
        write_version=_produce_version,
        report=RunReport(
            new_run_id(started_at), str(arguments.ingestion_date), contract, started_at, execution=arguments.execution
        ),
        executor_seconds=_executor_seconds,
        invalid_values=_invalid_values,
    )
    return arguments, run


def _contract(place: str) -> DataContract:
    if not place.startswith("s3://"):
        return load_contract(place.removeprefix("file://"))
    folder, _, name = place.rpartition("/")
    content = open_store(folder).read(name)
    if content is None:
        raise ContractError(["no such object; deploy again, or give the path of a contract"], source=place)
    try:
        document = json.loads(content.data)
    except ValueError as error:
        raise ContractError([f"the object is not JSON: {error}"], source=place) from error
    return parse_contract(document, source=place)


def _produce_version(request: WriteRequest) -> WrittenVersion:
    from curation.produce import produce_version  # noqa: PLC0415  that there is nothing to do is said without
    from curation.session import java_encoding, open_session, require_spellable  # noqa: PLC0415  loading or starting Spark

    spark = open_session(f"curate {request.contract.name} {request.ingestion_date}")
    require_spellable([*request.raw_sizes, request.version_uri], encoding=java_encoding(spark))
    return produce_version(spark, request)


def _invalid_values(contract: DataContract, written: WrittenVersion, failed: list[str]) -> list[str]:
    from curation.invalid_values import most_frequent  # noqa: PLC0415  as above
    from curation.session import open_session  # noqa: PLC0415

    return most_frequent(open_session(f"values of {contract.name}"), contract, written, failed)


def _executor_seconds() -> float:
    """Return how long all executors have been at work; 0 where Spark was not started."""
    if "pyspark.sql" not in sys.modules:
        return 0.0
    from curation.session import executor_seconds  # noqa: PLC0415  only where Spark was loaded anyway

    return executor_seconds()


def _stop_spark() -> None:
    if "pyspark.sql" in sys.modules:
        from pyspark.sql import SparkSession  # noqa: PLC0415  only where it was loaded anyway

        try:
            session = SparkSession.getActiveSession()
            if session is not None:
                session.stop()
        except Exception as error:  # noqa: BLE001  a JVM that died must not hide what the run came to
            logging.getLogger("pipeline").warning("Spark could not be stopped: %s", explained(error))


def outcome_of(arguments: JobArguments, run: DayRun) -> dict[str, Any]:
    """Return what the last line on stdout says of a run, however it ended."""
    report = run.report
    told = remarks(document(report), source=run.metrics_uri) if report.status == "published" else []
    return {
        "status": report.status,
        "run_id": report.run_id,
        "ingestion_date": str(arguments.ingestion_date),
        "metrics_uri": run.metrics_uri,
        "location": report.location,
        **report.totals,
        "message": report.message,
        "remarks": told,
    }


class _JsonLine(logging.Formatter):
    """One log record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        moment = iso(datetime.fromtimestamp(record.created, UTC))
        return json.dumps({"time": moment, "level": record.levelname, "message": record.getMessage()})


def _log_json_lines() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLine())
    logger = logging.getLogger("pipeline")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)


if __name__ == "__main__":
    # spark-submit sends a failed run's traceback to stdout as well; the outcome is to be the last line there.
    main(sys.argv[1:], announce=lambda line: atexit.register(print, line, flush=True))
