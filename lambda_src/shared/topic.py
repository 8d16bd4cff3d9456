"""Sending messages to an SNS topic; what they say is decided elsewhere."""

from adapters.aws import client, translated
from shared.messages import Message


def publish(topic_arn: str, message: Message) -> str:
    """Send a message to everybody subscribed and return its id."""
    with translated(f"publish to {topic_arn}", needs="sns:Publish"):
        answer = client("sns").publish(TopicArn=topic_arn, Subject=message.subject, Message=message.body)
    return str(answer["MessageId"])
