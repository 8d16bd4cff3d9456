"""The messages of the embedded AWS, which mails nothing but keeps what it would have mailed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Message = Mapping[str, Any]


def read_outbox(state: Path) -> list[Message]:
    """Return all messages, oldest first."""
    outbox = state / "outbox.jsonl"
    if not outbox.exists():
        return []
    return [json.loads(line) for line in outbox.read_text(encoding="utf-8").splitlines() if line]
