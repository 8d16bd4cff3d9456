"""Why some grants stay that no call here needs, or that reach further than the calls: the one list of exceptions.

A reason that excuses nothing is an error itself, so the list never outlives what it explains.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Reason:
    """Excuses findings of a kind whose text holds a pattern, and says why."""

    kind: str
    pattern: str
    why: str

    def covers(self, kind: str, text: str) -> bool:
        return kind == self.kind and re.search(self.pattern, text) is not None


REASONS: Final = (
    Reason(
        "needless",
        r"LateDataArrivalsPolicy\w+, statement \d: sqs:GetQueue(Attributes|Url) on ",
        "The CDK grants them to a rule's target beside SendMessage; they tell how its own queue is set up.",
    ),
    Reason(
        "too wide",
        r"SourceAccount=9{12}.*; by .*Arn(Equals|Like) (aws|AWS):SourceArn arn:aws:events:us-east-1:0{12}:rule/\w",
        "The CDK names the rule only, and a rule's ARN holds its account.",
    ),
    Reason(
        "too wide",
        r"^events\.amazonaws\.com: sqs:SendMessage on .*arrivals with .*SourceArn=arn:aws:events:.*; "
        r"by .*StringEquals aws:SourceAccount 0{12}",
        "To encrypted queues the CDK lets all rules of the account send: https://github.com/aws/aws-cdk/pull/22740",
    ),
    Reason(
        "too wide",
        r"alarm:[\w-]+-other; by .*ArnLike aws:SourceArn arn:aws:cloudwatch:us-east-1:0{12}:alarm:\*;",
        "Alarms that people add in this account may use the topic too.",
    ),
    Reason(
        "too wide",
        r"log-group:/aws-glue/jobs(/prod-events-curation-other|-other/.*prod-events-curation)/.*; by "
        r"[^;]*log-group:/aws-glue/jobs(/prod-events-curation-\*|-\*-prod-events-curation/\*)$",
        "With a security configuration Glue puts the role's name into that of the group, and does not say where: "
        "https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html (LogGroupName)",
    ),
    Reason(
        "too wide",
        r"^logs\.us-east-1\.amazonaws\.com: kms:.*log-group:/aws-glue/jobs.*other.*; by "
        r".*ArnLike kms:EncryptionContext:aws:logs:arn arn:aws:logs:us-east-1:0{12}:log-group:/aws-glue/jobs\*;",
        "One key serves the logs of all jobs, whose datasets come and go without the key's policy changing.",
    ),
    Reason(
        "too wide",
        r": kms:(GenerateDataKey|ReEncrypt(From|To)|DescribeKey)Other on .*; by .*EncryptionKey\w+, statement \d: kms:",
        "AWS names what its services ask of a key by how it begins: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    ),
)
