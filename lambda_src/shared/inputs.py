"""Strict reading of the JSON that a function is called with: a key it does not know is an error, never ignored."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from core.errors import PipelineError
from core.layout import parse_ingestion_date
from core.times import parse_moment
from core.wording import not_known


class InvalidInput(PipelineError):
    """What a function is called with cannot be used."""


class Input:
    """One JSON object. Every method raises InvalidInput that names the key, the value and what is allowed."""

    def __init__(self, values: object, *, allowed: Sequence[str], name: str = "the input") -> None:
        if not isinstance(values, Mapping):
            raise InvalidInput(f"{name} is {_shown(values)}, expected a JSON object with {', '.join(allowed)}")
        self._values: Mapping[str, Any] = values
        self._name = name
        for key in values:
            if key not in allowed:
                raise InvalidInput(f"{name}: key {not_known(_cut(str(key)), allowed)}")

    def has(self, key: str) -> bool:
        return key in self._values

    def value(self, key: str) -> Any:
        if key not in self._values:
            raise InvalidInput(f"{self._name}: {key} is missing")
        return self._values[key]

    def text(self, key: str) -> str:
        value = self.value(key)
        if not isinstance(value, str) or not value:
            raise self._refused(key, "a text that is not empty")
        return value

    def items(self, key: str) -> list[Any]:
        value = self.value(key)
        if not isinstance(value, list):
            raise self._refused(key, "a list")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise self._refused(key, "true or false")
        return value

    def whole(self, key: str, *, default: int, minimum: int, maximum: int) -> int:
        value = self._values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
            raise self._refused(key, f"a whole number from {minimum} to {maximum}")
        return value

    def one_of(self, key: str, choices: Sequence[str], *, default: str | None = None) -> str:
        value = self._values.get(key, default)
        if value not in choices:
            raise self._refused(key, " or ".join(choices))
        return str(value)

    def day(self, key: str) -> date:
        return parse_day(self.value(key), f"{self._name}: {key}")

    def moment(self, key: str) -> datetime:
        try:
            return parse_moment(self.text(key))
        except ValueError:
            raise self._refused(key, "a time in UTC such as 2025-01-02T06:00:00Z") from None

    def _refused(self, key: str, expected: str) -> InvalidInput:
        return InvalidInput(f"{self._name}: {key} is {_shown(self._values.get(key))}, expected {expected}")


def parse_day(value: object, name: str) -> date:
    """Read a strict ``YYYY-MM-DD`` date. Raises InvalidInput."""
    if not isinstance(value, str):
        raise InvalidInput(f"{name} is {_shown(value)}, expected a date as YYYY-MM-DD")
    try:
        return parse_ingestion_date(value)
    except ValueError:
        raise InvalidInput(f"{name} is {_shown(value)}, expected a day of the calendar as YYYY-MM-DD") from None


def _shown(value: object) -> str:
    return _cut(repr(value))


def _cut(text: str, limit: int = 120) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."
