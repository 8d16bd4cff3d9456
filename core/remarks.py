"""What a published run has to tell people beside its counts: checks of severity warning that failed, fields not read.

Reads a metrics document and words it for one line; where that line stands is for others to say.
"""

from collections.abc import Mapping
from typing import Any, Final

from core.checks import Check, read_checks
from core.documents import refused_metrics
from core.rejections import printable
from core.wording import first_named, plural

_FIELDS_NAMED: Final = 3
_LONGEST_NAME: Final = 40
_LONGEST_SENTENCE: Final = 200


def warned(metrics: Mapping[str, Any], *, source: str) -> list[Check]:
    """Return the checks that did not hold and that nobody has accepted; those of a published run are warnings.

    Raises:
        InvalidDocument: naming ``source`` and the key that is missing or of the wrong kind.
    """
    checks = read_checks(metrics, source=source)
    with refused_metrics(source):
        accepted = (metrics.get("accepted") or {}).get("checks", ())
        return [check for check in checks if not check.passed and check.id not in accepted]


def remarks(metrics: Mapping[str, Any], *, source: str) -> list[str]:
    """Say in a few words each that there are warnings, the first of them, and which fields no column reads.

    Raises:
        InvalidDocument: as for `warned`.
    """
    failed = [check.sentence() for check in warned(metrics, source=source)]
    with refused_metrics(source):
        found = [*failed, *map(str, metrics.get("warnings", ()))]
        return [*_warnings(found), *_fields(metrics.get("schema_drift") or {})]


def _warnings(found: list[str]) -> list[str]:
    if not found:
        return []
    more = f", and {len(found) - 1:,} more" if len(found) > 1 else ""
    return [f"{plural(len(found), 'warning')}: {printable(found[0], limit=_LONGEST_SENTENCE)}{more}"]


def _fields(drift: Mapping[str, Any]) -> list[str]:
    """Name fields as they are told in `pipeline report`: what is in every row may be what a column should read."""
    names = [printable(str(name), limit=_LONGEST_NAME) for name in drift.get("unknown_fields", ())]
    rows = drift.get("rows_with_unknown_fields")
    if not names:
        return []
    where = f" (in {rows:,} of {plural(drift['rows_looked_at'], 'row')})" if rows else ""
    return [f"no column reads {first_named(names, _FIELDS_NAMED)}{where}"]
