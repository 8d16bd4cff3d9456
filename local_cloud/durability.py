"""Keeps the emulator's state on disk while it runs, so that killing it loses nothing that was answered.

Objects are written through by the emulator itself; everything else it saves only when it is stopped in peace.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Final

from ministack import app as emulator
from ministack.core import persistence

from local_cloud.seams import require

_READS: Final = ("Get", "List", "Describe", "BatchGet", "Search", "Receive")
_SECONDS_BETWEEN: Final = 1.0
Application = Callable[[Any, Any, Any], Awaitable[None]]


class Snapshots:
    """Saves the state of all services after a change: before the answer for the catalog, else within a second."""

    def __init__(self) -> None:
        require(emulator, "_build_persistence_save_dict", parameters=[])
        require(persistence, "save_all", parameters=["services"])
        self._saving = threading.Lock()
        self._changed = threading.Event()

    def start(self) -> None:
        """Save in the background what changes without waiting for it."""
        threading.Thread(target=self._save_now_and_then, name="snapshots", daemon=True).start()

    def around(self, application: Application) -> Application:
        """Note the requests that change something."""

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            target = _target(scope)
            is_catalog = target.startswith("AWSGlue.") and _changes(target)

            async def save_first(message: Any) -> None:
                if is_catalog and message["type"] == "http.response.start":
                    await asyncio.to_thread(self.save, "glue")
                await send(message)

            await application(scope, receive, save_first)
            if scope["type"] == "http" and (_changes(target) if target else scope["method"] != "GET"):
                self._changed.set()

        return serve

    def save(self, *services: str) -> None:
        """Save the named services, or all."""
        everything = emulator._build_persistence_save_dict()
        with self._saving:
            persistence.save_all({name: everything[name] for name in services or everything if name in everything})

    def _save_now_and_then(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            self.save()
            threading.Event().wait(_SECONDS_BETWEEN)


def _target(scope: Any) -> str:
    headers = dict(scope.get("headers", ()))
    return headers.get(b"x-amz-target", b"").decode("latin-1") if scope["type"] == "http" else ""


def _changes(target: str) -> bool:
    return not target.rpartition(".")[2].startswith(_READS)
