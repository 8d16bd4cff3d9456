"""That people accept an odd day: which rejected input may pass which anomaly checks, who said so, and why.

An acceptance is for one input, so it ends by itself when raw data or contract change; it is kept as it was given.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from core.checks import Check
from core.errors import InvalidDocument
from core.layout import DatasetPaths
from core.ports import Store
from core.publication import RunInput

_SCHEMA_VERSION: Final = 1


@dataclass(frozen=True)
class Acceptance:
    """``run_id`` is the run whose rejection was accepted; ``checks`` are the ids of those it may pass."""

    run_id: str
    input: RunInput
    checks: tuple[str, ...]
    reason: str
    accepted_by: str
    accepted_at: str

    def covers(self, failed: Sequence[Check], run_input: RunInput) -> bool:
        """Tell whether exactly this input was accepted, and each of the checks: only those on anomalies can be."""
        return run_input == self.input and all(check.baseline and check.id in self.checks for check in failed)

    def facts(self) -> Mapping[str, Any]:
        """Return what records and metrics tell of it."""
        facts = asdict(self)
        del facts["input"]
        return facts | {"checks": list(self.checks)}


def read_acceptance(store: Store, paths: DatasetPaths, day: date) -> Acceptance | None:
    """Read the acceptance of a day, or None when nobody gave one.

    Raises:
        InvalidDocument: when the stored object is none.
    """
    key = paths.acceptance_key(day)
    content = store.read(key)
    if content is None:
        return None
    try:
        document = json.loads(content.data)
        _require_known(document.pop("schema_version"))
        return Acceptance(**{**document, "input": RunInput(**document["input"]), "checks": tuple(document["checks"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{store.uri(key)} is not a valid acceptance: {error!r}; delete it and accept the day again"
        raise InvalidDocument(message) from error


def write_acceptance(store: Store, paths: DatasetPaths, day: date, acceptance: Acceptance) -> None:
    """Store the acceptance of a day in place of an earlier one."""
    document = {"schema_version": _SCHEMA_VERSION, **asdict(acceptance)}
    store.write(paths.acceptance_key(day), json.dumps(document, indent=2).encode())


def _require_known(schema_version: object) -> None:
    if schema_version != _SCHEMA_VERSION:
        raise ValueError(f"schema_version {schema_version!r}, this release reads {_SCHEMA_VERSION}")
