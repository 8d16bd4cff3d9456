"""What readers do not find of a published day: its partition, or its files.

Decides by what others have listed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from core.ports import StoredObject
from core.publication import Version


@dataclass(frozen=True)
class Fault:
    """A published day that readers do not find, and why; where it is about files, another run writes them again."""

    day: date
    reason: str
    is_about_files: bool

    @property
    def cure(self) -> str:
        """The words of the command: a run writes files that are gone again, a repair turns a partition."""
        return f"run {self.day}" if self.is_about_files else "repair"


def files_problem(version: Version, *, folder_uri: str, objects: Iterable[StoredObject]) -> str | None:
    """Say what is wrong with the files of a recorded version, or None when they are all there.

    ``objects`` are those below the version's folder in this data root, ``folder_uri``.
    """
    if not version.location.startswith(folder_uri):
        return (
            f"version {version.run_id} is recorded at {version.location}, "
            "which is not below this data root; if it was copied here, run repair"
        )
    files = [item for item in objects if item.key.endswith(".parquet")]
    found = (len(files), sum(item.size_bytes for item in files))
    if found != (version.files, version.bytes):
        return (
            f"version {version.run_id} should have {version.files} files of {version.bytes} bytes together, "
            f"but {folder_uri} has {found[0]} of {found[1]}"
        )
    return None


def partition_problem(version: Version, *, shown_at: str | None) -> str | None:
    """Say where the catalog shows a version's day instead, or None when it shows this version."""
    if shown_at == version.location:
        return None
    return f"run {version.run_id} is published at {version.location}, but the catalog shows {shown_at or 'nothing'}"
