"""CloudWatch alarms that are on now. CloudWatch says once that an alarm went off; who asks finds those that stay on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.aws import client, translated
from core.times import iso_seconds

# As many as one call gives: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
_MOST: Final = 100


@dataclass(frozen=True)
class AlarmThatIsOn:
    """One alarm, since when it is on, and what it says."""

    name: str
    since: datetime
    description: str

    def sentence(self) -> str:
        return f"{self.name}, since {iso_seconds(self.since)}: {self.description}"


def alarms_on(topic_arn: str) -> list[AlarmThatIsOn]:
    """Return the alarms that tell a topic and are on, the one that is on for longest first."""
    with translated(f"list the alarms of {topic_arn}", needs="cloudwatch:DescribeAlarms"):
        answer = client("cloudwatch").describe_alarms(
            AlarmTypes=["MetricAlarm"], StateValue="ALARM", ActionPrefix=topic_arn, MaxRecords=_MOST
        )
    listed = answer["MetricAlarms"]
    found = [alarm for alarm in listed if alarm["StateValue"] == "ALARM" and topic_arn in alarm.get("AlarmActions", ())]
    return sorted(map(_alarm, found), key=lambda alarm: alarm.since)


def _alarm(found: dict[str, Any]) -> AlarmThatIsOn:
    since: datetime = found["StateUpdatedTimestamp"]
    return AlarmThatIsOn(found["AlarmName"], since, found.get("AlarmDescription", ""))
