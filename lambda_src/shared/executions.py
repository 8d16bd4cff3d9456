"""What Step Functions says of executions of the pipeline. Nothing is started or stopped."""

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from adapters.aws import client, error_code, translated
from core.causes import answer_in

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
AT_WORK: Final = frozenset({"RUNNING", "PENDING_REDRIVE"})
_NO_SUCH: Final = "ExecutionDoesNotExist"
# The sensor's last answer is among them: what follows it is one wait or one job run.
_EVENTS_READ: Final = 50


def execution_arn(state_machine_arn: str, name: str) -> str:
    """Return the ARN of an execution of a state machine."""
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def described(arn: str) -> Mapping[str, Any] | None:
    """Return an execution as it is now, or None when there is none, or none any more."""
    with translated(f"describe {arn}", needs="states:DescribeExecution"):
        try:
            found: Mapping[str, Any] = client("stepfunctions").describe_execution(executionArn=arn)
        except ClientError as error:
            if error_code(error) == _NO_SUCH:
                return None
            raise
    return found


def raw_data_seen(arn: str) -> str | None:
    """Return the fingerprint of the raw data that an execution looked at last, or None when that is not known."""
    with translated(f"read the history of {arn}", needs="states:GetExecutionHistory"):
        try:
            history = client("stepfunctions").get_execution_history(
                executionArn=arn, reverseOrder=True, maxResults=_EVENTS_READ, includeExecutionData=True
            )
        except ClientError as error:
            if error_code(error) == _NO_SUCH:
                return None
            raise
    answers = (answer_in(event).get("fingerprint") for event in history["events"])  # the sensor's alone have one
    return next((fingerprint for fingerprint in answers if isinstance(fingerprint, str)), None)
