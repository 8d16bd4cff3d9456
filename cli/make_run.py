"""`python -m cli.make_run`, which `make run` calls: the story on generated days, or a person's own day."""

import argparse
import io
import os
import re
import sys
import time
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from rich.console import Console

from adapters.directory import DirectoryStore
from cli.contracts import CONTRACTS, EVENTS, find_contract, option_for
from cli.deployment import Deployment, find_deployment
from cli.errors import INTERRUPTED, CommandFailed, WrongUse
from cli.local import state_folder
from cli.main import main as pipeline
from cli.spark import end_on_sigterm
from cli.story import SECOND, THIRD, Story
from cli.story_cloud import StoryCloud, one_at_a_time
from cli.words import size
from contract import ContractError, load_contract
from core.errors import PipelineError
from core.layout import parse_ingestion_date
from core.raw_objects import RawObjects, is_hidden
from core.wording import DEFAULT_ENVIRONMENT, first_of, plural

_MOST_NAMED: Final = 5


def main(argv: Sequence[str], environment: MutableMapping[str, str]) -> int:
    """Carry out what was asked and return the exit code.

    ``environment`` gets the variables of the cloud; it must be the process's own, where the AWS clients look.
    """
    console = Console(highlight=False)
    state = state_folder(environment).resolve()
    try:
        given = _parser().parse_args(argv)
        with one_at_a_time(state):
            cloud = StoryCloud(state, dict(environment))
            _require_both(given)
            if given.data is None:
                _tell(console, cloud, rows=given.rows, environment=environment)
                return 0
            return _own_day(console, cloud, given, environment)
    except (CommandFailed, ContractError, PipelineError, OSError) as failure:
        print(f"make run: {failure}", file=sys.stderr)
        return getattr(failure, "exit_code", 1)
    except KeyboardInterrupt:
        print(
            "make run: interrupted; the embedded AWS may still be running, see ./pipeline local status", file=sys.stderr
        )
        return INTERRUPTED


def _tell(console: Console, cloud: StoryCloud, *, rows: int, environment: MutableMapping[str, str]) -> None:
    start = time.monotonic()
    cloud.start_anew()
    environment.update(cloud.variables())
    environment["PIPELINE_CONTRACT"] = str(EVENTS)  # whatever other contracts there are
    Story(console, cloud, rows=rows, environment=environment).tell()
    console.print(_closing(cloud, environment, seconds=time.monotonic() - start), soft_wrap=True)


def _require_both(given: argparse.Namespace) -> None:
    """Refuse a date or a contract without data, and data without a date."""
    alone = [name for name in ("date", "contract") if getattr(given, name) is not None and given.data is None]
    if alone or (given.data is not None and given.date is None):
        one, other = (alone[0].upper(), "DATA") if alone else ("DATA", "DATE")
        raise WrongUse(f"{one} goes with {other}; give both: make run DATE=2025-01-31 DATA=file.json")


def _own_day(
    console: Console, cloud: StoryCloud, given: argparse.Namespace, environment: MutableMapping[str, str]
) -> int:
    """Deploy, upload the files as the raw data of a date, run it and show what came of it."""
    day, contract = given.date, Path(find_contract(given.contract, chosen_by="CONTRACT=NAME"))
    cloud.start_as_it_is()
    environment.update(cloud.variables())
    chosen = _deployable(contract)
    files = raw_files(given.data, load_contract(chosen).raw_objects)
    cloud.deploy(console)
    deployment = find_deployment(str(chosen), environment=DEFAULT_ENVIRONMENT)
    _upload(files, deployment, day)
    total = size(sum(path.stat().st_size for path in files.values()))
    place = f"{deployment.raw_uri}ingestion_date={day}/"
    console.print(f"uploaded {plural(len(files), 'object')} ({total}) to {place}", soft_wrap=True)
    code = pipeline(["run", str(day), "--contract", str(chosen)])
    pipeline(["report", str(day), "--contract", str(chosen)])
    if code == 0:
        table = f"{deployment.database}.{deployment.names.contract.table}"
        sql = f"SELECT * FROM {table} WHERE ingestion_date = '{day}' LIMIT 5"  # noqa: S608  both are validated names
        pipeline(["query", sql, "--contract", str(chosen)])
    console.print(f"\n{_look_further(day, day, contract=contract)}", soft_wrap=True)
    return code


