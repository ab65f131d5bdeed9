"""Event source mappings: they follow a stream, and call a function with its records.

moto only stores mappings. Here they take a moment to be created, updated and deleted, as on AWS,
and they work: shard.py reads the stream, and delivery.py calls the function.
"""

import contextlib
import json
import threading
import time
from unittest import mock

from moto.awslambda.exceptions import LambdaClientError, UnknownFunctionException
from moto.awslambda.models import EventSourceMapping, LambdaBackend, lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import make_function_arn
from moto.core import DEFAULT_ACCOUNT_ID
from moto.kinesis.models import kinesis_backends
from moto.sqs.models import sqs_backends

from tests.local_aws import kinesis
from tests.local_aws.delivery import Delivery
from tests.local_aws.function import split_name
from tests.local_aws.shard import Reader

POLL_INTERVAL = 1  # seconds between two polls of a shard, as in Lambda

# How many seconds a mapping stays in these states. It can be updated and deleted in all others.
SECONDS = {"Creating": 3, "Updating": 3, "Enabling": 3, "Disabling": 3, "Deleting": 1}

# The default settings of a mapping from a stream.
DEFAULTS = {
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "LastProcessingResult": "No records processed",
    "StateTransitionReason": "User action",
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
}

create_mapping = LambdaBackend.create_event_source_mapping
list_mappings = LambdaBackend.list_event_source_mappings
find_resource = LambdaBackend._get_resource_by_arn
get_mapping = LambdaResponse.get_event_source_mapping

lock = threading.RLock()  # held while a mapping is changed or inspected


class Mapping(EventSourceMapping):
    """moto's mapping, with a state and progress.

    state: its state in AWS's terms, since the time `changed`.
    settings: the configuration in effect, which an update replaces when it has finished.
    active: whether it reads and delivers.
    reader: its position in the stream. result: the outcome of the last call of the function.
    problem: what keeps it from working. done, discarded: numbers of records.
    """

    def __init__(self, spec):
        super().__init__(spec)
        if spec["FunctionName"].endswith(":$LATEST"):
            self.function_arn = f"{self.function_arn.removesuffix(':$LATEST')}:$LATEST"
        self.settings, self.active, self.reader = None, False, None
        self.result, self.problem = DEFAULTS["LastProcessingResult"], ""
        self.done, self.discarded = 0, 0
        self.change("Creating")

    def change(self, state):
        """Start a change, which takes a moment."""
        self.state = state
        self.changed = time.monotonic()
        self.last_modified = time.time()

    def finish_change(self):
        """Put the new configuration into effect."""
        self.active = self.enabled
        self.state = "Enabled" if self.enabled else "Disabled"
        self.settings = self.get_configuration()

    def get_configuration(self):
        """Return the mapping's configuration, as AWS does."""
        answer = DEFAULTS | super().get_configuration()
        target = (self.destination_config or {}).get("OnFailure", {}).get("Destination")
        answer |= {
            "DestinationConfig": {"OnFailure": {"Destination": target} if target else {}},
            "LastProcessingResult": self.result,
            "State": self.state,
            "StateTransitionReason": DEFAULTS["StateTransitionReason"],
        }
        if self.starting_position == "AT_TIMESTAMP":
            answer["StartingPositionTimestamp"] = self.starting_position_timestamp
        del answer["Tags"]  # only ListTags returns them
        return answer


class MappingError(LambdaClientError):
    """An error in Lambda's format."""

    def __init__(self, message, code="InvalidParameterValueException", status=400):
        super().__init__(code, message)
        self.code = status


def check_settings(backend, spec):
    """Refuse settings that Lambda refuses although botocore's model allows them."""
    age = spec.get("MaximumRecordAgeInSeconds", -1)
    if age != -1 and not 60 <= age <= 604_800:
        raise MappingError(
            "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800"
            " (inclusive)"
        )
    if "FunctionName" in spec:
        try:
            backend.get_function(spec["FunctionName"])
        except UnknownFunctionException:
            raise MappingError("Function does not exist") from None
    on_failure = (spec.get("DestinationConfig") or {}).get("OnFailure")
    if on_failure is not None:
        check_destination(on_failure)


def check_destination(on_failure):
    """Refuse an on-failure destination that does not exist."""
    if "Destination" not in on_failure:
        raise MappingError("The Destination field is required for an OnFailure configuration.")
    if on_failure["Destination"]:  # an empty one removes the destination
        _, _, _, region, account, name = on_failure["Destination"].split(":")
        if name not in sqs_backends[account][region].queues:
            raise MappingError(
                "Error occurred while SendMessage. SQS Error Code:"
                " AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue"
                " does not exist."
            )


