"""Which raw data a day's runs have refused: what a rerun of the same would only repeat, and people know already.

Sensor, late data and alerts decide with the same functions, over metrics that somebody else has read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from core.raw_day import RawDay
from core.runs import Metrics

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
    """Return an earlier run that failed on the same raw data for the same reason, or None."""
    mine = _failure(run)
    if mine is None:
        return None
    earlier = (other for other in runs if str(other["run_id"]) < str(run["run_id"]))
    return next((str(other["run_id"]) for other in earlier if _failure(other) == mine), None)


def _failure(run: Metrics) -> tuple[Any, ...] | None:
    """Return what tells one failure from another: the input, and the checks that failed or else the message."""
    fingerprint, status = _fingerprint(run), run.get("status")
    if fingerprint is None or status not in _FAILED:
        return None
    failed = [(check["id"], check["value"], check["limit"]) for check in run.get("checks", ()) if not check["passed"]]
    why = repr(failed) if status == _REFUSED and failed else run.get("message")
    return fingerprint, _contract(run).get("checksum"), status, why


def _left_unread(run: Metrics, raw: RawDay) -> bool:
    unread = (run.get("raw") or {}).get("unread")
    return run.get("status") in _FAILED and unread == [asdict(item) for item in raw.unread]


def _fingerprint(run: Metrics) -> str | None:
    found: str | None = (run.get("raw") or {}).get("fingerprint")
    return found


def _contract(run: Metrics) -> Mapping[str, Any]:
    return run.get("contract") or {}
