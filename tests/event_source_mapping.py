"""A local stand-in for Lambda's event source mapping: it feeds a Kinesis stream to the handler.

Run or debug the handler on your own machine, until Ctrl-C:  python -m tests.event_source_mapping

It reads the stream TUTORIAL with the Kinesis API, from its oldest record on, and calls
lambda_function.lambda_handler with it, the way AWS Lambda does with ReportBatchItemFailures. It
uses whatever AWS the environment points to, so the handler writes there too. Each start delivers
the whole stream again, which does no harm: what comes twice, Timestream keeps once.
"""

import argparse
import base64
import json
import sys
import time
from collections import Counter

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

import lambda_function

STREAM_NAME = "TUTORIAL"
ROLE_NAME = "kinesis-log-consumer-role"
BATCH_SIZE = 10
MAXIMUM_RETRY_ATTEMPTS = 10

# Seconds between two looks at the stream. Lambda polls each shard once a second too.
POLL_INTERVAL = 1


def build_event_record(record, shard_id, stream_arn):
    """Return a record of a Lambda event, with all the fields that AWS documents.

    See the Lambda Developer Guide, "Process Amazon Kinesis Data Streams records with Lambda".

    record: one of the Records that GetRecords returns.
    """
    _, partition, _, region, account, _ = stream_arn.split(":", 5)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": base64.b64encode(record["Data"]).decode("ascii"),
            "approximateArrivalTimestamp": round(
                record["ApproximateArrivalTimestamp"].timestamp(), 3
            ),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:{partition}:iam::{account}:role/{ROLE_NAME}",
        "awsRegion": region,
        "eventSourceARN": stream_arn,
    }


def invoke(handler, batch):
    """Call the handler with a batch of event records; return how many of them need no retry.

    That is the number of records before the lowest sequence number that the handler reports. If it
    raises, or reports what is no sequence number of the batch, the whole batch has failed. If it
    reports nothing, all has succeeded (Lambda Developer Guide, "Configuring partial batch response
    with Kinesis Data Streams and Lambda").
    """
    try:
        # Event and answer are JSON on their way to Lambda and back.
        answer = json.loads(json.dumps(handler(json.loads(json.dumps({"Records": batch})), None)))
    except Exception as error:
        print(f"The function failed: {error!r}")
        return 0
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    numbers = [record["kinesis"]["sequenceNumber"] for record in batch]
    try:
        return min((numbers.index(f["itemIdentifier"]) for f in failures or []), default=len(batch))
    except (KeyError, TypeError, ValueError):
        print(f"The function reported what is not in the batch: {failures}")
        return 0


def deliver(handler, batch, retries=MAXIMUM_RETRY_ATTEMPTS):
    """Call the handler with a batch, and again with what failed of it; return how many are dropped.

    Every retry starts at the lowest sequence number that was reported. After `retries` of them, the
    rest of the batch is dropped, even what is good in it.
    """
    for attempt in range(retries + 1):
        if attempt:
            first = batch[0]["kinesis"]["sequenceNumber"]
            print(f"Retry {attempt} of {retries}: {len(batch)} records from {first}")
        batch = batch[invoke(handler, batch) :]
        if not batch:
            return 0
    first = batch[0]["kinesis"]["sequenceNumber"]
    print(f"Dropped after {retries} retries: {len(batch)} records from {first}")
    return len(batch)


def get_iterator(client, shard_id, position):
    """Return an iterator for a shard: after a sequence number, or at the oldest record if None."""
    start = {"ShardIteratorType": "TRIM_HORIZON"}
    if position:
        start = {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
            "StartingSequenceNumber": position,
        }
    answer = client.get_shard_iterator(StreamName=STREAM_NAME, ShardId=shard_id, **start)
    return answer["ShardIterator"]


def read_shard(client, shard_id, position=None):
    """Yield lists of records of a shard, until there are no more for the moment.

    position: the sequence number after which to start; None for the oldest record.
    """
    iterator = get_iterator(client, shard_id, position)
    while iterator:
        try:
            answer = client.get_records(ShardIterator=iterator)
        except client.exceptions.ExpiredIteratorException:
            # It lasts five minutes. The handler took longer, in a debugger for instance.
            iterator = get_iterator(client, shard_id, position)
            continue
        records = answer["Records"]
        if records:
            yield records
            position = records[-1]["SequenceNumber"]
        elif not answer.get("MillisBehindLatest"):
            return  # an empty answer means the end only at the tip of the shard
        iterator = answer.get("NextShardIterator")  # a shard that is closed has none at its end


def drain(client, handler, positions, tally, batch_size=BATCH_SIZE, retries=MAXIMUM_RETRY_ATTEMPTS):
    """Deliver to the handler all that is on the stream by now.

    client: a Kinesis client.
    handler: the function's handler.
    positions: a dict of shard ids and the last sequence numbers delivered. It is kept up to date,
    so that the next call goes on from there.
    tally: a Counter in which the records "read" and "dropped" are counted.
    """
    summary = client.describe_stream_summary(StreamName=STREAM_NAME)["StreamDescriptionSummary"]
    shards = client.get_paginator("list_shards").paginate(StreamName=STREAM_NAME)
    # Shards are listed oldest first, so what was split or merged is read before what came of it.
    for shard in shards.build_full_result()["Shards"]:
        shard_id = shard["ShardId"]
        for records in read_shard(client, shard_id, positions.get(shard_id)):
            for start in range(0, len(records), batch_size):
                batch = [
                    build_event_record(record, shard_id, summary["StreamARN"])
                    for record in records[start : start + batch_size]
                ]
                tally["read"] += len(batch)
                tally["dropped"] += deliver(handler, batch, retries)
                positions[shard_id] = batch[-1]["kinesis"]["sequenceNumber"]


def authenticate():
    """Return a Kinesis client for the region and credentials of the environment."""
    session = boto3.Session()
    client = session.client("kinesis")
    if session.get_credentials() is None:
        raise NoCredentialsError()
    return client


def main():
    """Follow the stream until Ctrl-C; return the exit status, 0 only if no record was dropped."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    positions, tally = {}, Counter()
    ending, status = "Stopped", 0
    try:
        client = authenticate()
        print(f"Following stream {STREAM_NAME}, stop with Ctrl-C", flush=True)
        while True:
            drain(client, lambda_function.lambda_handler, positions, tally)
            sys.stdout.flush()
            time.sleep(POLL_INTERVAL)
    except KeyboardInterrupt:
        pass
    except ClientError as error:
        ending, status = f"Cannot read stream {STREAM_NAME}: {error}", 1
    except (BotoCoreError, ValueError) as error:
        ending, status = f'Cannot reach AWS, see to the network or run "aws configure": {error}', 1
    print(f"{ending.rstrip('.')}. {tally['read']} records read, {tally['dropped']} dropped.")
    return 1 if tally["dropped"] else status


if __name__ == "__main__":
    sys.exit(main())
