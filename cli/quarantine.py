"""The quarantine of a run, line by line, and files of lines that people correct.

Reads Parquet and files; what may be brought back, others decide.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cli.dataset import Dataset
from cli.errors import CommandFailed, WrongUse
from contract import DataContract
from core.wording import first_of

_PROBLEMS_SHOWN = 5


@dataclass(frozen=True)
class RejectedLine:
    """A line as it was received, why it was rejected, and the raw object that it is in."""

    line: bytes
    reason: str
    source_object: str


@dataclass(frozen=True)
class Correction:
    """What became of a file's lines: those that go back in, how many were dropped and how many are as they were."""

    corrected: tuple[bytes, ...]
    replaced: tuple[RejectedLine, ...]
    dropped: int
    unchanged: int


def are_correctable(contract: DataContract) -> bool:
    """Tell whether what is rejected are lines of one record each, which people can correct in a file."""
    return not contract.has_records and contract.object_format == "lines"


def rejected_lines_of(dataset: Dataset, day: date, run_id: str) -> list[RejectedLine]:
    """Read the quarantine of a run, in its order.

    Raises:
        CommandFailed: when there is none any more.
    """
    from pyarrow import parquet  # noqa: PLC0415  slow to load, and only needed here

    prefix = dataset.paths.quarantine_prefix(day, run_id)
    keys = [item.key for item in dataset.store.objects(prefix) if item.key.endswith(".parquet")]
    found = []
    for key in keys:
        content = dataset.store.read(key)
        if content is not None:
            rows = parquet.read_table(io.BytesIO(content.data), columns=["line_bytes", "reason", "source_object"])
            found += [RejectedLine(row["line_bytes"], row["reason"], row["source_object"]) for row in rows.to_pylist()]
    if not found:
        where = dataset.store.uri(prefix)
        raise CommandFailed(f"{day}: the quarantine of run {run_id} is empty or gone: {where}; run the date again")
    return found


def export_lines(lines: Sequence[RejectedLine], file: str) -> Path:
    """Write one line for each rejected one, and beside it why each was rejected; return where that is.

    Raises:
        WrongUse: when one of the files is there already: somebody may be working on it.
    """
    place = Path(file)
    reasons = place.with_name(f"{place.name}.reasons.txt")
    for path in (place, reasons):
        if path.exists():
            raise WrongUse(f"{path} is there already; name another file, or move it away")
    place.write_bytes(b"".join(rejected.line + b"\n" for rejected in lines))
    told = (f"{number}: {rejected.reason} ({rejected.source_object})\n" for number, rejected in enumerate(lines, 1))
    reasons.write_text("".join(told), encoding="utf-8")
    return reasons


def read_correction(
    file: str, rejected: Sequence[RejectedLine], *, objects: frozenset[str], export_command: str
) -> Correction:
    """Compare a file with the rejected lines, one with one: a blank line drops one, an equal one leaves it as it is.

    An equal line goes back in where its raw object is not among ``objects`` any more, as no run reads it otherwise.
    ``export_command`` writes the lines that the file has to have.

    Raises:
        WrongUse: naming what is wrong with which line.
    """
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise WrongUse(f"--from {file!r} cannot be read: {error.strerror}") from error
    lines = content.removesuffix(b"\n").split(b"\n")
    if len(lines) != len(rejected):
        raise WrongUse(
            f"--from {file!r} has {len(lines):,} lines, the quarantine {len(rejected):,}; keep a line for each, in "
            f"order: a blank one drops its line; to write them again: {export_command}"
        )
    pairs = list(zip(lines, rejected, strict=True))
    _require_records(file, pairs)
    stays = [old for line, old in pairs if _are_equal(line, old.line) and old.source_object in objects]
    dropped = [old for line, old in pairs if not line.strip() and not _are_equal(line, old.line)]
    goes_in = [
        (line.removesuffix(b"\r"), old)
        for line, old in pairs
        if line.strip() and not (_are_equal(line, old.line) and old.source_object in objects)
    ]
    replaced = (*(old for _, old in goes_in), *dropped)
    return Correction(tuple(line for line, _ in goes_in), replaced, len(dropped), len(stays))


def _are_equal(line: bytes, rejected: bytes) -> bool:
    """Compare two lines but for one carriage return at the end, which editors add and take away."""
    return line in (rejected, rejected + b"\r") or line + b"\r" == rejected


def _require_records(file: str, pairs: Sequence[tuple[bytes, RejectedLine]]) -> None:
    found = ((number, line, old) for number, (line, old) in enumerate(pairs, 1) if not _are_equal(line, old.line))
    problems = [f"line {number}: {problem}" for number, line, _ in found if (problem := _problem(line))]
    if problems:
        raise WrongUse(f"--from {file!r}: {'; '.join(first_of(problems, _PROBLEMS_SHOWN))}")


def _problem(line: bytes) -> str | None:
    """Say why a corrected line is no record, or None; a blank one is none on purpose."""
    if not line.strip():
        return None
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return None if isinstance(value, dict) else "not one JSON object"
