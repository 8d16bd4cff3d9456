"""A document as plain JSON values that nobody else can change; knows nothing of contracts."""

import math
from collections.abc import Mapping
from typing import Any, Final

from contract.errors import Problems

MAX_DEPTH: Final = 40
MAX_VALUES: Final = 200_000
MAX_INTEGER: Final = 10**38


def plain_json(value: Any, problems: Problems, *, source: str) -> Any:
    """Return a copy made of dict, list, str, int, float, bool and None; anything else is reported and left out.

    Raises ContractError when the document is so large or deep that only a part was copied.
    """
    copier = _Copier(problems)
    copied = copier.copy(value, "", 0)
    if copier.is_cut:
        problems.raise_if_any(source)
    return copied


class _Copier:
    """Copy one document, with limits that YAML aliases (which may even hold themselves) cannot get around."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._values = 0
        self.is_cut = False

    def copy(self, value: Any, path: str, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            return self._cut("", f"the document holds more than {MAX_VALUES} values")
        if depth > MAX_DEPTH:
            return self._cut(path, f"is nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, Mapping):
            return self._mapping(value, path, depth)
        if isinstance(value, list | tuple):
            return [self.copy(item, f"{path}[{n}]", depth + 1) for n, item in enumerate(value)]
        return self._scalar(value, path)

    def _mapping(self, value: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
        copied = {}
        for key, item in value.items():
            if isinstance(key, str):
                copied[key] = self.copy(item, f"{path}.{key}" if path else key, depth + 1)
            else:
                self._problems.add(path, f"the key {key!r} is not a text; put it in quotes")
        return copied

    def _scalar(self, value: Any, path: str) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return self._refuse(path, f"{value!r} is not a finite number")
        if isinstance(value, str):
            return value if _is_text(value) else self._refuse(path, "holds a lone surrogate, which is not a character")
        if isinstance(value, int) and abs(value) >= MAX_INTEGER:
            return self._refuse(path, "is an integer of more than 38 digits, which no column type holds")
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._refuse(path, f"a value of type {type(value).__name__} has no place in JSON; put it in quotes")

    def _refuse(self, path: str, text: str) -> None:
        self._problems.add_unreadable(path, text)

    def _cut(self, path: str, text: str) -> None:
        self.is_cut = True
        self._problems.add(path, text)


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)
