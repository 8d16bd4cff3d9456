"""That people accept an odd day: which rejected input may pass which anomaly checks, who said so, and why.

An acceptance is for one input, so it ends by itself when raw data or contract change; it is kept as it was given.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from core.checks import Check
from core.documents import content_of, refused
from core.layout import DatasetPaths
from core.ports import Store
from core.publication import Publication, RunInput

_SCHEMA_VERSION: Final = 1


@dataclass(frozen=True)
class AcceptedCheck:
    """A check by its rule's id and by what it looks at, as a rule may get another id without another verdict."""

    id: str
    metric: str
    column: str | None


@dataclass(frozen=True)
class Acceptance:
    """``run_id`` is the run whose rejection was accepted; ``checks`` are those that its input may pass."""

    run_id: str
    input: RunInput
    checks: tuple[AcceptedCheck, ...]
    reason: str
    accepted_by: str
    accepted_at: str

    def covers(self, failed: Sequence[Check], run_input: RunInput) -> bool:
        """Tell whether exactly this input was accepted, and each of the checks: only those on anomalies can be."""
        return run_input == self.input and all(check.baseline and accepted(check) in self.checks for check in failed)

    def was_used_for(self, record: Publication | None) -> bool:
        """Tell whether a version of the day was published by it: it lets its input pass once."""
        versions = () if record is None else record.versions
        return any(version.accepted == self.facts() for version in versions)

    def facts(self) -> Mapping[str, Any]:
        """Return what records and metrics tell of it."""
        facts = asdict(self)
        del facts["input"]
        return facts | {"checks": [check.id for check in self.checks]}


def accepted(check: Check) -> AcceptedCheck:
    """Name a check as acceptances do."""
    return AcceptedCheck(check.id, check.metric, check.column)


def read_acceptance(store: Store, paths: DatasetPaths, day: date) -> Acceptance | None:
    """Read the acceptance of a day, or None when nobody gave one.

    Raises:
        InvalidDocument: when the stored object is none.
    """
    key = paths.acceptance_key(day)
    content = store.read(key)
    if content is None:
        return None
    with refused(f"{store.uri(key)} is not a valid acceptance", next_step="delete it and accept the day again"):
        document = content_of(content.data, schema_version=_SCHEMA_VERSION)
        checks = tuple(AcceptedCheck(**check) for check in document["checks"])
        return Acceptance(**{**document, "input": RunInput(**document["input"]), "checks": checks})


def write_acceptance(store: Store, paths: DatasetPaths, day: date, acceptance: Acceptance) -> None:
    """Store the acceptance of a day in place of an earlier one."""
    document = {"schema_version": _SCHEMA_VERSION, **asdict(acceptance)}
    store.write(paths.acceptance_key(day), json.dumps(document, indent=2).encode())
