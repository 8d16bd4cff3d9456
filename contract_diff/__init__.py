"""What changed between two contracts of a dataset: what it means to readers and written data, which version it needs.

Compares contracts that `contract` has read; must not know files, git, stores or a deployment.
"""

from contract_diff.changes import BREAKING, RERUN, SAFE, Change, View, worst
from contract_diff.comparison import changes_between
from contract_diff.lock import Lock, LockError, Released, lock_text, read_lock
from contract_diff.versions import SemanticVersion, VersionNotUsableError, needed_version

__all__ = [
    "BREAKING",
    "RERUN",
    "SAFE",
    "Change",
    "Lock",
    "LockError",
    "Released",
    "SemanticVersion",
    "VersionNotUsableError",
    "View",
    "changes_between",
    "lock_text",
    "needed_version",
    "read_lock",
    "worst",
]