def find_stream(arn):
    """Return moto's stream with this ARN, or None."""
    region, account = arn.split(":")[3:5]
    streams = kinesis_backends[account][region].list_streams()
    return next((stream for stream in streams if stream.arn == arn), None)


def create(backend, spec):
    """Create a mapping, or refuse it as Lambda does."""
    arn, position = spec.get("EventSourceArn"), spec.get("StartingPosition")
    if not arn:
        raise MappingError("Unrecognized event source.")
    check_settings(backend, spec)
    if not position:
        raise MappingError(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy"
            " constraint: Member must not be null."
        )
    if position == "AT_TIMESTAMP" and "StartingPositionTimestamp" not in spec:
        raise MappingError("Need to specify a timestamp")
    if position != "AT_TIMESTAMP" and "StartingPositionTimestamp" in spec:
        raise MappingError("StartingPositionTimestamp is only allowed with AT_TIMESTAMP")
    if arn.split(":")[3] != backend.region_name or not find_stream(arn):
        raise MappingError(f"Stream not found: {arn}")
    with lock:
        refuse_second(backend, arn, spec["FunctionName"])
        return create_mapping(backend, spec)


def refuse_second(backend, stream_arn, function_name):
    """Refuse a second mapping between a stream and a function."""
    for mapping in list_all(backend, stream_arn, function_name):
        name = mapping.function_arn.split(":")[6]
        raise MappingError(
            f'The event source arn (" {stream_arn} ") and function (" {name} ") provided mapping'
            f" already exists. Please update or delete the existing mapping with UUID"
            f" {mapping.uuid}",
            "ResourceConflictException",
            409,
        )


def list_all(backend, event_source_arn, function_name):
    """Return mappings, filtered by stream and by function; function_name: a name or an ARN."""
    mappings = list_mappings(backend, event_source_arn, "")
    if not function_name:
        return mappings
    name = function_name.removesuffix(":$LATEST").rpartition(":")[2]
    arn = make_function_arn(backend.region_name, backend.account_id, name)
    return [mapping for mapping in mappings if mapping.function_arn.removesuffix(":$LATEST") == arn]


def answer_changed(response, verb, change):
    """Change a mapping, unless another change is in progress; return the response."""
    with lock:
        found = get_mapping(response)
        if found[0] == 404:
            return found
        mapping = response.backend.get_event_source_mapping(response.path.split("/")[-1])
        if mapping.state in SECONDS:
            text = f"Cannot {verb} the event source mapping because it is in use."
            raise MappingError(text, "ResourceInUseException")
        change(response, mapping)
        return 202, {"status": 202}, json.dumps(mapping.get_configuration())


def update(response):
    """Answer UpdateEventSourceMapping."""
    return answer_changed(response, "update", begin_update)


def begin_update(response, mapping):
    """Start to update a mapping."""
    spec = response.json_body
    check_settings(response.backend, spec)
    enabled = mapping.enabled
    response.backend.update_event_source_mapping(mapping.uuid, spec)
    if mapping.enabled == enabled:
        mapping.change("Updating")
    else:
        mapping.change("Enabling" if mapping.enabled else "Disabling")


def delete(response):
    """Answer DeleteEventSourceMapping."""
    return answer_changed(response, "delete", begin_delete)


def begin_delete(response, mapping):
    """Start to delete a mapping: it stops at once, and forgets its records."""
    mapping.change("Deleting")
    mapping.active, mapping.reader = False, None


def answer_created(response):
    """Answer CreateEventSourceMapping, with AWS's status 202."""
    mapping = response.backend.create_event_source_mapping(response.json_body)
    return 202, {"status": 202}, json.dumps(mapping.get_configuration())


def find_tagged(backend, arn):
    """Return the function or mapping with this ARN; refuse a missing mapping, and versions."""
    if ":event-source-mapping:" in arn:
        if not backend.get_event_source_mapping(arn.rpartition(":")[2]):
            text = f"Event source mapping not found: {arn}"
            raise MappingError(text, "ResourceNotFoundException", 404)
    elif split_name(arn)[1]:
        raise MappingError(
            "Tags on function aliases and versions are not supported. Please specify a function"
            " ARN."
        )
    return find_resource(backend, arn)


