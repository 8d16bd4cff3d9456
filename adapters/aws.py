"""Clients of AWS services, and what AWS answers in the words of this pipeline.

It knows no bucket, topic or state machine; callers say what they were doing and which permission that needs.
"""

from collections.abc import Iterator
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
)
from botocore.exceptions import ConnectionError as NoConnection

from core.errors import AccessDenied, PipelineError, ServiceError, ServiceThrottled, ServiceUnavailable

_CONFIG: Final = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=20)
_DENIED: Final = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden", "403"}
_THROTTLED: Final = {
    *("SlowDown", "Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestThrottled"),
    *("RequestThrottledException", "RequestLimitExceeded", "TooManyRequestsException", "TooManyRequests"),
    *("ExecutionLimitExceeded", "BandwidthLimitExceeded"),
}
_SET_REGION: Final = "set AWS_REGION, or region in the profile that AWS_PROFILE names"
_SIGN_IN: Final = "sign in (aws sso login), or set AWS_PROFILE or the AWS_ variables"
_LATER: Final = "the same call may succeed later"


@cache
def client(service: str) -> Any:
    """Return the client of a service, one per process: making one costs more than using it."""
    make: Any = boto3.client  # its stubs know no service by a variable
    return make(service, config=_CONFIG)


def error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def http_status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


@contextmanager
def translated(action: str, *, needs: str) -> Iterator[None]:
    """Raise what AWS answers, or that it does not, under our own names.

    The message says what could not be done and, when that was denied, which permission it ``needs``.
    """
    try:
        yield
    except ClientError as error:
        raise _answered(error, action, needs) from error
    except (NoConnection, HTTPClientError, IncompleteReadError) as error:
        raise ServiceUnavailable(f"cannot {action}: {error}; {_LATER}") from error
    except NoRegionError as error:
        raise ServiceError(f"cannot {action}: no AWS region is configured; {_SET_REGION}") from error
    except NoCredentialsError as error:
        raise AccessDenied(f"cannot {action}: no AWS credentials were found; {_SIGN_IN}") from error
    except BotoCoreError as error:
        raise ServiceError(f"cannot {action}: {error}") from error


def _answered(error: ClientError, action: str, needs: str) -> PipelineError:
    code, detail, status = error_code(error), error.response.get("Error", {}).get("Message", ""), http_status(error)
    what = f"cannot {action}: {code}: {detail}"
    if code in _THROTTLED or status == 429:
        return ServiceThrottled(f"{what}; try again later")
    if code in _DENIED or status == 403:
        return AccessDenied(f"{what}; allow the caller's role {needs} on it (and its key, if it is encrypted with one)")
    if status >= 500:
        return ServiceUnavailable(f"{what}; {_LATER}")
    return ServiceError(f"{what}; see the AWS documentation of {needs}")
