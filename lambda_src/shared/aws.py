"""Clients of AWS services, and their errors in the words of this pipeline.

It knows no bucket, topic or state machine; callers say what they were doing and which permission that needs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from shared.errors import AccessDenied, PipelineError, ServiceError, ServiceThrottled, ServiceUnavailable

_CONFIG: Final = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=20)
_DENIED: Final = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden", "403"}
_THROTTLED: Final = {
    *("SlowDown", "Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestThrottled"),
    *("RequestThrottledException", "RequestLimitExceeded", "TooManyRequestsException", "TooManyRequests"),
    *("ExecutionLimitExceeded", "BandwidthLimitExceeded"),
}


@cache
def client(service: str) -> Any:
    """Return the client of a service, one per container: making one costs more than using it."""
    make: Any = boto3.client  # its stubs know no service by a variable
    return make(service, config=_CONFIG)


def error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


@contextmanager
def explained(action: str, *, needs: str) -> Iterator[None]:
    """Raise what AWS answers under our own names, with the action that failed and the permission it needs."""
    try:
        yield
    except ClientError as error:
        raise _translated(error, action, needs) from error
    except (NoConnection, HTTPClientError) as error:
        raise ServiceUnavailable(f"cannot {action}: {error}; the same call may succeed later") from error


def _translated(error: ClientError, action: str, needs: str) -> PipelineError:
    code, detail = error_code(error), error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    what = f"cannot {action}: {code}: {detail}"
    if code in _THROTTLED or status == 429:
        return ServiceThrottled(f"{what}; try again later")
    if code in _DENIED or status == 403:
        return AccessDenied(
            f"{what}; allow the function's role {needs} on it (and its key, if it is encrypted with one)"
        )
    if status >= 500:
        return ServiceUnavailable(f"{what}; the same call may succeed later")
    return ServiceError(f"{what}; see the AWS documentation of {needs}")
