"""`make run DATE=… DATA=…`: a person's own files, through the deployed pipeline on the embedded AWS."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from rich.console import Console

from cli.__main__ import main as pipeline
from cli.contracts import CONTRACTS
from cli.deployment import Deployment, find_deployment
from cli.errors import CommandFailed, WrongUse
from cli.story_cloud import StoryCloud
from cli.words import plural, size
from config import DEFAULT_ENVIRONMENT
from contract import load_contract
from core.raw_objects import RawObjects


def run_own_day(
    console: Console, cloud: StoryCloud, day: date, data: Path, *, contract: Path, environment: Mapping[str, str]
) -> int:
    """Deploy, upload the files as the raw data of a date, run it and show what came of it.

    Raises:
        CommandFailed: when no file counts as raw data, or the contract is none that is deployed.
    """
    chosen = _deployable(contract)
    files = _raw_files(data, load_contract(chosen).raw_objects)
    cloud.deploy(console)
    deployment = find_deployment(str(chosen), environment=DEFAULT_ENVIRONMENT)
    _upload(files, deployment, day)
    total = size(sum(path.stat().st_size for path in files))
    console.print(f"{plural(len(files), 'object')} with {total} uploaded to {deployment.raw_uri}ingestion_date={day}/")
    meant = ["--contract", str(chosen)]
    code = pipeline(["run", str(day), *meant], environment)
    pipeline(["report", str(day), *meant], environment)
    if code == 0:
        table = f"{deployment.database}.{deployment.names.contract.table}"
        sql = f"SELECT * FROM {table} WHERE ingestion_date = '{day}' LIMIT 5"  # noqa: S608  both are validated names
        pipeline(["query", sql, *meant], environment)
    return code


def _raw_files(data: Path, settings: RawObjects) -> list[Path]:
    if not data.exists():
        raise WrongUse(
            f"DATA {str(data)!r} does not exist; give a file or a directory of .json, .ndjson, .jsonl or .gz"
        )
    paths = [data] if data.is_file() else sorted(path for path in data.iterdir() if path.is_file())
    found = {path: settings.classify(path.name, path.stat().st_size, day_prefix="") for path in paths}
    files = [path for path, classified in found.items() if classified.kind != "ignored"]
    if not any(classified.kind == "input" for classified in found.values()):
        ignored = "; ".join(f"{path.name}: {classified.reason}" for path, classified in found.items()) or "it is empty"
        raise CommandFailed(f"DATA {str(data)!r} holds nothing that counts as raw data: {ignored}")
    return files


def _deployable(contract: Path) -> Path:
    chosen = contract.resolve()
    if chosen.parent != CONTRACTS:
        raise CommandFailed(f"CONTRACT {str(contract)!r}: only contracts in {CONTRACTS} are deployed; put it there")
    return chosen


def _upload(files: list[Path], deployment: Deployment, day: date) -> None:
    from adapters.aws import client  # noqa: PLC0415  slow to load

    store = client("s3")
    for path in files:
        store.upload_file(str(path), deployment.bucket, f"{deployment.names.paths.raw_prefix(day)}{path.name}")
