"""The mapping acts: it reads the streams of all event source mappings, and calls their functions.

The rules are those of the Lambda Developer Guide, "Using Lambda to process records from Amazon
Kinesis Data Streams". An update takes effect with the next batch.
"""

import contextlib
import threading
import time
from unittest import mock

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import make_function_arn
from moto.core import DEFAULT_ACCOUNT_ID
from moto.kinesis.models import kinesis_backends
from moto.sqs.models import sqs_backends

from tests.local_aws.delivery import Delivery, make_client
from tests.local_aws.shard import Shard, Stream

POLL_INTERVAL = 1  # seconds between two looks at an empty shard, as Lambda's
SHORTEST_AGE = 60  # seconds, of a maximum record age

create_mapping = LambdaBackend.create_event_source_mapping
list_mappings = LambdaBackend.list_event_source_mappings
get_mapping = LambdaResponse.get_event_source_mapping
update_mapping = LambdaResponse.update_event_source_mapping
delete_mapping = LambdaResponse.delete_event_source_mapping


class Mappings(Delivery):
    """Reads and delivers, a batch of each lane of each shard in a round."""

    def __init__(self, report, speed):
        super().__init__(report, speed)
        self.streams = {}  # {mapping: Stream}
        self.waiting = set()  # mappings that cannot do anything now
        self.idle_round = 0  # when the last one began in which there was nothing to do
        self.stopped = threading.Event()

    def go_round(self):
        """Do one round after the other until told to stop; pause after an idle one."""
        pause = 0
        while not self.stopped.wait(pause):
            begin = time.monotonic()
            if self.do_round():
                pause = 0.001  # others want to run, too
                continue
            pause = POLL_INTERVAL / self.speed
            if not self.is_gathering():
                self.idle_round = begin

    def wait_until_idle(self, limit):
        """Wait until there is nothing to do but to retry; return False after `limit` seconds."""
        begin = time.monotonic()
        while self.idle_round <= begin and time.monotonic() < begin + limit:
            self.stopped.wait(0.005)
        return self.idle_round > begin

    def find_mappings(self):
        """Return the mappings that are enabled, of all regions."""
        return [
            mapping
            for backend in list(lambda_backends[DEFAULT_ACCOUNT_ID].values())
            for mapping in backend.list_event_source_mappings("", "")
            if mapping.enabled
        ]

    def is_gathering(self):
        """Return whether there are records that wait for a batching window to end."""
        return any(
            self.streams[mapping.uuid].is_gathering()
            for mapping in self.find_mappings()
            if mapping.uuid in self.streams and mapping.uuid not in self.waiting
        )

    def do_round(self):
        """Deliver a batch of each lane of each mapping; return whether there was one."""
        delivered = False
        for mapping in self.find_mappings():
            try:
                if self.follow(mapping):
                    delivered = True
                self.waiting.discard(mapping.uuid)
            except Exception as error:  # a stream or a function that is gone, for instance
                if mapping.uuid not in self.waiting:
                    self.report(f"Mapping {mapping.uuid[:8]}: {error}")
                self.waiting.add(mapping.uuid)
        return delivered

    def follow(self, mapping):
        """Deliver a batch of each lane of a mapping; return whether there was one."""
        settings = mapping.get_configuration()
        kinesis = make_client("kinesis", settings["EventSourceArn"].split(":")[3])
        stream = self.find_stream(mapping, settings, kinesis)
        delivered = False
        for shard in stream.shards.values():
            if not stream.is_next(shard):
                continue
            shard.set_lane_count(settings.get("ParallelizationFactor", 1), time.monotonic())
            shard.read(kinesis, time.monotonic())
            for lane in shard.lanes:
                if self.deliver_if_due(settings, shard, lane):
                    delivered = True
        return delivered

    def find_stream(self, mapping, settings, kinesis):
        """Return the Stream of a mapping, with all shards that it has now."""
        arn = settings["EventSourceArn"]
        description = kinesis.describe_stream(StreamARN=arn)["StreamDescription"]
        created = description["StreamCreationTimestamp"]
        stream = self.streams.get(mapping.uuid)
        start = {"ShardIteratorType": "TRIM_HORIZON"}  # of shards that are made later
        if stream is None or stream.created != created:
            stream = self.streams[mapping.uuid] = Stream(created)
            start = {"ShardIteratorType": settings["StartingPosition"]}
            if mapping.starting_position_timestamp:
                start["Timestamp"] = mapping.starting_position_timestamp
        for each in description["Shards"]:
            name = each["ShardId"]
            if name not in stream.shards:
                response = kinesis.get_shard_iterator(
                    StreamName=description["StreamName"], ShardId=name, **start
                )
                stream.shards[name] = Shard(each, response["ShardIterator"])
        return stream

    def deliver_if_due(self, settings, shard, lane):
        """Deliver a lane's next batch, if it is time for that; return whether it was."""
        now = time.monotonic()
        window = settings.get("MaximumBatchingWindowInSeconds", 0) / self.speed
        lane.make_batch(settings["BatchSize"], window, now)
        if not lane.batches or now < lane.next_try:
            return False
        self.deliver(settings, shard, lane)
        return True