class Mappings(Delivery):
    """Polls the streams of all mappings, and starts deliveries that are due."""

    def __init__(self, report, speed):
        super().__init__(report, speed)
        self.stopped = False

    def follow_all(self):
        """Follow all mappings until stop() is called."""
        while not self.stopped:
            self.wake.clear()
            with lock:
                for backend, mapping in self.list_all():
                    self.finish_change(backend, mapping)
                    if mapping.active:
                        self.follow(mapping)
            self.wake.wait(POLL_INTERVAL / self.speed)

    def stop(self):
        """Start no more deliveries."""
        self.stopped = True
        self.wake.set()

    def list_all(self):
        """Return a pair (backend, mapping) for each mapping in any region."""
        return [
            (backend, mapping)
            for backend in list(lambda_backends[DEFAULT_ACCOUNT_ID].values())
            for mapping in list_mappings(backend, "", "")
        ]

    def finish_change(self, backend, mapping):
        """Finish a change of a mapping once it has taken long enough."""
        seconds = SECONDS.get(mapping.state)
        if seconds is None or time.monotonic() < mapping.changed + seconds / self.speed:
            return
        if mapping.state == "Deleting":
            backend.delete_event_source_mapping(mapping.uuid)
        else:
            mapping.finish_change()

    def follow(self, mapping):
        """Read new records from a mapping's stream, and start deliveries that are due."""
        settings, now = mapping.settings, time.monotonic()
        reader = self.find_reader(mapping)
        if reader is not mapping.reader:
            mapping.reader, mapping.problem = reader, ""
        if reader is None:
            name = mapping.event_source_arn.rpartition("/")[2]
            self.report_problem(mapping, f"Stream {name} not found")
            return
        with kinesis.lock:
            reader.read(settings["ParallelizationFactor"], now)
        window = settings["MaximumBatchingWindowInSeconds"] / self.speed
        for shard, lane in reader.list_lanes():
            lane.make_batch(settings["BatchSize"], window, now)
            if lane.is_due(now):
                self.start(mapping, shard.shard.shard_id, lane)

    def find_reader(self, mapping):
        """Return a mapping's Reader, or None if its stream is gone."""
        stream = find_stream(mapping.event_source_arn)
        if stream is None:
            return None
        if mapping.reader and mapping.reader.stream is stream:
            return mapping.reader
        return Reader(stream, mapping.starting_position, mapping.starting_position_timestamp)

    def describe_progress(self):
        """Return what the page shows for each mapping: its state, and where its records are."""
        with lock, kinesis.lock:
            return [self.describe_one(mapping) for _, mapping in self.list_all()]

    def describe_one(self, mapping):
        """Return what the page shows for a mapping."""
        seen = {
            "uuid": mapping.uuid,
            "region": mapping.function_arn.split(":")[3],
            "stream": mapping.event_source_arn.rpartition("/")[2],
            "function": mapping.function_arn.split(":")[6],
            "state": mapping.state,
            "on_stream": 0,
            "waiting": 0,
            "oldest": 0,
            "failing": 0,
            "done": mapping.done,
            "discarded": mapping.discarded,
        }
        reader = self.find_reader(mapping)
        if reader is None or mapping.state == "Deleting":
            return seen
        waiting = []
        for shard in reader.shards.values():
            seen["on_stream"] += len(shard.shard.records)
            waiting += shard.find_read() + shard.find_unread()
        seen["waiting"] = len(waiting)
        seen["oldest"] = max([self.find_age(record) for record in waiting], default=0)
        seen["failing"] = sum(lane.failed for _, lane in reader.list_lanes())
        return seen


@contextlib.contextmanager
def patch_mappings(report, speed):
    """Make moto's mappings work, in threads of their own; yield the Mappings."""
    mappings = Mappings(report, speed)
    thread = threading.Thread(target=mappings.follow_all, daemon=True)
    with (
        mock.patch("moto.awslambda.models.EventSourceMapping", Mapping),
        mock.patch.multiple(
            LambdaBackend,
            create_event_source_mapping=create,
            list_event_source_mappings=list_all,
            _get_resource_by_arn=find_tagged,
            # moto would call the function for each record that is put on the stream.
            send_kinesis_message=mock.DEFAULT,
        ),
        mock.patch.multiple(
            LambdaResponse,
            create_event_source_mapping=answer_created,
            update_event_source_mapping=update,
            delete_event_source_mapping=delete,
        ),
    ):
        thread.start()
        try:
            yield mappings
        finally:
            mappings.stop()
            thread.join(5)
