"""`pipeline replay`: rejected lines of a date go back in, corrected, through the same gate; and not twice by accident.

Writes one raw object and the note on what it stands for; the run that follows is one like any other.
"""

import hashlib
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from cli.acceptance import caller_of
from cli.dataset import Dataset
from cli.errors import CommandFailed, WrongUse
from cli.output import Output
from cli.quarantine import Correction, RejectedLine, are_correctable, export_lines, read_correction, rejected_lines_of
from cli.words import count
from core.ports import WriteConflict
from core.raw_day import RawDay
from core.replays import MOST_LINES, Replay, StoredReplays, line_digest, read_replays, replaced_lines, write_replays
from core.runs import Metrics
from core.times import iso
from core.wording import plural


@dataclass(frozen=True)
class Rejected:
    """The lines of a run's quarantine that nothing stands for yet, and the raw data and replays of its day."""

    metrics: Metrics
    lines: tuple[RejectedLine, ...]
    raw: RawDay
    stored: StoredReplays

    @property
    def run_id(self) -> str:
        run_id: str = self.metrics["run_id"]
        return run_id


def find_rejected(dataset: Dataset, day: date, *, run_id: str | None, output: Output, again: bool = False) -> Rejected:
    """Return what the latest run of a date with a quarantine, or the run named, rejected.

    With ``again`` lines count as well that an earlier replay of the same run stands for; the run is that of the latest
    replay then, where none is named.

    Raises:
        CommandFailed: when there is no such run, or nothing of it is left.
    """
    raw = dataset.raw_day(day)
    stored = read_replays(dataset.store, dataset.paths, day)
    latest = max(stored.replays, key=lambda replay: replay.replayed_at, default=None)
    metrics = _run(dataset, day, latest.run_id if again and run_id is None and latest else run_id)
    others = [replay for replay in stored.in_force(raw) if not (again and replay.run_id == metrics["run_id"])]
    lines = rejected_lines_of(dataset, day, metrics["run_id"])
    left = tuple(_not_replaced(lines, replaced_lines(others)))
    earlier = stored.of_run(metrics["run_id"])
    if not left:
        digests = {line_digest(rejected.line) for rejected in lines}
        standing = next(replay for replay in (earlier, *others) if replay and digests & set(replay.replaced))
        raise CommandFailed(output.told(_already(day, standing)))
    return Rejected(metrics, left, raw, stored)


def _not_replaced(lines: Sequence[RejectedLine], replaced: Counter[str]) -> Iterator[RejectedLine]:
    """Leave out as many of equal lines as others stand for, the first ones."""
    for rejected in lines:
        digest = line_digest(rejected.line)
        if replaced[digest] > 0:
            replaced[digest] -= 1
        else:
            yield rejected


def export(dataset: Dataset, day: date, *, run_id: str | None, file: str, again: bool, output: Output) -> int:
    """Write the rejected lines to a file, for somebody to correct them; ``again`` those too that were replayed."""
    _require_lines(dataset)
    rejected = find_rejected(dataset, day, run_id=run_id, output=output, again=again)
    if any(b"\n" in one.line for one in rejected.lines):
        raise CommandFailed(f"{day}: some rejected texts have several lines; have the source deliver the object again")
    reasons = export_lines(rejected.lines, file)
    options = _options(run_id or (rejected.run_id if again else None), again=again)
    command = output.next_command(f"replay {day} --from {shlex.quote(file)}{options}")
    document = {"ingestion_date": str(day), "run_id": rejected.run_id, "lines": len(rejected.lines), "file": file}
    output.show(
        document | {"reasons": str(reasons)},
        f"{file}: {plural(len(rejected.lines), 'line')} that run {rejected.run_id} rejected; why is in {reasons}",
        f"correct them in place, a blank line drops one; then: {command}",
    )
    return 0


def require_other_contract(dataset: Dataset, day: date, *, run_id: str | None, output: Output) -> None:
    """Check that a plain run reads the rejected lines in another way than the run that rejected them.

    Raises:
        CommandFailed: when the contract is the same: they would be rejected again.
    """
    metrics = _run(dataset, day, run_id)
    if metrics["contract"]["checksum"] == dataset.contract.checksum:
        export_command = output.next_command(f"replay {day} --export FILE")
        raise CommandFailed(
            f"{day}: run {metrics['run_id']} rejected these lines under the same contract, and so would another; "
            f"correct them: {export_command}, or change the contract, deploy it and replay again"
        )
    replays = read_replays(dataset.store, dataset.paths, day)
    in_force = replays.in_force(dataset.raw_day(day))
    if in_force:
        raise CommandFailed(
            f"{day}: corrected lines are in {in_force[0].object_key}; where the changed contract reads their originals "
            "too, both would be published: delete that object if so, then run the date"
        )
    says = f"{day}: the contract has changed since run {metrics['run_id']}: its lines are read again from the raw data"
    output.progress.print(says, soft_wrap=True)


