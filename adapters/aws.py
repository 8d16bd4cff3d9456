"""Clients of AWS services, and what AWS answers in the words of this pipeline.

It knows no bucket, topic or state machine; callers say what they were doing and which permission that needs.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as NoConnection

from core.errors import AccessDenied, PipelineError, ServiceError, ServiceThrottled, ServiceUnavailable

_CONFIG: Final = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=20,
    max_pool_connections=64,  # as many threads as an overview of several datasets reads with
)
_DENIED: Final = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden", "403"}
_THROTTLED: Final = {
    *("SlowDown", "Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestThrottled"),
    *("RequestThrottledException", "RequestLimitExceeded", "TooManyRequestsException", "TooManyRequests"),
    *("ExecutionLimitExceeded", "BandwidthLimitExceeded"),
}
_MISSING: Final = {
    *("NoSuchBucket", "404", "EntityNotFoundException", "ResourceNotFoundException", "StateMachineDoesNotExist"),
    *("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException", "NoSuchEntity"),
}
_NOT_CONFIGURED: Final[Mapping[type[Exception], str]] = {
    NoRegionError: "No AWS region is configured; set AWS_DEFAULT_REGION or AWS_PROFILE",
    NoCredentialsError: "No AWS credentials are configured; set AWS_PROFILE or AWS_ACCESS_KEY_ID and its secret",
    PartialCredentialsError: "The AWS credentials are incomplete; set AWS_PROFILE or both parts of the key",
}
_LATER: Final = "the same call may succeed later"


@cache
def client(service: str) -> Any:
    """Return the client of a service, one per process: making one costs more than using it."""
    make: Any = boto3.client  # its stubs know no service by a variable
    return make(service, config=_CONFIG)


def caller() -> str:
    """Return the ARN by which AWS knows who calls."""
    with translated("find out who is calling", needs="sts:GetCallerIdentity"):
        return str(client("sts").get_caller_identity()["Arn"])


def error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def http_status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def says_missing(error: PipelineError) -> bool:
    """Tell whether AWS answered that there is no such thing, which is another matter than not being let look."""
    cause = error.__cause__
    return isinstance(cause, ClientError) and error_code(cause) in _MISSING


@contextmanager
def translated(action: str, *, needs: str) -> Iterator[None]:
    """Raise what AWS answers, or that it does not, under our own names.

    The message says what could not be done and, when that was denied, which permission it ``needs``.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise in_our_words(error, action, needs=needs) from error


def in_our_words(error: Exception, action: str = "call AWS", *, needs: str | None = None) -> PipelineError:
    """Return an error of botocore as one of ours; an answer names its operation where ``needs`` is not known."""
    for kind, problem in _NOT_CONFIGURED.items():
        if isinstance(error, kind):
            return ServiceError(problem)
    if isinstance(error, ClientError):
        return _answered(error, action, needs)
    if isinstance(error, NoConnection | HTTPClientError | IncompleteReadError):
        return ServiceUnavailable(f"cannot {action}: {error}; {_LATER}")
    return ServiceError(f"cannot {action}: {error}")


def _answered(error: ClientError, action: str, needs: str | None) -> PipelineError:
    if needs is None:
        action, needs = f"call {error.operation_name}", error.operation_name
    code, detail, status = error_code(error), error.response.get("Error", {}).get("Message", ""), http_status(error)
    what = f"cannot {action}: {code}: {detail}"
    if code in _THROTTLED or status == 429:
        return ServiceThrottled(f"{what}; try again later")
    if code in _DENIED or status == 403:
        return AccessDenied(f"{what}; allow the caller's role {needs} on it (and its key, if it is encrypted with one)")
    if status >= 500:
        return ServiceUnavailable(f"{what}; {_LATER}")
    return ServiceError(f"{what}; see the AWS documentation of {needs}")
