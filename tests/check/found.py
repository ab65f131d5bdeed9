"""Looks up what exists of the tutorial, without changing anything."""

import os
from fnmatch import fnmatch
from functools import cached_property

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cleanup import FUNCTION_NAME, LOG_GROUP_NAME, ROLE_NAME
from setup_kinesis import STREAM_NAME
from setup_timestream import DATABASE_NAME, TABLE_NAME1

MISSING = ["ResourceNotFoundException", "NoSuchEntity"]

# The regions with Timestream for LiveAnalytics, except for AWS GovCloud.
REGIONS = (
    "us-east-1 us-east-2 us-west-2 eu-west-1 eu-central-1 ap-northeast-1 ap-south-1 ap-southeast-2"
).split()

# What AWS's managed policies allow, if it matters here.
MANAGED_POLICIES = {
    "AmazonTimestreamFullAccess": ["timestream:*"],
    "AmazonKinesisReadOnlyAccess": ["kinesis:Get*"],
    "AWSLambdaBasicExecutionRole": ["logs:PutLogEvents"],
    "AWSLambdaKinesisExecutionRole": ["kinesis:GetRecords", "logs:PutLogEvents"],
}

MAX_RECORDS = 100  # per shard that are counted


def look_up(operation, **parameters):
    """Return an operation's response, or None if the resource does not exist."""
    try:
        return operation(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None
        raise


class Found:
    """What exists of the tutorial in a region. Each thing is looked up when it is first used."""

    def __init__(self):
        self.session = boto3.Session()
        self.region = self.session.region_name
        self.clients = {}

    def make_client(self, service, region=None):
        """Return the client for a service; cached, because creating one takes a while."""
        key = service, region or self.region
        if key not in self.clients:
            retries = {"total_max_attempts": 2, "mode": "standard"}
            config = Config(connect_timeout=5, read_timeout=20, retries=retries)
            self.clients[key] = self.session.client(service, region_name=region, config=config)
        return self.clients[key]

    @cached_property
    def table(self):
        return self.find_table(self.region)

    @cached_property
    def stream(self):
        return self.find_stream(self.region)

    def find_table(self, region):
        """Return the table in a region; None if it does not exist."""
        describe = self.make_client("timestream-write", region).describe_table
        found = look_up(describe, DatabaseName=DATABASE_NAME, TableName=TABLE_NAME1)
        return found and found["Table"]

    def find_stream(self, region):
        """Return the stream in a region; None if it does not exist."""
        describe = self.make_client("kinesis", region).describe_stream_summary
        found = look_up(describe, StreamName=STREAM_NAME)
        return found and found["StreamDescriptionSummary"]

    def find_elsewhere(self, find):
        """Return another region in which find_table or find_stream finds something, or None."""
        for region in REGIONS:
            try:
                if region != self.region and find(region):
                    return region
            except (ClientError, BotoCoreError):  # it cannot be reached, or access is denied
                continue
        return None

    @cached_property
    def allowed(self):
        """Patterns of the actions that the role's policies allow; None without a role."""
        iam = self.make_client("iam")
        if look_up(iam.get_role, RoleName=ROLE_NAME) is None:
            return None
        patterns = []
        attached = iam.list_attached_role_policies(RoleName=ROLE_NAME)["AttachedPolicies"]
        for policy in attached:  # any other policy may allow everything
            patterns += MANAGED_POLICIES.get(policy["PolicyName"], ["*"])
        for name in iam.list_role_policies(RoleName=ROLE_NAME)["PolicyNames"]:
            policy = iam.get_role_policy(RoleName=ROLE_NAME, PolicyName=name)["PolicyDocument"]
            for statement in as_list(policy["Statement"]):
                if statement["Effect"] == "Allow":
                    patterns += as_list(statement.get("Action", []))
        return patterns

    def allows(self, action):
        """Return whether the role may do something, such as kinesis:GetRecords."""
        return any(fnmatch(action.lower(), pattern.lower()) for pattern in self.allowed)

    @cached_property
    def function(self):
        client = self.make_client("lambda")
        return look_up(client.get_function_configuration, FunctionName=FUNCTION_NAME)

    @cached_property
    def mappings(self):
        """The event source mappings from the stream to the function; they outlive both."""
        pages = self.make_client("lambda").get_paginator("list_event_source_mappings").paginate()
        return [
            mapping
            for mapping in pages.search("EventSourceMappings[]")
            if mapping["FunctionArn"].split(":")[6] == FUNCTION_NAME
            and mapping.get("EventSourceArn", "").endswith(f":stream/{STREAM_NAME}")
            and mapping["State"] != "Deleting"
        ]

    @cached_property
    def counts(self):
        """The numbers of readings in the table, as {measure name: number}."""
        if self.table is None:
            return {}
        query = (
            f"select measure_name, count(*) from {DATABASE_NAME}.{TABLE_NAME1} "
            "where time >= ago(7d) group by measure_name"
        )
        pages = self.make_client("timestream-query").get_paginator("query")
        rows = pages.paginate(QueryString=query).search("Rows[].Data[].ScalarValue")
        values = list(rows)
        return dict(zip(values[::2], map(int, values[1::2])))

    @property
    def alarms(self):
        """The number of alarms in the table."""
        return self.counts.get("Alarm", 0)

    @cached_property
    def senders(self):
        """The number of sensors with readings in the table."""
        if self.table is None:
            return 0
        query = (
            f"select count(distinct Sensor) from {DATABASE_NAME}.{TABLE_NAME1} "
            "where time >= ago(7d) and measure_name != 'Alarm'"
        )
        pages = self.make_client("timestream-query").get_paginator("query")
        [count] = pages.paginate(QueryString=query).search("Rows[].Data[].ScalarValue")
        return int(count)

    @property
    def temperatures(self):
        """The number of readings of the wave in the table."""
        return sum(self.counts.values()) - self.alarms

    @cached_property
    def records(self):
        """The number of records on the stream, up to MAX_RECORDS of each shard."""
        if self.stream is None:
            return 0
        client = self.make_client("kinesis")
        count = 0
        for shard in client.list_shards(StreamName=STREAM_NAME)["Shards"]:
            count += count_records(client, shard["ShardId"])
        return count

    def find_in_log(self, pattern, since=0):
        """Return the events in the function's log that match a pattern, oldest first.

        since: milliseconds since 1970.
        """
        pages = self.make_client("logs").get_paginator("filter_log_events")
        found = look_up(
            lambda **parameters: list(pages.paginate(**parameters).search("events[]")),
            logGroupName=LOG_GROUP_NAME,
            filterPattern=pattern,
            startTime=since,
        )
        return found or []

    @cached_property
    def has_run(self):
        """Whether the function has a log."""
        describe = self.make_client("logs").describe_log_streams
        found = look_up(describe, logGroupName=LOG_GROUP_NAME, limit=1)
        return bool(found and found["logStreams"])

    @cached_property
    def load_error(self):
        """The error in the log if the function's last call could not load it, else None."""
        names = ["ImportModuleError", "HandlerNotFound", "UserCodeSyntaxError"]
        pattern = " ".join(["?REPORT", *(f'?"Runtime.{name}"' for name in names)])
        error = None
        for event in self.find_in_log(pattern):
            if not event["message"].startswith("REPORT"):
                error = event["message"].strip()
            elif "Runtime." not in event["message"]:  # this call loaded the function
                error = None
        return error

    @cached_property
    def failed(self):
        """The log events about records that the function has reported as failed."""
        events = self.find_in_log("Failed")
        return [event for event in events if event["message"].startswith("Failed: ")]


def as_list(value):
    """Return a list unchanged, and any other value in a list; policies may have either."""
    return value if isinstance(value, list) else [value]


def count_records(client, shard):
    """Return the number of records on a shard, up to MAX_RECORDS."""
    iterator = client.get_shard_iterator(
        StreamName=STREAM_NAME, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    count = 0
    for _ in range(5):  # a response can be empty although more follow
        response = client.get_records(ShardIterator=iterator, Limit=MAX_RECORDS)
        count += len(response["Records"])
        iterator = response.get("NextShardIterator")
        if count >= MAX_RECORDS or not iterator or response.get("MillisBehindLatest") == 0:
            break
    return count


def find_endpoint(client):
    """Return in words where a client's requests go."""
    url = client.meta.endpoint_url
    if "//127.0.0.1" in url or "//localhost" in url:
        return "AWS on this machine"
    if os.environ.get("AWS_ENDPOINT_URL"):
        return f"not {os.environ['AWS_ENDPOINT_URL']}, but the real AWS"
    return "the real AWS"