def bring_back(dataset: Dataset, day: date, *, run_id: str | None, file: str, again: bool, output: Output) -> Replay:
    """Write the corrected lines as one more raw object, after the note on what they stand for.

    In this order, because a note without its object means nothing, and the same command then goes on.

    Raises:
        CommandFailed: when this run's lines were replayed before, or somebody else replays at the same time.
        WrongUse: naming the lines of the file that are no records.
    """
    _require_lines(dataset)
    rejected = find_rejected(dataset, day, run_id=run_id, output=output, again=again)
    objects = frozenset(item.key for item in rejected.raw.objects)
    export_command = output.next_command(f"replay {day} --export NEW_FILE{_options(rejected.run_id, again=again)}")
    correction = read_correction(file, rejected.lines, objects=objects, export_command=export_command)
    _require_some(correction, file)
    content = b"".join(line + b"\n" for line in correction.corrected)
    replay = Replay(
        run_id=rejected.run_id,
        object_key=f"{rejected.raw.prefix}replayed-{hashlib.sha256(content).hexdigest()[:16]}.json",
        lines=len(correction.corrected),
        replaced=tuple(sorted(line_digest(old.line) for old in correction.replaced)),
        replayed_by=caller_of(dataset),
        replayed_at=iso(datetime.now(UTC)),
    )
    _require_input(dataset, replay, content, rejected.raw)
    earlier = rejected.stored.of_run(rejected.run_id)
    # A note without its object is that of a replay that was interrupted, which goes on.
    done = (item for item in rejected.stored.replays if item.object_key in objects)
    same = next((item for item in done if item.run_id == replay.run_id or item.object_key == replay.object_key), None)
    if same is not None and not again:
        raise CommandFailed(output.told(_already(day, same)))
    if earlier is not None and earlier.object_key in objects:
        dataset.store.delete([earlier.object_key])  # first, so that both are never there: an interruption leaves none
    try:
        _store(dataset, day, replay, content, rejected.stored)
    except WriteConflict:
        problem = f"{day}: somebody else replays lines of this date just now; see: pipeline status {day}"
        raise CommandFailed(output.told(problem)) from None
    output.progress.print(_said(day, replay, correction), soft_wrap=True)
    return replay


def _run(dataset: Dataset, day: date, run_id: str | None) -> Metrics:
    """Return the run whose quarantine is meant."""
    if run_id is not None:
        metrics = dataset.run(run_id)
        if metrics["ingestion_date"] != str(day):
            raise CommandFailed(f"run {run_id} is one of {metrics['ingestion_date']}, not of {day}")
        if not metrics["quarantine"]:
            raise CommandFailed(f"{day}: run {run_id} rejected no line")
        return metrics
    found = next((metrics for metrics in reversed(dataset.runs.of_day(day)) if metrics["quarantine"]), None)
    if found is None:
        raise CommandFailed(f"{day}: no run of this date rejected any line")
    return found


def _options(run_id: str | None, *, again: bool) -> str:
    return "".join((f" --run {run_id}" if run_id else "", " --again" if again else ""))


def _require_lines(dataset: Dataset) -> None:
    if not are_correctable(dataset.contract):
        raise CommandFailed(
            f"the contract of {dataset.contract.name} packs records in other ways than one to a line, so its rejected "
            "lines are no file of lines to correct; have the source deliver the object again, then run the date"
        )


def _require_some(correction: Correction, file: str) -> None:
    if not correction.corrected:
        raise WrongUse(f"--from {file!r} has no line that was changed; unchanged lines stay rejected")
    if len(correction.replaced) > MOST_LINES:
        raise WrongUse(
            f"--from {file!r} replaces {len(correction.replaced):,} lines, limit {MOST_LINES:,}; have the source "
            "deliver the objects again, then run the date"
        )


def _require_input(dataset: Dataset, replay: Replay, content: bytes, raw: RawDay) -> None:
    settings = dataset.contract.raw_objects
    classified = settings.classify(replay.object_key, len(content), day_prefix=raw.prefix)
    if classified.kind != "input":
        raise WrongUse(
            f"the contract would not read {replay.object_key.removeprefix(raw.prefix)}: {classified.reason}; let its "
            "excludeObjects spare replayed-*.json"
        )


def _store(dataset: Dataset, day: date, replay: Replay, content: bytes, over: StoredReplays) -> None:
    others: Sequence[Replay] = [item for item in over.replays if item.run_id != replay.run_id]
    write_replays(dataset.store, dataset.paths, day, [*others, replay], over=over)
    dataset.store.write(replay.object_key, content)


def _already(day: date, earlier: Replay) -> str:
    return (
        f"{day}: {earlier.replayed_by} replayed {plural(earlier.lines, 'line')} of run {earlier.run_id} at "
        f"{earlier.replayed_at}; --run {earlier.run_id} --again puts other lines in their place (with --export FILE it "
        "writes all of them); to run the date: "
        f"pipeline run {day}"
    )


def _said(day: date, replay: Replay, correction: Correction) -> str:
    parts = [f"{plural(replay.lines, 'corrected line')} of run {replay.run_id} in {replay.object_key}"]
    if correction.dropped:
        parts.append(f"{count(correction.dropped)} dropped")
    if correction.unchanged:
        parts.append(f"{count(correction.unchanged)} unchanged and still rejected")
    return f"{day}: {', '.join(parts)}"
