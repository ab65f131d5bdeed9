"""cleanup.py: nothing is left, whatever there was and whatever fails."""

from unittest import mock

import boto3
import pytest
from botocore.stub import Stubber

import cleanup
import setup_timestream
from tests.helpers import deploy, refusal
from tests.leftovers import find_leftovers

STREAM_ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/TUTORIAL"
POLICY = '{"Version":"2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'

# What AWS answers. A state is a mapping's or a stream's.
DONE, NO = (200, {}), refusal("AccessDeniedException")
GONE, IN_USE = refusal("ResourceNotFoundException"), refusal("ResourceInUseException")
DELETING = (200, {"State": "Deleting", "StreamDescriptionSummary": {"StreamStatus": "DELETING"}})
UPDATING = (200, {"State": "Updating", "StreamDescriptionSummary": {"StreamStatus": "UPDATING"}})
PAGE = (200, {"EventSourceMappings": [{"UUID": "0" * 36}]})
MORE = (200, PAGE[1] | {"NextMarker": "more"})


@pytest.fixture
def everything(aws, stream, run):
    """All that the tutorial makes, the role with a policy of each kind."""
    run(setup_timestream)
    deploy("def handler(event, context): pass")
    boto3.client("logs").create_log_group(logGroupName="/aws/lambda/kinesis-log-consumer")
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


def test_the_whole_tutorial_is_deleted_and_each_deletion_printed(everything, run):
    _, _, _, mapping, _, _, _ = find_leftovers()
    assert run(cleanup) == (
        0,
        [
            "Deleting what the tutorial has made in us-east-1",
            "Looking for event source mappings of kinesis-log-consumer",
            f"Deleting event source mapping {mapping}",
            f"Deleted event source mapping {mapping}",
            "Deleting function kinesis-log-consumer",
            "Deleted function kinesis-log-consumer",
            "Deleting stream TUTORIAL",
            "Deleted stream TUTORIAL",
            "Waiting until stream TUTORIAL is gone",
            "Stream TUTORIAL is gone",
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


def test_in_another_region_it_finds_nothing_and_says_where(everything, run, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    run(cleanup)
    status, output = run(cleanup)
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
        ("timestream", "DescribeDatabase", 1),
        ("timestream", "DeleteTable", 2),  # and the database, which is not empty then
        ("iam", "DetachRolePolicy", 1),
        ("iam", "DeleteRolePolicy", 1),
        ("iam", "DeleteRole", 1),
    ],
)
def test_a_step_that_fails_stops_no_other(everything, run, monkeypatch, service, operation, left):
    client, refuse = getattr(cleanup, f"authenticate_{service}")(), mock.Mock(side_effect=OSError)
    client.meta.events.register(f"before-call.*.{operation}", refuse)
    monkeypatch.setattr(cleanup, f"authenticate_{service}", lambda: client)
    status, output = run(cleanup)
    failed = [line for line in output if " failed: " in line]
    assert len(find_leftovers()) == len(failed) == left
    assert failed[0].endswith(" failed: OSError")
    end = "Not all could be deleted, see above. Run the script again when that is mended."
    assert (status, output[-1]) == (1, end)


def test_a_mapping_that_has_outlived_its_function_goes_and_other_functions_stay(everything, run):
    client = boto3.client("lambda")
    client.delete_function(FunctionName="kinesis-log-consumer")
    deploy("", FunctionName="mine")
    mapping = client.create_event_source_mapping(
        FunctionName="mine", EventSourceArn=STREAM_ARN, StartingPosition="LATEST"
    )
    assert run(cleanup)[0] == 0
    assert find_leftovers() == [mapping["UUID"], "mine"]


@pytest.mark.parametrize(
    ("service", "delete", "answers", "deleted", "line"),
    [
        ("timestream-write", cleanup.delete_database, [None, NO, DONE], True, "Deleted database"),
        ("timestream-write", cleanup.delete_database, [None, NO, NO], False, "Delete database"),
        ("kinesis", cleanup.delete_stream, [IN_USE, DELETING], True, "Deleted stream"),
        ("kinesis", cleanup.delete_stream, [IN_USE, UPDATING], False, "Delete stream"),
        (
            "lambda",
            cleanup.delete_event_source_mappings,
            [GONE],
            True,
            "No event source mappings of",
        ),
        ("lambda", cleanup.delete_event_source_mappings, [PAGE, GONE], True, "No event source"),
        ("lambda", cleanup.delete_event_source_mappings, [PAGE, IN_USE, DELETING], True, "Deleted"),
        (
            "lambda",
            cleanup.delete_event_source_mappings,
            [PAGE, IN_USE, UPDATING],
            False,
            "Delete ",
        ),
        ("lambda", cleanup.delete_event_source_mappings, [MORE, PAGE, NO, DONE], False, "Deleted"),
    ],
)
def test_a_deletion_says_what_came_of_it(wire, lines, service, delete, answers, deleted, line):
    remaining = iter(answers)
    wire.respond = lambda *_: next(remaining)
    assert delete(cleanup.authenticate(service)) is deleted
    assert lines()[-1].startswith(line)


def test_policies_on_every_page_go_and_one_that_has_gone_meanwhile_is_no_failure():
    client = boto3.client("iam")
    stubber = Stubber(client)
    stubber.activate()
    policies = [{"PolicyName": n, "PolicyArn": f"arn:aws:iam::aws:policy/{n}"} for n in "ab"]
    for kind, key, delete, found in [
        ("attached_role_policies", "AttachedPolicies", "detach_role_policy", policies),
        ("role_policies", "PolicyNames", "delete_role_policy", ["c", "d"]),
    ]:
        stubber.add_response(f"list_{kind}", {key: found[:1], "IsTruncated": True, "Marker": "2"})
        stubber.add_response(f"list_{kind}", {key: found[1:]})
        stubber.add_client_error(delete, "NoSuchEntity")
        stubber.add_response(delete, {})
    stubber.add_response("delete_role", {})
    assert cleanup.delete_role(client) is True
    stubber.assert_no_pending_responses()
