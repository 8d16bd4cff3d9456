"""What can go wrong, as one small tree for job, functions and command line.

State machines retry and branch by these class names. A failed gate is a result with a report; the rest is broken.
"""


class PipelineError(Exception):
    """Base of all errors that are raised on purpose; the message names the value, the limit and the next step.

    PipelineError
    ├── GateFailed              the data broke a rule of its contract: nothing published, a report says which
    ├── RawDataMissing          there is no raw input for the date
    ├── Superseded              another run published the date first: nothing changed
    ├── CommitStateUnknown      storage did not say whether it swapped the record: nothing may be deleted yet
    ├── AuditFailed             what was written is not what was counted, so it may not be published
    ├── CatalogNotUpdated       the record is swapped, the catalog does not show it: repair does
    ├── InvalidDocument         a stored record or metrics object cannot be used
    ├── AccessDenied            the role lacks a permission
    ├── ServiceError            AWS rejected the call for another reason
    └── TransientError          the same call may succeed later: only these are retried
        ├── ServiceThrottled
        └── ServiceUnavailable

    Edges add what only they can meet: arguments, inputs, environment variables.
    """


class GateFailed(PipelineError):
    """At least one check of severity error did not hold."""


class RawDataMissing(PipelineError):
    """No object below the raw prefix of the date counts as input."""


class Superseded(PipelineError):
    """The publication record changed while this run was at work."""


class CommitStateUnknown(PipelineError):
    """The outcome of a swap is not known: the record may name the new version, or come to name it."""


class AuditFailed(PipelineError):
    """What was written is not what was counted."""


class CatalogNotUpdated(PipelineError):
    """The catalog does not show the published version."""


class InvalidDocument(PipelineError):
    """A stored document is missing or is not what it should be."""


class AccessDenied(PipelineError):
    """AWS denied a call."""


class ServiceError(PipelineError):
    """AWS rejected a call for a reason that waiting does not cure."""


class TransientError(PipelineError):
    """A call failed although it was right, after the SDK's own retries."""


class ServiceThrottled(TransientError):
    """AWS asked to slow down."""


class ServiceUnavailable(TransientError):
    """AWS did not answer, or answered with a server error."""