def refuse(message, code="InvalidParameterValueException"):
    """Raise an error of Lambda."""
    raise LambdaClientError(code, message)


def check_age(spec):
    """Refuse a maximum record age that Lambda does not allow."""
    age = spec.get("MaximumRecordAgeInSeconds", -1)
    if age != -1 and age < SHORTEST_AGE:
        refuse(f"Maximum record age in seconds must be -1 or at least {SHORTEST_AGE}, not {age}")


def check_destination(spec):
    """Refuse an on-failure destination that does not exist."""
    target = spec.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    if target:
        _, _, _, region, account, name = target.split(":")
        if name not in sqs_backends[account][region].queues:
            refuse(f"The queue {target} does not exist")


def create_checked(backend, spec):
    """Make a mapping that Lambda would make, but no second one of a stream and function."""
    check_age(spec)
    check_destination(spec)
    arn, position = spec.get("EventSourceArn"), spec.get("StartingPosition")
    if not arn:
        refuse("EventSourceArn is required")
    if not position:
        refuse("StartingPosition is required: TRIM_HORIZON, LATEST or AT_TIMESTAMP")
    if (position == "AT_TIMESTAMP") != ("StartingPositionTimestamp" in spec):
        refuse("StartingPositionTimestamp and the starting position AT_TIMESTAMP belong together")
    streams = kinesis_backends[backend.account_id][backend.region_name].list_streams()
    if arn not in [stream.arn for stream in streams]:
        refuse(f"Stream not found: {arn}")
    function = backend.get_function(spec["FunctionName"])
    for mapping in backend.list_event_source_mappings(arn, None):
        if mapping.function_arn == function.function_arn:
            text = f"There is one of this stream and function already, with UUID {mapping.uuid}"
            refuse(text, "ResourceConflictException")
    return create_mapping(backend, spec)


def list_all(backend, event_source_arn, function_name):
    """Return mappings. A function is found by its name and its ARN, however the mapping has it."""
    mappings = list_mappings(backend, event_source_arn, "")
    if not function_name:
        return mappings
    function_name = function_name.removesuffix(":$LATEST")
    arn = make_function_arn(backend.region_name, backend.account_id, function_name)
    return [mapping for mapping in mappings if mapping.function_arn in (arn, function_name)]


def update_checked(response):
    """Answer UpdateEventSourceMapping, if there is that mapping."""
    check_age(response.json_body)
    check_destination(response.json_body)
    found = get_mapping(response)
    return found if found[0] == 404 else update_mapping(response)


def delete_checked(response):
    """Answer DeleteEventSourceMapping, if there is that mapping."""
    found = get_mapping(response)
    return found if found[0] == 404 else delete_mapping(response)


@contextlib.contextmanager
def mappings_act(report, speed):
    """Let the mappings act in a thread of their own; give the Mappings."""
    mappings = Mappings(report, speed)
    thread = threading.Thread(target=mappings.go_round, daemon=True)
    with (
        mock.patch.object(LambdaBackend, "create_event_source_mapping", create_checked),
        mock.patch.object(LambdaBackend, "list_event_source_mappings", list_all),
        mock.patch.object(LambdaResponse, "update_event_source_mapping", update_checked),
        mock.patch.object(LambdaResponse, "delete_event_source_mapping", delete_checked),
        # moto would call the function for each record that is put on the stream.
        mock.patch.object(LambdaBackend, "send_kinesis_message"),
    ):
        thread.start()
        try:
            yield mappings
        finally:
            mappings.stopped.set()
            thread.join(5)
