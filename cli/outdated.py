"""Which dates were written under another contract, or by an older job, in a way that matters to what is in them.

Reads records and the contracts that were kept with them; decides nothing about rerunning.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

from cli.contract_lock import Folder
from cli.dataset import Dataset
from contract import ContractError, DataContract, parse_contract
from contract_diff import SAFE, changes_between
from core.layout import parse_ingestion_date
from core.publication import JOB_VERSION, Publication, RunInput, Version
from core.wording import first_of

_MOST_REASONS: Final = 3


@dataclass(frozen=True)
class OutdatedDate:
    """A date whose version should be written again, and why; ``contract_version`` is what it was written under."""

    ingestion_date: date
    run_id: str
    contract_version: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Outdated:
    """The published dates of a dataset against its contract of today."""

    dataset: Dataset

    def dates(self, *, first: date | None = None, last: date | None = None) -> list[OutdatedDate]:
        """Return the outdated dates in a range, oldest first; both ends are included, None leaves one open."""
        found = []
        for record in self.dataset.records():
            day = parse_ingestion_date(record.ingestion_date)
            reasons = self._reasons(record) if (first or day) <= day <= (last or day) else ()
            if reasons:
                current = record.current
                found.append(OutdatedDate(day, current.run_id, str(current.contract["version"]), tuple(reasons)))
        return found

    def _reasons(self, record: Publication) -> list[str]:
        """Say why a version should be written again: because it may hold other rows than a run of today would write.

        A date that was rolled back to it from what a run of today would write stays as it is: that input is blocked.
        """
        if record.blocks(RunInput(record.current.input.fingerprint, self.dataset.contract.checksum)):
            return []
        return [*_of_job(record.current), *self._of_contract(record.current)]

    def _of_contract(self, version: Version) -> Iterable[str]:
        checksum = version.contract["checksum"]
        if checksum == self.dataset.contract.checksum:
            return ()
        if checksum not in self._known:
            self._known[checksum] = self._changes_since(checksum)
        return self._known[checksum]

    @cached_property
    def _known(self) -> dict[str, Sequence[str]]:
        """What matters of the changes since each contract, by its checksum: many dates have the same."""
        return {}

    def _changes_since(self, checksum: str) -> list[str]:
        try:
            old = self._kept(checksum)
        except ContractError as error:
            return [f"its contract cannot be read by this release: {error.problems[0]}"]
        if old is None:
            return ["written under another contract, of which no copy is kept"]
        changes = changes_between(old, self.dataset.contract)
        return [f"{change.place}: {change.what}" for change in changes if change.written.effect != SAFE]

    def _kept(self, checksum: str) -> DataContract | None:
        key = self.dataset.paths.contract_key(checksum)
        content = self.dataset.store.read(key)
        if content is None:
            return self._released(checksum)
        source = self.dataset.store.uri(key)
        try:
            return parse_contract(json.loads(content.data), source=source)
        except ValueError as error:
            problem = error if isinstance(error, ContractError) else ContractError([str(error)], source=source)
            raise problem from error

    def _released(self, checksum: str) -> DataContract | None:
        """Return the released contract beside that of today, where it is the one that is looked for."""
        lock = Folder(Path(self.dataset.place.contract).parent).lock()
        released = None if lock is None else lock.released.get(self.dataset.contract.name)
        return released.contract if released is not None and released.contract.checksum == checksum else None


def shown_reasons(reasons: Sequence[str]) -> str:
    """Write the first reasons, and how many more there are."""
    return "\n".join(first_of(reasons, _MOST_REASONS))


def _of_job(version: Version) -> Iterable[str]:
    if version.is_of_an_older_job:
        yield f"written by an older job, version {version.job_version}; today's is {JOB_VERSION}"
