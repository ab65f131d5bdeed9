"""sqs.py: a queue has AWS's attributes."""

from tests.helpers import make_client


def test_a_queues_times_are_whole_seconds(aws):
    sqs = make_client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["CreatedTimestamp"].isdigit()
    assert attributes["LastModifiedTimestamp"].isdigit()
