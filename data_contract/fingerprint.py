"""What counts as raw input of a day, and the fingerprint that tells one input from another.

The sensor, the late-data rerun and the job decide with the same two functions; neither touches a store.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

RAW_SUFFIXES = (".json", ".ndjson", ".jsonl", ".gz")


@dataclass(frozen=True, order=True)
class RawObject:
    """One raw object as it was listed; ``etag`` changes when the content does, ``size_bytes`` is as stored."""

    key: str
    size_bytes: int
    etag: str


def ignored_because(key: str, size_bytes: int) -> str | None:
    """Say why an object below a raw prefix is not input, or None when it is."""
    _, _, below = key.rpartition("/ingestion_date=")
    *folders, name = below.split("/")
    if key.endswith("/"):
        return "folder marker"
    if name.startswith((".", "_")):
        return "hidden name (starts with '.' or '_')"
    if any(folder.startswith((".", "_")) for folder in folders[1:]):
        return "in a hidden folder (its name starts with '.' or '_'), such as a writer's temporary one"
    if not name.endswith(RAW_SUFFIXES):
        return f"name does not end in {', '.join(RAW_SUFFIXES)}"
    if size_bytes == 0:
        return "zero bytes"
    return None


def fingerprint(objects: Iterable[RawObject]) -> str:
    """Digest keys, sizes and ETags, whatever their order (32 hexadecimal digits)."""
    digest = hashlib.sha256()
    for item in sorted(objects):
        digest.update(f"{item.key}\0{item.size_bytes}\0{item.etag}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]
