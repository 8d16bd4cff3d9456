"""JSON documents, which somebody else may have written: read, checked for their schema, and refused in one way."""

import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from typing import Any

from core.errors import InvalidDocument


def json_object(text: object) -> dict[str, Any] | None:
    """Read a text as a JSON object; None for whatever is none. What was read already is taken as it is."""
    try:
        found = json.loads(text) if isinstance(text, str | bytes) else text
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def content_of(data: bytes, *, schema_version: int) -> dict[str, Any]:
    """Read a document of a schema version, and leave that out. To be called where what it is not is `refused`."""
    document: Any = json.loads(data)
    if not isinstance(document, dict):
        raise TypeError("no JSON object")
    found = document.pop("schema_version")
    if found != schema_version:
        raise ValueError(f"schema_version {found!r}, this release reads {schema_version}")
    return document


def as_documents(items: Iterable[Any]) -> list[dict[str, Any]]:
    """Write values of a dataclass as a stored document holds them."""
    return [asdict(item) for item in items]


@contextmanager
def refused(problem: str, *, next_step: str) -> Iterator[None]:
    """Say of a document that lacks something, or has it in another form, that it is none, and what to do.

    Raises:
        InvalidDocument: naming what is missing or of the wrong kind behind ``problem``.
    """
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidDocument(f"{problem}: {error!r}; {next_step}") from error


def refused_metrics(source: str) -> AbstractContextManager[None]:
    """Say the same of a part of a metrics object."""
    return refused(f"metrics object {source} cannot be used", next_step="it is not of this release's schema")
