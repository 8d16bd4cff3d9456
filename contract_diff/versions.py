"""Semantic versions of contracts, and the step that changes need; knows no file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from contract_diff.changes import BREAKING, Change, worst

_FORM: Final = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})(?:\.(0|[1-9][0-9]{0,8}))?")


class VersionNotUsableError(ValueError):
    """Say why a text is no semantic version; the caller adds whose it is."""


@dataclass(frozen=True, order=True)
class SemanticVersion:
    """MAJOR.MINOR.PATCH, ordered as versions are."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def of(cls, text: str) -> "SemanticVersion":
        """Read a version; 1.2 is 1.2.0. Raises VersionNotUsableError."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise VersionNotUsableError(f"version {text!r} is not of the form MAJOR.MINOR.PATCH, for example 1.2.0")
        return cls(*(int(part or 0) for part in match.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def needed_version(released: SemanticVersion, changes: Iterable[Change]) -> SemanticVersion:
    """Return the lowest version that a released contract may have after changes.

    Breaking ones need a major step, documentation a patch, others a minor step. Before 1.0.0 a minor step is enough
    for breaking ones too (https://semver.org/spec/v2.0.0.html, 4).
    """
    listed = tuple(changes)
    if not listed:
        return released
    if all(change.is_documentation for change in listed):
        return SemanticVersion(released.major, released.minor, released.patch + 1)
    is_major = worst(change.effect for change in listed) == BREAKING and released.major > 0
    return SemanticVersion(released.major + 1, 0) if is_major else SemanticVersion(released.major, released.minor + 1)
