"""Rejected lines that people corrected: which raw object brings them back, and which original lines it stands for.

The originals stay in their raw objects, which nobody changes, and in quarantine. A line that was replaced does not
count as malformed any more, as long as the object that replaces it is among the raw data of the day.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.documents import as_documents, content_of, refused
from core.layout import DatasetPaths
from core.ports import Store
from core.raw_day import RawDay

# More is a matter for the source, which delivers the day again; as many digests are compared with each rejected line.
MOST_LINES: Final = 10_000
_SCHEMA_VERSION: Final = 1


@dataclass(frozen=True)
class Replay:
    """One file of corrected lines: ``replaced`` are the digests of the lines of run ``run_id`` that they stand for.

    A digest is there as often as equal lines were replaced. ``lines`` went in; the others of ``replaced`` were dropped
    on purpose.
    """

    run_id: str
    object_key: str
    lines: int
    replaced: tuple[str, ...]
    replayed_by: str
    replayed_at: str


@dataclass(frozen=True)
class StoredReplays:
    """The replays of a day, and the token that a change of them must name; None before the first."""

    replays: tuple[Replay, ...]
    token: str | None

    def in_force(self, raw: RawDay) -> tuple[Replay, ...]:
        """Return those whose object is among the raw data of the day."""
        keys = {item.key for item in raw.objects}
        return tuple(replay for replay in self.replays if replay.object_key in keys)

    def of_run(self, run_id: str) -> Replay | None:
        return next((replay for replay in self.replays if replay.run_id == run_id), None)


def line_digest(line: bytes) -> str:
    """Name a line by its bytes, as received (64 hexadecimal digits)."""
    return hashlib.sha256(line).hexdigest()


def replaced_lines(replays: Iterable[Replay]) -> Counter[str]:
    """Count the lines that are replaced, by their digests: each correction stands for one of equal lines."""
    return Counter(digest for replay in replays for digest in replay.replaced)


def read_replays(store: Store, paths: DatasetPaths, day: date) -> StoredReplays:
    """Read the replays of a day.

    Raises:
        InvalidDocument: when the stored object is none.
    """
    key = paths.replays_key(day)
    content = store.read(key)
    if content is None:
        return StoredReplays((), None)
    with refused(f"{store.uri(key)} is not a valid list of replays", next_step="restore its older version"):
        document = content_of(content.data, schema_version=_SCHEMA_VERSION)
        replays = tuple(Replay(**{**item, "replaced": tuple(item["replaced"])}) for item in document["replays"])
    return StoredReplays(replays, content.version)


def write_replays(
    store: Store, paths: DatasetPaths, day: date, replays: Sequence[Replay], *, over: StoredReplays
) -> None:
    """Store the replays of a day over those that were read.

    Raises:
        WriteConflict: when somebody else has stored others meanwhile.
    """
    document = {"schema_version": _SCHEMA_VERSION, "replays": as_documents(replays)}
    store.replace(paths.replays_key(day), json.dumps(document, indent=2).encode(), expected=over.token)
