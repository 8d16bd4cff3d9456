"""Replacing single functions of the emulator, guarded so that another release of it is refused instead of misused.

Knows nothing of what is replaced by what.
"""

import inspect
from collections.abc import Callable, Sequence
from importlib.metadata import version
from types import ModuleType
from typing import Any, Final

EMULATOR: Final = "ministack"
EMULATOR_VERSION: Final = "1.5.33"


class UnknownEmulator(Exception):
    """The installed emulator is not the one that the replacements were written for."""


def require_version() -> None:
    """Refuse any release but the one that the replacements fit; its releases are frequent and rename what they use."""
    found = version(EMULATOR)
    if found != EMULATOR_VERSION:
        raise UnknownEmulator(f"{EMULATOR} {found} is installed, not {EMULATOR_VERSION}; next: make local-packages")


def replace(module: ModuleType, name: str, replacement: Any, *, parameters: Sequence[str]) -> Callable[..., Any]:
    """Put a function of ours in the place of the emulator's and return the emulator's.

    Raises:
        UnknownEmulator: when there is no such function, or it takes other parameters than the ones named.
    """
    original = require(module, name, parameters=parameters)
    setattr(module, name, replacement)
    return original


def require(module: ModuleType, name: str, *, parameters: Sequence[str]) -> Callable[..., Any]:
    """Return a function of the emulator's that is called, not replaced, under the same conditions as in `replace`."""
    original: Callable[..., Any] | None = getattr(module, name, None)
    if original is None:
        raise UnknownEmulator(f"{module.__name__}.{name} is not there; {EMULATOR} {EMULATOR_VERSION} is needed")
    found = list(inspect.signature(original).parameters)
    if found != list(parameters):
        raise UnknownEmulator(
            f"{module.__name__}.{name} takes {found}, expected {list(parameters)}; "
            f"{EMULATOR} {EMULATOR_VERSION} is needed"
        )
    return original
