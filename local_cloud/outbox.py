"""The outbox: every message that SNS took, as a line of JSON to read, since no mail leaves this machine."""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ministack.services import sns

from local_cloud.seams import replace

_PARAMETERS: Final = (
    "topic_arn msg_id message subject message_structure message_attributes message_group_id message_dedup_id".split()
)
_writing = threading.Lock()


def install(path: Path) -> None:
    """Write down what is published from now on; other deliveries stay the emulator's."""

    def fan_out(topic_arn: str, message_id: str, message: str, subject: str, *rest: Any, **named: Any) -> None:
        _write(path, topic_arn, message_id, subject, message)
        original(topic_arn, message_id, message, subject, *rest, **named)

    original = replace(sns, "_fanout", fan_out, parameters=_PARAMETERS)


def _write(path: Path, topic_arn: str, message_id: str, subject: str, message: str) -> None:
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "to": _addresses(topic_arn),
        "subject": subject,
        "body": message,
        "topic": topic_arn,
        "message_id": message_id,
    }
    with _writing, path.open("a", encoding="utf-8") as outbox:
        outbox.write(json.dumps(document) + "\n")


def _addresses(topic_arn: str) -> Sequence[str]:
    """Return who would get a mail; nobody has to confirm a subscription here."""
    topic = sns._topic_by_arn_any_scope(topic_arn) or {}
    subscriptions = topic.get("subscriptions", [])
    return sorted(item["endpoint"] for item in subscriptions if item["protocol"].startswith("email"))
