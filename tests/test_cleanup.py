"""cleanup.py: nothing is left, whatever there was and whatever fails."""

import json

import boto3
import pytest

import cleanup
import setup_timestream
from tests.conftest import deploy, describe_stream, refuse
from tests.leftovers import find_leftovers

STREAM_ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/TUTORIAL"
STATEMENT = {"Effect": "Allow", "Action": "kinesis:GetRecords", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": STATEMENT})
DELETE = [
    ("lambda", cleanup.delete_lambda),
    ("iam", cleanup.delete_role),
    ("logs", cleanup.delete_log_group),
    ("timestream-write", cleanup.delete_table),
    ("timestream-write", cleanup.delete_database),
    ("kinesis", cleanup.delete_stream),
    ("lambda", cleanup.delete_event_source_mappings),
]


@pytest.fixture
def everything(aws, stream, run, lines):
    """All that the tutorial makes, the role with two policies of each kind."""
    run(setup_timestream)
    deploy("def handler(event, context): pass")
    boto3.client("lambda").create_event_source_mapping(
        FunctionName="kinesis-log-consumer", EventSourceArn=STREAM_ARN,
        StartingPosition="TRIM_HORIZON", Enabled=False,
    )
    boto3.client("logs").create_log_group(logGroupName="/aws/lambda/kinesis-log-consumer")
    iam, role = boto3.client("iam"), {"RoleName": "kinesis-log-consumer-role"}
    for name in ("one", "two"):
        policy = iam.create_policy(PolicyName=name, PolicyDocument=POLICY)["Policy"]
        iam.attach_role_policy(PolicyArn=policy["Arn"], **role)
        iam.put_role_policy(PolicyName=name, PolicyDocument=POLICY, **role)
    lines()


def test_the_whole_tutorial_is_deleted_and_each_deletion_printed(everything, run):
    assert len(find_leftovers()) == 7
    status, output = run(cleanup)
    assert find_leftovers() == []
    deleted = [line.split()[1] for line in output if line.startswith("Deleted ")]
    assert deleted == ["event", "function", "stream", "table", "database", "log", "role"]
    assert output[0] == "Deleting what the tutorial has made in us-east-1"
    assert (status, output[-1]) == (0, "Nothing of the tutorial is left in us-east-1.")


@pytest.mark.parametrize("count", range(len(DELETE) + 1))
def test_what_is_gone_already_counts_as_success_with_a_line_that_says_so(
    everything, run, lines, count
):
    for service, delete in DELETE[:count]:
        assert delete(boto3.client(service)) is True
    lines()
    status, output = run(cleanup)
    assert find_leftovers() == []
    assert len([line for line in output if line.endswith(". Nothing to delete")]) == count
    assert (status, output[-1]) == (0, "Nothing of the tutorial is left in us-east-1.")


@pytest.mark.parametrize(("service", "operation", "left"), [
    ("lambda", "ListEventSourceMappings", 1), ("lambda", "DeleteEventSourceMapping", 1),
    ("lambda", "DeleteFunction", 1), ("logs", "DeleteLogGroup", 1), ("kinesis", "DeleteStream", 1),
    ("timestream-write", "DeleteTable", 2),  # and the database, which is not empty then
    ("timestream-write", "DescribeDatabase", 1), ("timestream-write", "DeleteDatabase", 1),
    ("iam", "ListAttachedRolePolicies", 1), ("iam", "DetachRolePolicy", 1),
    ("iam", "ListRolePolicies", 1), ("iam", "DeleteRolePolicy", 1), ("iam", "DeleteRole", 1),
])
def test_a_step_that_fails_is_one_line_and_does_not_stop_the_others(
    everything, run, monkeypatch, service, operation, left
):
    client = cleanup.authenticate(service)
    refuse(client, operation)
    name = f"authenticate_{service.removesuffix('-write')}"
    monkeypatch.setattr(cleanup, name, lambda: client)
    status, output = run(cleanup)
    failed = [line for line in output if " failed: " in line]
    assert len(find_leftovers()) == len(failed) == left
    assert failed[0].endswith("first line second line") and "(ThrottlingException)" in failed[0]
    assert (status, output[-1][:37]) == (1, "Not all could be deleted, see above. ")


def test_in_another_region_it_says_which_one_it_has_looked_at(everything, run, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    status, output = run(cleanup)
    assert output[0] == "Deleting what the tutorial has made in eu-west-1"
    assert (status, output[-1]) == (0, "Nothing of the tutorial is left in eu-west-1.")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert len(find_leftovers()) == 6  # all but the role, which belongs to no region


def test_other_things_in_the_account_are_left_alone(everything, run):
    boto3.client("iam").create_role(RoleName="mine", AssumeRolePolicyDocument="{}")
    boto3.client("kinesis").create_stream(StreamName="MINE", ShardCount=1)
    deploy("", FunctionName="my-function", Role="arn:aws:iam::123456789012:role/mine")
    boto3.client("lambda").create_event_source_mapping(
        FunctionName="my-function", StartingPosition="LATEST", Enabled=False,
        EventSourceArn=STREAM_ARN.replace("TUTORIAL", "MINE"),
    )
    assert run(cleanup)[0] == 0
    stream, mapping, *rest = find_leftovers()
    assert (stream, rest) == ("MINE", ["my-function", "mine"])


def test_all_mappings_are_deleted_whatever_page_they_are_on_and_whatever_fails(stub, lines):
    client, stubber = stub("lambda")
    mappings = [{"UUID": f"{number}" * 36} for number in range(4)]
    for page in ({"EventSourceMappings": mappings[:2], "NextMarker": "more"},
                 {"EventSourceMappings": mappings[2:]}):
        stubber.add_response("list_event_source_mappings", page)
    for state in ("Updating", "Deleting"):
        stubber.add_client_error("delete_event_source_mapping", "ResourceInUseException")
        stubber.add_response("get_event_source_mapping", {"State": state})
    stubber.add_client_error("delete_event_source_mapping", "ResourceNotFoundException")
    stubber.add_response("delete_event_source_mapping", {}, {"UUID": "3" * 36})
    assert cleanup.delete_event_source_mappings(client) is False
    ends = [line for line in lines() if not line.startswith(("Looking", "Deleting"))]
    assert ends[0].startswith(f"Delete event source mapping {'0' * 36} failed: ")
    assert ends[1:] == [
        f"Deleted event source mapping {'1' * 36}",  # somebody else is deleting it
        f"No event source mapping {'2' * 36}. Nothing to delete",
        f"Deleted event source mapping {'3' * 36}",
    ]


def test_policies_on_every_page_go_and_one_that_has_gone_meanwhile_is_no_failure(stub):
    client, stubber = stub("iam")
    policies = [{"PolicyName": n, "PolicyArn": f"arn:aws:iam::aws:policy/{n}"} for n in "ab"]
    for kind, listed, delete, pages in [
        ("attached_role_policies", "AttachedPolicies", "detach_role_policy", policies),
        ("role_policies", "PolicyNames", "delete_role_policy", ["c", "d"]),
    ]:
        first = {listed: pages[:1], "IsTruncated": True, "Marker": "2"}
        stubber.add_response(f"list_{kind}", first)
        stubber.add_response(f"list_{kind}", {listed: pages[1:], "IsTruncated": False})
        stubber.add_client_error(delete, "NoSuchEntity")
        stubber.add_response(delete, {})
    stubber.add_response("delete_role", {})
    assert cleanup.delete_role(client) is True
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(("described", "deleted", "line"), [
    ("AccessDeniedException", None, "Deleted database DemoDatabase"),
    ("AccessDeniedException", "AccessDeniedException", "Delete database DemoDatabase failed: An"),
    (None, "ResourceNotFoundException", "No database DemoDatabase. Nothing to delete"),
])
def test_what_happens_to_the_database_is_what_its_deletion_answers(
    stub, lines, described, deleted, line
):
    client, stubber = stub("timestream-write")
    for operation, code in [("describe_database", described), ("delete_database", deleted)]:
        if code:
            stubber.add_client_error(operation, code)
        else:
            stubber.add_response(operation, {})
    assert cleanup.delete_database(client) is ("failed" not in line)
    assert lines()[1].startswith(line)


@pytest.mark.parametrize(("status", "deleted"), [("DELETING", True), ("CREATING", False)])
def test_a_stream_that_is_being_deleted_already_is_waited_for(stub, status, deleted):
    client, stubber = stub("kinesis")
    stubber.add_client_error("delete_stream", "ResourceInUseException")
    stubber.add_response("describe_stream_summary", {"StreamDescriptionSummary": {
        "StreamName": "TUTORIAL", "StreamARN": STREAM_ARN, "StreamStatus": status,
        "RetentionPeriodHours": 24, "StreamCreationTimestamp": 0, "EnhancedMonitoring": [],
        "OpenShardCount": 1,
    }})
    assert cleanup.delete_stream(client) is deleted


def test_the_wait_for_the_stream_to_go_looks_every_two_seconds(stub, sleeps):
    client, stubber = stub("kinesis")
    describe_stream(stubber, *["DELETING"] * 3)
    stubber.add_client_error("describe_stream", "ResourceNotFoundException")
    assert cleanup.wait_until_stream_is_gone(client) is True
    assert sleeps == [2, 2, 2]


def test_a_stream_that_never_goes_ends_the_wait_after_three_minutes_with_status_1(
    stub, sleeps, run, monkeypatch, aws
):
    client, stubber = stub("kinesis")
    stubber.add_response("delete_stream", {})
    describe_stream(stubber, *["DELETING"] * 100)
    monkeypatch.setattr(cleanup, "authenticate_kinesis", lambda: client)
    status, output = run(cleanup)
    assert status == 1 and sleeps == [2] * 89
    assert len([line for line in output if line.startswith("Stream TUTORIAL is not gone: ")]) == 1


def test_ctrl_c_ends_the_clean_up_with_one_line(stub, run, monkeypatch, aws, ctrl_c):
    client, stubber = stub("kinesis")
    stubber.add_response("delete_stream", {})
    describe_stream(stubber, "DELETING")
    monkeypatch.setattr(cleanup, "authenticate_kinesis", lambda: client)
    status, output = run(cleanup)
    assert (status, output[-1]) == (1, "Stopped. Run the script again to finish.")
