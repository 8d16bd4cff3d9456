"""What can go wrong in a run, as one small tree.

A failed quality gate is a result with a report and carries its checks; everything else is an error.
"""


class RunFailed(Exception):
    """Base of all outcomes that end a run as failed; the message is what Glue shows as the run's error.

    RunFailed
    ├── GateFailed            the data broke a rule of its contract: nothing published, a report says which
    ├── RawDataMissing        there is no raw input for the date
    ├── Superseded            another run published this date first: nothing changed
    └── CurationError         something is broken: input that cannot be read, a store, the engine
        └── AuditFailed       what was written is not what was counted, so it may not be published
    """

    status = "error"


class GateFailed(RunFailed):
    """At least one check of severity error did not hold."""

    status = "gate_failed"


class RawDataMissing(RunFailed):
    """No object below the raw prefix of the date counts as input."""

    status = "raw_missing"


class Superseded(RunFailed):
    """The publication record changed while this run was at work."""

    status = "superseded"


class CurationError(RunFailed):
    """The run could not be carried out."""


class AuditFailed(CurationError):
    """What was written is not what was counted."""
