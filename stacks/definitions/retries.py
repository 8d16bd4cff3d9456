"""Which errors a state machine tries again, and how often: throttling and service errors only.

A failed quality gate, bad input or missing data never matches, so it fails at once and stays redrivable. Each service
also reports what it has no name for under a general one.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from typing import Any, Final

LAMBDA: Final[dict[str, Any]] = {
    "ErrorEquals": [
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "Lambda.ClientExecutionTimeoutException",
        "ServiceThrottled",
        "ServiceUnavailable",
    ],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxAttempts": 6,
    "MaxDelaySeconds": 60,
    "JitterStrategy": "FULL",
}

# No run of the job is free, or no capacity of the account. An execution waits for one as it waits for raw data.
GLUE_FULL: Final = ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]

# Throttling arrives as the general Glue.AWSGlueException, with the real code in the cause only.
GLUE_SERVICE: Final[dict[str, Any]] = {
    "ErrorEquals": [
        "Glue.AWSGlueException",
        "Glue.ThrottlingException",
        "Glue.InternalServiceException",
        "Glue.OperationTimeoutException",
        "Glue.SdkClientException",
    ],
    "IntervalSeconds": 5,
    "BackoffRate": 2,
    "MaxAttempts": 6,
    "MaxDelaySeconds": 120,
    "JitterStrategy": "FULL",
}

SNS: Final[dict[str, Any]] = {
    "ErrorEquals": [
        "SNS.AmazonSNSException",
        "SNS.InternalErrorException",
        "SNS.ThrottledException",
        "SNS.KMSThrottlingException",
        "SNS.SdkClientException",
    ],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxAttempts": 6,
    "MaxDelaySeconds": 60,
    "JitterStrategy": "FULL",
}

START_EXECUTION: Final[dict[str, Any]] = {
    "ErrorEquals": [
        "StepFunctions.AWSStepFunctionsException",
        "StepFunctions.ExecutionLimitExceededException",
        "StepFunctions.ThrottlingException",
        "StepFunctions.SdkClientException",
    ],
    "IntervalSeconds": 5,
    "BackoffRate": 2,
    "MaxAttempts": 8,
    "MaxDelaySeconds": 120,
    "JitterStrategy": "FULL",
}
