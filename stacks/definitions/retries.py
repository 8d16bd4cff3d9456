"""Which errors a state machine tries again, and how often: throttling and service errors only.

A failed quality gate, bad input or missing data never matches, so it fails at once and stays redrivable. Each service
also reports what it has no name for under a general one.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from collections.abc import Mapping
from typing import Any, Final


def _retry(*errors: str, first_seconds: int, longest_seconds: int, attempts: int = 6) -> Mapping[str, Any]:
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": first_seconds,
        "BackoffRate": 2,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": longest_seconds,
        "JitterStrategy": "FULL",
    }


LAMBDA: Final = _retry(
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
    "ServiceThrottled",
    "ServiceUnavailable",
    first_seconds=2,
    longest_seconds=60,
)

# No run of the job is free, or no capacity of the account. An execution waits for one as it waits for raw data.
GLUE_FULL: Final = ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]

# Throttling arrives as the general Glue.AWSGlueException, with the real code in the cause only.
GLUE_SERVICE: Final = _retry(
    "Glue.AWSGlueException",
    "Glue.ThrottlingException",
    "Glue.InternalServiceException",
    "Glue.OperationTimeoutException",
    "Glue.SdkClientException",
    first_seconds=5,
    longest_seconds=120,
)

SNS: Final = _retry(
    "SNS.AmazonSNSException",
    "SNS.InternalErrorException",
    "SNS.ThrottledException",
    "SNS.KMSThrottlingException",
    "SNS.SdkClientException",
    first_seconds=2,
    longest_seconds=60,
)

START_EXECUTION: Final = _retry(
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.ExecutionLimitExceededException",
    "StepFunctions.ThrottlingException",
    "StepFunctions.SdkClientException",
    first_seconds=5,
    longest_seconds=120,
    attempts=8,
)
