"""Which raw data a day's runs have refused: what a rerun of the same would only repeat, and people know already.

Sensor, late data and alerts decide with the same functions, over metrics that somebody else has read.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from core.documents import as_documents
from core.raw_day import RawDay
from core.runs import ENDED_WELL, Metrics

_REFUSED: Final = "gate_failed"
_FAILED: Final = (_REFUSED, "error")


def refusing_run(runs: Iterable[Metrics], raw: RawDay, *, contract_checksum: str) -> str | None:
    """Return the latest run over this very raw data under this very contract, if it refused it, else None.

    What is left unread too much is told by a run that ends before it reads anything; so that it is told once, such a
    run counts as long as the same objects are left unread.
    """
    same = [
        run
        for run in runs
        if _fingerprint(run) == raw.fingerprint and _contract(run).get("checksum") == contract_checksum
    ]
    latest = max(same, key=lambda run: str(run["run_id"]), default=None)
    if latest is None:
        return None
    has_refused = _left_unread(latest, raw) if raw.leaves_too_much_unread else latest.get("status") == _REFUSED
    return str(latest["run_id"]) if has_refused else None


def told_by_an_earlier_run(runs: Iterable[Metrics], run: Metrics) -> str | None:
    """Return an earlier run that failed on the same raw data for the same reason, or None.

    Only those since the last run that ended well count: what fails after that is news, whatever failed before. And of
    these only what an execution started: whoever runs a date on a machine of his own sees the failure, others do not.
    """
    mine = _failure(run)
    if mine is None:
        return None
    earlier = [other for other in runs if str(other["run_id"]) < str(run["run_id"])]
    latest_first = sorted(earlier, key=lambda other: str(other["run_id"]), reverse=True)
    unsolved = takewhile(lambda other: other.get("status") not in ENDED_WELL, latest_first)
    told = (other for other in unsolved if other.get("execution") is not None)
    return next((str(other["run_id"]) for other in told if _failure(other) == mine), None)


def _failure(run: Metrics) -> tuple[Any, ...] | None:
    """Return what tells one failure from another: the input, and the checks that failed or else the message."""
    fingerprint, status = _fingerprint(run), run.get("status")
    if fingerprint is None or status not in _FAILED:
        return None
    checks = [check for check in _listed(run, "checks") if isinstance(check, Mapping) and not check.get("passed")]
    failed = [(check.get("id"), check.get("value"), check.get("limit")) for check in checks]
    why = repr(failed) if status == _REFUSED and failed else run.get("message")
    return fingerprint, _contract(run).get("checksum"), status, why


def _left_unread(run: Metrics, raw: RawDay) -> bool:
    unread = _mapping(run, "raw").get("unread")
    return run.get("status") in _FAILED and unread == as_documents(raw.unread)


def _fingerprint(run: Metrics) -> str | None:
    found: str | None = _mapping(run, "raw").get("fingerprint")
    return found


def _contract(run: Metrics) -> Mapping[str, Any]:
    return _mapping(run, "contract")


def _mapping(run: Metrics, key: str) -> Mapping[str, Any]:
    """Return an object of the metrics, which somebody else may have written, or an empty one."""
    found = run.get(key)
    return found if isinstance(found, Mapping) else {}


def _listed(run: Metrics, key: str) -> Sequence[Any]:
    found = run.get(key)
    return found if isinstance(found, list | tuple) else ()
