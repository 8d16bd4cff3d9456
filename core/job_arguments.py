"""The curation job's arguments, defined once for the job that parses them and the stacks that pass them.

Knows names, defaults and forms; does not know where they come from. Glue hands over every value as text.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date

from core.layout import parse_ingestion_date
from core.prices import Capacity

_OURS = re.compile(r"[a-z][a-z0-9_]*")
# Parameters of Glue itself whose names have the form of ours; the script may be handed all that a job is given:
# https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
_GLUES_OWN = frozenset({"class", "conf"})


class ArgumentError(ValueError):
    """The arguments cannot be used; the message names the value, what is allowed and the next step."""


@dataclass(frozen=True)
class JobArguments:
    """What one run of the job is told.

    ``data_uri`` is the root below which raw/, curated/, metrics/, quarantine/, publications/ and the like lie. The
    catalog is left alone without ``catalog_database``. A replaced version is kept while it is among the newest
    ``keep_versions`` or was replaced less than ``keep_hours`` ago. ``lease_minutes`` must be at least the job's
    timeout. ``capacity`` is what the deployment runs the job on, by which the cost of a run is estimated:
    ``GLUE_VERSION/WORKER_TYPE/EXECUTION_CLASS``; without it a run costs nothing that is known. ``execution`` is the
    name of the execution that started the run, by which its report tells its own version from another's.
    """

    ingestion_date: date
    data_uri: str
    contract: str
    force: bool = False
    catalog_database: str | None = None
    catalog_table: str | None = None
    keep_versions: int = 2
    keep_hours: int = 24
    lease_minutes: int = 240
    capacity: Capacity | None = None
    execution: str | None = None


ARGUMENT_NAMES = tuple(field.name for field in fields(JobArguments))
_REQUIRED = tuple(field.name for field in fields(JobArguments) if field.default is MISSING)


def parse_job_arguments(argv: Sequence[str]) -> JobArguments:
    """Read ``--name value`` and ``--name=value``.

    Arguments that Glue adds for itself (``--JOB_NAME``, ``--enable-metrics``, …) are passed over; a name that looks
    like ours but is not is an error, so that a typing mistake never runs with a default instead.

    Raises:
        ArgumentError: for a missing, repeated, unknown or malformed argument.
    """
    given = _ours(_pairs(argv))
    missing = [name for name in _REQUIRED if name not in given]
    if missing:
        raise ArgumentError(
            f"missing {', '.join('--' + name for name in missing)}; for example: --ingestion_date 2025-01-31 "
            "--data_uri file:///data --contract contracts/events.odcs.yaml"
        )
    return JobArguments(
        ingestion_date=_date(given["ingestion_date"]),
        data_uri=_text("data_uri", given["data_uri"]),
        contract=_text("contract", given["contract"]),
        force=_flag("force", given.get("force", "false")),
        catalog_database=_optional_text("catalog_database", given),
        catalog_table=_optional_text("catalog_table", given),
        keep_versions=_count("keep_versions", given, maximum=100),
        keep_hours=_count("keep_hours", given, maximum=24 * 365),
        lease_minutes=_count("lease_minutes", given, minimum=1, maximum=7 * 24 * 60),
        capacity=_capacity(given["capacity"]) if "capacity" in given else None,
        execution=_optional_text("execution", given),
    )


def capacity_argument(capacity: Capacity) -> str:
    """Write a capacity as the job reads it."""
    return f"{capacity.glue_version}/{capacity.worker_type}/{capacity.execution_class}"


def _pairs(argv: Sequence[str]) -> list[tuple[str, str | None]]:
    pairs: list[tuple[str, str | None]] = []
    tokens = list(argv)
    while tokens:
        token = tokens.pop(0)
        if not token.startswith("--"):
            raise ArgumentError(f"unexpected {token!r}: every argument is --name value; allowed: {_allowed()}")
        name, equals, value = token[2:].partition("=")
        if equals:
            pairs.append((name, value))
        elif tokens and not tokens[0].startswith("--"):
            pairs.append((name, tokens.pop(0)))
        else:
            pairs.append((name, None))
    return pairs


def _ours(pairs: list[tuple[str, str | None]]) -> dict[str, str | None]:
    given: dict[str, str | None] = {}
    for name, value in pairs:
        if name in given:
            raise ArgumentError(f"--{name} is given twice; give it once")
        if name in _GLUES_OWN:
            continue
        if name in ARGUMENT_NAMES:
            given[name] = value
        elif (guess := _nearest(name)) is not None:
            raise ArgumentError(f"--{name} is not known; did you mean --{guess}? allowed: {_allowed()}")
        elif _OURS.fullmatch(name):
            raise ArgumentError(f"--{name} is not known; allowed: {_allowed()}")
    return given


def _nearest(name: str) -> str | None:
    matches = difflib.get_close_matches(name.lower().replace("-", "_"), ARGUMENT_NAMES, n=1, cutoff=0.85)
    return matches[0] if matches else None


def _allowed() -> str:
    return ", ".join("--" + name for name in ARGUMENT_NAMES)


def _text(name: str, value: str | None) -> str:
    if value is None or not value.strip():
        raise ArgumentError(f"--{name} is empty; give it a value")
    return value


def _date(value: str | None) -> date:
    try:
        return parse_ingestion_date(_text("ingestion_date", value))
    except ValueError as error:
        raise ArgumentError(str(error)) from None


def _optional_text(name: str, given: dict[str, str | None]) -> str | None:
    return _text(name, given[name]) if name in given else None


def _flag(name: str, value: str | None) -> bool:
    if value is None or value.lower() == "true":
        return True
    if value.lower() == "false":
        return False
    raise ArgumentError(f"--{name} {value!r} is neither true nor false")


def _capacity(value: str | None) -> Capacity:
    text = _text("capacity", value)
    parts = text.split("/")
    if len(parts) != 3 or not all(parts):
        raise ArgumentError(f"--capacity {text!r} is not of the form 6.0/G.1X/STANDARD")
    glue_version, worker_type, execution_class = parts
    return Capacity(glue_version=glue_version, worker_type=worker_type, execution_class=execution_class)


def _count(name: str, given: dict[str, str | None], *, maximum: int, minimum: int = 0) -> int:
    if name not in given:
        default: int = getattr(JobArguments, name)
        return default
    text = _text(name, given[name])
    if not re.fullmatch(r"[0-9]{1,9}", text) or not minimum <= int(text) <= maximum:
        raise ArgumentError(f"--{name} {text!r} is not a whole number from {minimum} to {maximum}")
    return int(text)