def raw_files(data: Path, settings: RawObjects) -> dict[str, Path]:
    """Return a day's objects by their path below ``data``, a file or a directory; what is never read is left out.

    Raises:
        WrongUse: when it is not there, or holds several days.
        CommandFailed: when nothing of it counts as raw data.
        PipelineError: when a link in it that is not hidden leads nowhere, or back to where it lies.
    """
    if not data.exists():
        raise WrongUse(
            f"DATA {str(data)!r} does not exist; give a file or a directory of .json, .ndjson, .jsonl or .gz"
        )
    if data.is_file():
        sizes, place = {data.name: data.stat().st_size}, data.parent
    else:
        objects = DirectoryStore(str(data), is_passed_over=is_hidden).objects("")
        sizes, place = {item.key: item.size_bytes for item in objects}, data
    found = {key: settings.classify(key, size_bytes, day_prefix="") for key, size_bytes in sizes.items()}
    if not any(classified.kind == "input" for classified in found.values()):
        ignored = [f"{key}: {classified.reason}" for key, classified in found.items()] or ["it is empty"]
        says = "; ".join(first_of(ignored, _MOST_NAMED))
        raise CommandFailed(f"DATA {str(data)!r} holds nothing that counts as raw data: {says}")
    files = {key: place / key for key, classified in found.items() if classified.kind != "ignored"}
    day = next((key.rpartition("/")[0] for key in files if re.search(r"(^|/)ingestion_date=[^/]*/", key)), None)
    if day is not None:
        raise WrongUse(f"DATA {str(data)!r} holds folders of dates, such as {day}; give one of them")
    return files


def _deployable(contract: Path) -> Path:
    chosen = contract.resolve()
    if chosen.parent != CONTRACTS:
        raise CommandFailed(f"CONTRACT {str(contract)!r}: only contracts in {CONTRACTS} are deployed; move it there")
    return chosen


def _upload(files: Mapping[str, Path], deployment: Deployment, day: date) -> None:
    from adapters.aws import client  # noqa: PLC0415  slow to load

    store = client("s3")
    for key, path in files.items():
        store.upload_file(str(path), deployment.bucket, f"{deployment.names.paths.raw_prefix(day)}{key}")


def _look_further(first: date, second: date, *, contract: Path) -> str:
    table = load_contract(contract).table
    return _LOOK_FURTHER.format(first=first, second=second, more=option_for(contract), table=table)


_LOOK_FURTHER = """\
It keeps running. To point the AWS clients of a shell at it:
  eval "$(./pipeline local env)"
for example
  ./pipeline status {first}{more}
  ./pipeline report {second}{more}
  ./pipeline query "SELECT * FROM {table} LIMIT 5"{more}
  ./pipeline outbox
and  ./pipeline local down  stops it."""


def _closing(cloud: StoryCloud, environment: Mapping[str, str], *, seconds: float) -> str:
    place = f"at {environment['AWS_ENDPOINT_URL']}; its files are in {_short(cloud.state)}"
    return f"""
Finished in {seconds:.0f} seconds, on the embedded AWS {place}.
{_look_further(SECOND, THIRD, contract=EVENTS)} The next `make run` starts with an empty one."""


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make run", allow_abbrev=False, exit_on_error=True)
    parser.add_argument("--rows", type=int, default=20_000, help="lines per generated day (default 20000)")
    parser.add_argument("--date", type=_day, help="ingestion date of your own files")
    parser.add_argument(
        "--data", type=Path, help="your own files of that date: one, or a directory with all that lies below it"
    )
    parser.add_argument("--contract", help="their contract, one of contracts/")
    return parser


def _day(text: str) -> date:
    try:
        return parse_ingestion_date(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    end_on_sigterm()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # in a file, too, errors stand where they happened
    sys.exit(main(sys.argv[1:], os.environ))
