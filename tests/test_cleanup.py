"""cleanup.py: nothing is left, whatever there was and whatever fails."""

from unittest import mock

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

import cleanup
import setup_timestream
from tests.helpers import ACCOUNT_ID, LOG_GROUP, STREAM_ARN, deploy, refusal
from tests.leftovers import find_leftovers
from tests.transport import Response

FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function"
POLICY = '{"Version":"2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
NO_NETWORK = EndpointConnectionError(endpoint_url="https://x")

DONE = Response(200, {})
GONE = refusal("ResourceNotFoundException")
IN_USE = refusal("ResourceInUseException")
DENIED = refusal("AccessDeniedException")


@pytest.fixture
def everything(aws, stream, run_script):
    """All that the tutorial makes, the role with a policy of each kind."""
    run_script(setup_timestream)
    deploy("def handler(event, context): pass")
    boto3.client("logs").create_log_group(logGroupName=LOG_GROUP)
    iam, role = boto3.client("iam"), {"RoleName": "kinesis-log-consumer-role"}
    policy = iam.create_policy(PolicyName="mine", PolicyDocument=POLICY)["Policy"]
    iam.attach_role_policy(PolicyArn=policy["Arn"], **role)
    iam.put_role_policy(PolicyName="mine", PolicyDocument=POLICY, **role)
    boto3.client("lambda").create_event_source_mapping(
        FunctionName="kinesis-log-consumer",
        EventSourceArn=STREAM_ARN,
        StartingPosition="TRIM_HORIZON",
        Enabled=False,
    )


@pytest.fixture
def respond_with(wire):
    """A function that takes what AWS responds to the next calls, in their order."""

    def respond_with(*responses):
        remaining = iter(responses)
        wire.respond = lambda operation, body: next(remaining)

    return respond_with


def list_mappings(*mappings, **more):
    """Return a response of ListEventSourceMappings."""
    return Response(200, {"EventSourceMappings": list(mappings), **more})


def mapping(number, name="kinesis-log-consumer", state="Enabled"):
    """Return an event source mapping as it stands in that response."""
    return {"UUID": f"{number}" * 36, "FunctionArn": f"{FUNCTION_ARN}:{name}", "State": state}


def test_the_whole_tutorial_is_deleted_and_each_deletion_printed(everything, run_script):
    [uuid] = [name for name in find_leftovers() if len(name) == 36]
    assert run_script(cleanup) == (
        0,
        [
            "Deleting what the tutorial has made in us-east-1",
            "Looking for event source mappings of kinesis-log-consumer",
            f"Deleting event source mapping {uuid}",
            f"Deleted event source mapping {uuid}",
            "Deleting function kinesis-log-consumer",
            "Deleted function kinesis-log-consumer",
            "Deleting stream TUTORIAL",
            "Waiting until stream TUTORIAL is gone",
            "Deleted stream TUTORIAL",
            "Deleting table DemoDatabase.WeatherMetrics",
            "Deleted table DemoDatabase.WeatherMetrics",
            "Deleting database DemoDatabase",
            "Deleted database DemoDatabase",
            "Deleting log group /aws/lambda/kinesis-log-consumer",
            "Deleted log group /aws/lambda/kinesis-log-consumer",
            "Deleting role kinesis-log-consumer-role",
            "Deleted role kinesis-log-consumer-role",
            "Nothing of the tutorial is left in us-east-1.",
        ],
    )
    assert find_leftovers() == []


