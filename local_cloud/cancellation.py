"""What has to be stopped when an execution, or one of its tasks, is given up.

Knows no state machine: work registers how it is stopped with all scopes that it runs in.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Scope:
    """The work of one execution or task; once cancelled, what is registered later is stopped at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, Callable[[], object]] = {}
        self._is_cancelled = False

    def add(self, key: int, stop: Callable[[], object]) -> None:
        with self._lock:
            self._running[key] = stop
            is_cancelled = self._is_cancelled
        if is_cancelled:
            stop()

    def remove(self, key: int) -> None:
        with self._lock:
            self._running.pop(key, None)

    def cancel(self) -> None:
        """Stop everything that runs in the scope."""
        with self._lock:
            self._is_cancelled = True
            running = list(self._running.values())
        for stop in running:
            stop()


_scopes: ContextVar[tuple[Scope, ...]] = ContextVar("scopes", default=())


@contextmanager
def inside(scope: Scope) -> Iterator[None]:
    """Let work that begins in this context belong to the scope as well."""
    token = _scopes.set((*_scopes.get(), scope))
    try:
        yield
    finally:
        _scopes.reset(token)


@contextmanager
def stopped_by(stop: Callable[[], object]) -> Iterator[None]:
    """Register work of this context while it runs; ``stop`` may be called from any thread, and more than once."""
    scopes = _scopes.get()
    for scope in scopes:
        scope.add(id(stop), stop)
    try:
        yield
    finally:
        for scope in scopes:
            scope.remove(id(stop))
