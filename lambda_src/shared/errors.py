"""What can go wrong in a function, as one small tree; state machines retry and branch by these class names."""


class PipelineError(Exception):
    """Base of all errors that a function raises on purpose.

    PipelineError
    ├── InvalidInput            the event cannot be used: correct it
    ├── InvalidEnvironment      the deployment is wrong: a variable is missing or malformed
    ├── InvalidDocument         a stored record or metrics object cannot be used
    ├── RawDataMissing          there is no raw input for the date; somebody was told
    ├── AccessDenied            the role lacks a permission
    ├── ServiceError            AWS refused the call for another reason
    └── TransientError          the same call may succeed later: only these are retried
        ├── ServiceThrottled
        └── ServiceUnavailable
    """


class InvalidInput(PipelineError):
    """The event cannot be used."""


class InvalidEnvironment(PipelineError):
    """An environment variable is missing or malformed."""


class InvalidDocument(PipelineError):
    """A stored document is missing or is not what it should be."""


class RawDataMissing(PipelineError):
    """No object below the raw prefix of the date counts as input."""


class AccessDenied(PipelineError):
    """AWS denied a call."""


class ServiceError(PipelineError):
    """AWS refused a call for a reason that waiting does not cure."""


class TransientError(PipelineError):
    """A call failed although it was right, after the SDK's own retries."""


class ServiceThrottled(TransientError):
    """AWS asked to slow down."""


class ServiceUnavailable(TransientError):
    """AWS did not answer, or answered with a server error."""