def test_in_another_region_it_finds_nothing_and_says_where(everything, run_script, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    run_script(cleanup)
    status, output = run_script(cleanup)
    assert output[0] == "Deleting what the tutorial has made in eu-west-1"
    assert output[2] == "No event source mappings of kinesis-log-consumer. Nothing to delete"
    assert len([line for line in output if line.endswith(". Nothing to delete")]) == 7
    assert (status, output[-1]) == (0, "Nothing of the tutorial is left in eu-west-1.")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert len(find_leftovers()) == 6  # all but the role, which belongs to no region


@pytest.mark.parametrize(
    ("service", "operation", "left"),
    [
        ("lambda", "ListEventSourceMappings", 1),
        ("kinesis", "DeleteStream", 1),
        ("timestream", "DeleteTable", 2),  # and the database, which is not empty then
        ("iam", "DetachRolePolicy", 1),
    ],
)
def test_a_step_that_fails_stops_no_other(
    everything, run_script, monkeypatch, service, operation, left
):
    client = getattr(cleanup, f"authenticate_{service}")()
    refuse = mock.Mock(side_effect=NO_NETWORK)
    client.meta.events.register(f"before-call.*.{operation}", refuse)
    monkeypatch.setattr(cleanup, f"authenticate_{service}", lambda: client)
    status, output = run_script(cleanup)
    failed = [line for line in output if " failed: " in line]
    assert len(find_leftovers()) == len(failed) == left
    assert failed[0].endswith(f" failed: {NO_NETWORK}")
    assert status == 1
    assert output[-2:] == [
        'Something may be left in us-east-1: see the lines with "failed".',
        "If AWS was still busy with it, run the script again in a few minutes.",
    ]


def test_a_mapping_that_has_outlived_its_function_goes_and_other_functions_stay(
    everything, run_script
):
    client = boto3.client("lambda")
    client.delete_function(FunctionName="kinesis-log-consumer")
    deploy("", FunctionName="kinesis-log-consumer-2")
    other = client.create_event_source_mapping(
        FunctionName="kinesis-log-consumer-2",
        EventSourceArn=STREAM_ARN,
        StartingPosition="LATEST",
    )
    assert run_script(cleanup)[0] == 0
    assert find_leftovers() == [other["UUID"], "kinesis-log-consumer-2"]


def test_mappings_on_every_page_are_found_and_one_that_fails_stops_no_other(respond_with, lines):
    respond_with(
        list_mappings(mapping(1), mapping(2, "other"), NextMarker="more"),
        list_mappings(mapping(3, "kinesis-log-consumer:prod")),
        DENIED,
        DONE,
    )
    assert cleanup.delete_event_source_mappings(cleanup.authenticate_lambda()) is False
    _, _, failed, _, deleted = lines()
    assert failed.startswith(f"Delete event source mapping {'1' * 36} failed: An error occurred")
    assert deleted == f"Deleted event source mapping {'3' * 36}"


@pytest.mark.parametrize(
    ("responses", "is_gone", "line"),
    [
        pytest.param([list_mappings()], True, "No event source mappings of", id="none"),
        pytest.param([list_mappings(mapping(1)), GONE], True, "No event source ", id="just gone"),
        pytest.param([list_mappings(mapping(1)), IN_USE], False, "Delete ev", id="being updated"),
        pytest.param(
            [list_mappings(mapping(1, state="Deleting"))],
            True,
            "No event source mappings of",
            id="already being deleted",
        ),
    ],
)
def test_deleting_a_mapping_says_what_came_of_it(respond_with, lines, responses, is_gone, line):
    respond_with(*responses)
    assert cleanup.delete_event_source_mappings(cleanup.authenticate_lambda()) is is_gone
    assert lines()[-1].startswith(line)


def test_a_stream_that_is_being_deleted_already_is_waited_for(respond_with, lines, sleeps):
    respond_with(
        IN_USE,
        Response(200, {"StreamDescription": {"StreamStatus": "DELETING"}}),
        GONE,
    )
    assert cleanup.delete_stream(cleanup.authenticate_kinesis()) is True
    assert sleeps == [2]
    assert lines()[-1] == "Deleted stream TUTORIAL"


def test_the_wait_for_the_stream_ends_after_three_minutes(wire, lines, sleeps):
    deleting = Response(200, {"StreamDescription": {"StreamStatus": "DELETING"}})
    wire.respond = lambda operation, body: deleting
    assert cleanup.delete_stream(cleanup.authenticate_kinesis()) is False
    assert sleeps == [2] * 89
    assert lines()[-1].startswith("Delete stream TUTORIAL failed: Waiter StreamNotExists failed")


def test_policies_on_every_page_go_and_one_that_has_gone_meanwhile_is_no_failure():
    def policy(name):
        return {"PolicyName": name, "PolicyArn": f"arn:aws:iam::aws:policy/{name}"}

    client = boto3.client("iam")
    stubber = Stubber(client)
    more = {"IsTruncated": True, "Marker": "2"}
    stubber.add_response("list_attached_role_policies", {"AttachedPolicies": [policy("a")], **more})
    stubber.add_client_error("detach_role_policy", "NoSuchEntity")
    stubber.add_response("list_attached_role_policies", {"AttachedPolicies": [policy("b")]})
    stubber.add_response("detach_role_policy", {})
    stubber.add_response("list_role_policies", {"PolicyNames": ["c"], **more})
    stubber.add_client_error("delete_role_policy", "NoSuchEntity")
    stubber.add_response("list_role_policies", {"PolicyNames": ["d"]})
    stubber.add_response("delete_role_policy", {})
    stubber.add_response("delete_role", {})
    with stubber:
        assert cleanup.delete_role(client) is True
    stubber.assert_no_pending_responses()
