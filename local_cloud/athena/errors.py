"""What a query can fail of, in Athena's words.

QueryFailed          the execution ends as FAILED, with this as its reason
  NotSupported       Athena could, this engine does not
  ScanCutoff         the execution ends as CANCELLED instead
MalformedQuery       the statement is refused before there is an execution
"""


class QueryFailed(Exception):
    """Its text is the reason that the execution shows."""


class NotSupported(QueryFailed):
    """Refused rather than answered wrongly."""

    def __init__(self, what: str) -> None:
        super().__init__(f"NOT_SUPPORTED: {what}")


class ScanCutoff(QueryFailed):
    """The workgroup allows no query to read that much."""


class MalformedQuery(Exception):
    """No SQL of Athena's."""
