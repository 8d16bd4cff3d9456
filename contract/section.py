"""Typed reading of one mapping of a contract, with every problem reported at its path; knows no key by name."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from contract.errors import Problems
from contract.own_properties import where_it_belongs
from core.wording import did_you_mean, not_known


@dataclass(frozen=True)
class Section:
    """A mapping of the document and where it is.

    A value of the wrong type is reported and read as absent, so that reading goes on and finds the next problem.
    """

    values: Mapping[str, Any]
    path: str
    problems: Problems

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def report(self, key: str, text: str) -> None:
        self.problems.add(self.at(key), text)

    def allow_only(self, allowed: Collection[str], *, advice: Mapping[str, str] | None = None) -> None:
        """Report every key that is not allowed, with advice for those that are often meant otherwise."""
        for key, value in self.values.items():
            if key not in allowed:
                hint = (advice or {}).get(key) or where_it_belongs(key, value)
                if hint is None:
                    names = ", ".join(sorted(allowed))
                    hint = f"this key is not known here; allowed: {names}{did_you_mean(key, allowed)}"
                self.report(key, hint)

    def text(self, key: str) -> str | None:
        """Return a string that is not blank, or None when it is absent."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value.strip():
            return value
        self.report(key, f"must be a text that is not blank, got {value!r}{_quote_advice(value)}")
        return None

    def required_text(self, key: str) -> str:
        """Return a string, or an empty one after reporting that it is missing."""
        if not self.has(key):
            self.report(key, "is required")
        return self.text(key) or ""

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.report(key, f"must be true or false, got {value!r}")
        return False

    def number(self, key: str) -> float | None:
        value = self.values.get(key)
        if value is None or is_number(value):
            return value
        self.report(key, f"must be a number, got {value!r}{_unquote_advice(value)}")
        return None

    def whole_number(self, key: str, *, at_least: int) -> int | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= at_least:
            return value
        self.report(key, f"must be a whole number of at least {at_least}, got {value!r}{_unquote_advice(value)}")
        return None

    def choice(self, key: str, allowed: Iterable[str], *, default: str) -> str:
        value = self.values.get(key)
        if value is None:
            return default
        if value in allowed:
            return str(value)
        self.report(key, not_known(value, allowed))
        return default

    def section(self, key: str) -> "Section | None":
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return Section(value, self.at(key), self.problems)
        self.report(key, f"must be a mapping of keys to values, got {value!r}")
        return None

    def items(self, key: str) -> list[Any] | None:
        """Return a list as it is, or None when it is absent."""
        value = self.values.get(key)
        if value is None or isinstance(value, list):
            return value
        self.report(key, f"must be a list, got {value!r}")
        return None

    def sections(self, key: str, *, named_by: str | None = None) -> "list[Section]":
        """Return the mappings of a list, each with its own path; an entry that is none is reported and left out.

        The text at ``named_by`` is told in the path beside the position, which nobody wants to count.
        """
        found = []
        for position, value in enumerate(self.items(key) or []):
            path = f"{key}[{position}]"
            if isinstance(value, Mapping):
                name = value.get(named_by)
                called = f" ({name})" if isinstance(name, str) and name.isidentifier() else ""
                found.append(Section(value, self.at(path) + called, self.problems))
            else:
                self.report(path, f"must be a mapping of keys to values, got {value!r}")
        return found


def is_number(value: object) -> TypeGuard[float]:
    """Say whether a value is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _quote_advice(value: object) -> str:
    return "; put it in quotes" if isinstance(value, bool | int | float) else ""


def _unquote_advice(value: object) -> str:
    return "; write it without quotes" if isinstance(value, str) and value.replace(".", "", 1).isdigit() else ""
