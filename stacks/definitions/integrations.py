"""The tasks that Step Functions itself can do, by the ARNs that it has for them.

Their partition is that of the region: an execution in China, in GovCloud or in the European Sovereign Cloud ends at its
first task of another one (https://github.com/aws/aws-cdk/issues/4597).
"""

from typing import Final

from aws_cdk import Aws

_OWN: Final = f"arn:{Aws.PARTITION}:states:::"
INVOKE_LAMBDA: Final = f"{_OWN}lambda:invoke"
RUN_JOB: Final = f"{_OWN}glue:startJobRun.sync"
PUBLISH_MESSAGE: Final = f"{_OWN}sns:publish"
RUN_EXECUTION: Final = f"{_OWN}states:startExecution.sync:2"
