"""What is behind a failed gate, as far as the run's own counts tell: in words, with what a contract would have to say.

Plain functions over counts; must not look at data again.
"""

from collections.abc import Sequence

from contract import DataContract
from core.checks import Check
from core.rejections import MOST_WORDS, printable
from curation.version import Counts, WrittenVersion

# Checks that malformed lines can fail: they are too many, or left too few rows.
_ABOUT_LINES = ("malformedLines", "rowCount")
_NEEDS_QUOTES = frozenset(".[]'\"")
_MOST_FIELDS, _LONGEST_FIELDS = 5, 200


def findings(failed: Sequence[Check], contract: DataContract, written: WrittenVersion) -> list[str]:
    """Return what a message says behind the checks that failed."""
    found = nothing_of_the_contract(contract, written.counts)
    about_lines = any(check.metric in _ABOUT_LINES for check in failed)
    most = [f"{MOST_WORDS}{written.rejected[0].sentence()}"] if about_lines and written.rejected else []
    return [*([found] if found else []), *most]


def nothing_of_the_contract(contract: DataContract, counts: Counts) -> str | None:
    """Say that no row has a value in any column, and which fields there are; None when some row has one."""
    rows, fields = counts.rows_parsed, counts.unknown_fields
    if rows == 0 or not fields or any(counts.nulls[column.name] < rows for column in contract.columns):
        return None
    if contract.records_path is not None:
        return (
            f"no record has a field that a column reads; they have {_named(fields)}: state these as "
            "transformSourceObjects"
        )
    if len(fields) == 1:
        [name] = fields
        shown = printable(name, limit=_LONGEST_FIELDS)
        path = f"['{shown}']" if _NEEDS_QUOTES.intersection(name) else shown
        return (
            f"every line has only the unknown field {shown}: if it is an array of the records, set the custom property "
            f"recordsPath: {path} of the contract; if it is an object that holds the columns' fields, name these there "
            f"as transformSourceObjects: [{path}.FIELD]"
        )
    return (
        f"no line has a field that a column reads; they have {_named(fields)}: if one of these is an array of the "
        "records, set the custom property recordsPath of the contract to it; if the columns' fields have other names, "
        "state these as transformSourceObjects"
    )


def _named(fields: Sequence[str]) -> str:
    more = f" and {len(fields) - _MOST_FIELDS} more" if len(fields) > _MOST_FIELDS else ""
    return printable(", ".join(fields[:_MOST_FIELDS]), limit=_LONGEST_FIELDS) + more
