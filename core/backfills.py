"""How the executions that a backfill starts are named: after the backfill and their date.

The plan names them and the command line finds them again by the same rule; what they do is not known here.
"""

import hashlib
import re
from datetime import date
from typing import Final

from core.layout import as_ingestion_date

# An execution name has at most 80 characters: the prefix, "-YYYY-MM-DD" and, in a redriven backfill, up to 4 that tell
# attempts apart (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).
MAX_PREFIX: Final = 80 - len("-YYYY-MM-DD") - 4
_NOT_ALLOWED: Final = re.compile(r"[^A-Za-z0-9_-]+")
_DIGEST_LENGTH: Final = 8
_REST: Final = re.compile(r"(?:-(?P<attempt>[1-9][0-9]{0,2}))?-(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})")


def name_prefix(backfill_id: str) -> str:
    """Make an execution name's beginning from the backfill's id; different ids never share one."""
    plain = _NOT_ALLOWED.sub("-", backfill_id)
    if plain == backfill_id and len(plain) <= MAX_PREFIX:
        return plain
    digest = hashlib.sha256(backfill_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    return f"{plain[: MAX_PREFIX - 1 - _DIGEST_LENGTH]}-{digest}"


def date_in_name(execution_name: str, backfill_id: str, *, redrives: int = 0) -> date | None:
    """Return the date in the name of an execution that a backfill started, or None where another one started it.

    ``redrives`` tells how often the backfill was redriven: `x-2-2025-01-01` is of its second attempt, or of `x-2`.
    """
    prefix = name_prefix(backfill_id)
    rest = _REST.fullmatch(execution_name.removeprefix(prefix)) if execution_name.startswith(prefix) else None
    if rest is None or int(rest["attempt"] or 0) > redrives:
        return None
    return as_ingestion_date(rest["date"])
