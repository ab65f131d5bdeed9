"""cleanup.py leaves nothing behind, whatever existed and whatever fails."""

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

import cleanup
import setup_timestream
from tests.helpers import ACCOUNT_ID, LOG_GROUP, STREAM_ARN, deploy, until
from tests.leftovers import find_leftovers
from tests.network import refusal, response

FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function"
POLICY = '{"Version":"2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
NO_NETWORK = EndpointConnectionError(endpoint_url="https://x")

DONE = response({})
GONE = refusal("ResourceNotFoundException")
IN_USE = refusal("ResourceInUseException")
DENIED = refusal("AccessDeniedException")

END = [
    'Something may be left in us-east-1: see the lines with "failed".',
    "Anything still in use stays, such as a database with another table.",
    "If AWS was still busy, run the script again in a few minutes.",
]


@pytest.fixture
def everything(aws, stream, run_script):
    """Everything that the tutorial creates; the role has a policy of each kind."""
    run_script(setup_timestream)
    deploy("def handler(event, context): pass")
    boto3.client("logs").create_log_group(logGroupName=LOG_GROUP)
    iam, role = boto3.client("iam"), {"RoleName": "kinesis-log-consumer-role"}
    policy = iam.create_policy(PolicyName="mine", PolicyDocument=POLICY)["Policy"]
    iam.attach_role_policy(PolicyArn=policy["Arn"], **role)
    iam.put_role_policy(PolicyName="mine", PolicyDocument=POLICY, **role)
    functions = boto3.client("lambda")
    mapping = functions.create_event_source_mapping(
        FunctionName="kinesis-log-consumer",
        EventSourceArn=STREAM_ARN,
        StartingPosition="TRIM_HORIZON",
        Enabled=False,
    )["UUID"]
    until(lambda: functions.get_event_source_mapping(UUID=mapping)["State"] == "Disabled")


@pytest.fixture
def respond_with(network):
    """A function that sets AWS's responses to the next calls, in order."""
    remaining = []

    def respond_with(*responses):
        remaining.extend(responses)
        network.answer = lambda operation, body: remaining.pop(0)

    yield respond_with
    assert remaining == []


def list_mappings(*mappings, **more):
    """Return a response of ListEventSourceMappings."""
    return response({"EventSourceMappings": list(mappings), **more})


def mapping(number, name="kinesis-log-consumer", state="Enabled"):
    """Return an event source mapping in the form of that response."""
    return {"UUID": f"{number}" * 36, "FunctionArn": f"{FUNCTION_ARN}:{name}", "State": state}


def test_the_whole_tutorial_is_deleted_and_each_deletion_printed(everything, run_script):
    [uuid] = [name for name in find_leftovers() if len(name) == 36]
    assert run_script(cleanup) == (
        0,
        [
            "Deleting in us-east-1 everything with one of the tutorial's names, whoever made it",
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
    assert (
        output[0]
        == "Deleting in eu-west-1 everything with one of the tutorial's names, whoever made it"
    )
    assert output[2] == "No event source mappings of kinesis-log-consumer. Nothing to delete"
    assert len([line for line in output if line.endswith(". Nothing to delete")]) == 7
    assert (status, output[-1]) == (0, "Nothing of the tutorial is left in eu-west-1.")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert len(find_leftovers()) == 6  # everything but the role, which belongs to no region


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        ("ListEventSourceMappings", 1),
        ("DeleteStream", 1),
        ("DeleteTable", 2),  # as well as the database, which is not empty then
        ("DetachRolePolicy", 1),
    ],
)
def test_a_failed_step_does_not_stop_the_others(
    everything, network, run_script, sleeps, operation, left
):
    def answer(asked, body):
        if asked == operation:
            raise NO_NETWORK

    network.answer = answer
    status, output = run_script(cleanup)
    failed = [line for line in output if " failed: " in line]
    assert len(failed) == left
    assert failed[0].endswith(f" failed: {NO_NETWORK}")
    assert status == 1
    assert output[-3:] == END
    network.answer = lambda asked, body: None
    assert len(find_leftovers()) == left


def test_a_mapping_being_updated_leads_to_another_run(everything, network, run_script):
    busy = refusal("ResourceInUseException", message="The event source mapping is in use")
    network.answer = lambda operation, body: (
        busy if operation == "DeleteEventSourceMapping" else None
    )
    status, output = run_script(cleanup)
    [failed] = [line for line in output if " failed: " in line]
    assert failed.endswith("The event source mapping is in use")
    assert (status, output[-3:]) == (1, END)


def test_a_database_with_another_table_stays_and_the_last_lines_fit(everything, run_script):
    boto3.client("timestream-write").create_table(DatabaseName="DemoDatabase", TableName="Mine")
    status, output = run_script(cleanup)
    [failed] = [line for line in output if " failed: " in line]
    assert failed.startswith("Delete database DemoDatabase failed: ")
    assert (status, output[-3:]) == (1, END)
    assert find_leftovers() == ["DemoDatabase", "Mine"]


def test_a_mapping_without_its_function_is_deleted_and_those_of_other_functions_stay(
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


def test_mappings_on_all_pages_are_found_and_a_failure_does_not_stop_the_others(
    respond_with, lines
):
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
def test_deleting_a_mapping_prints_the_outcome(respond_with, lines, responses, is_gone, line):
    respond_with(*responses)
    assert cleanup.delete_event_source_mappings(cleanup.authenticate_lambda()) is is_gone
    assert lines()[-1].startswith(line)


def test_it_waits_for_a_stream_that_is_already_being_deleted(respond_with, lines, sleeps):
    respond_with(
        IN_USE,
        response({"StreamDescriptionSummary": {"StreamStatus": "DELETING"}}),
        response({"StreamDescription": {"StreamStatus": "DELETING"}}),
        GONE,
    )
    assert cleanup.delete_stream(cleanup.authenticate_kinesis()) is True
    assert sleeps == [2]
    assert lines()[-1] == "Deleted stream TUTORIAL"


def test_a_stream_just_deleted_by_another_run_is_not_a_failure(respond_with, lines):
    respond_with(IN_USE, GONE)
    assert cleanup.delete_stream(cleanup.authenticate_kinesis()) is True
    assert lines()[-1] == "No stream TUTORIAL. Nothing to delete"


def test_a_stream_with_consumers_fails_at_once_with_awss_advice(respond_with, lines, sleeps):
    cure = "Stream TUTORIAL has registered consumers: set EnforceConsumerDeletion"
    respond_with(
        refusal("ResourceInUseException", message=cure),
        response({"StreamDescriptionSummary": {"StreamStatus": "ACTIVE"}}),
    )
    assert cleanup.delete_stream(cleanup.authenticate_kinesis()) is False
    first, last = lines()
    assert last.startswith("Delete stream TUTORIAL failed: An error occurred (ResourceInUse")
    assert last.endswith(f": {cure}")
    assert sleeps == []


def test_the_wait_for_the_stream_ends_after_three_minutes(network, lines, sleeps):
    deleting = response({"StreamDescription": {"StreamStatus": "DELETING"}})
    network.answer = lambda operation, body: deleting
    assert cleanup.delete_stream(cleanup.authenticate_kinesis()) is False
    assert sleeps == [2] * 89
    assert lines()[-1].startswith("Delete stream TUTORIAL failed: Waiter StreamNotExists failed")


def iam_list(operation, members, marker=""):
    """Return a page of an IAM list: its members, and the next page's marker, if any."""
    more = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else ""
    result = f"<{operation}Result>{members}{more}</{operation}Result>"
    return response(f"<{operation}Response>{result}</{operation}Response>")


def attached(name, marker=""):
    """Return a page of a role's managed policies, with one policy."""
    names = f"<PolicyName>{name}</PolicyName><PolicyArn>arn:aws:iam::aws:policy/{name}</PolicyArn>"
    members = f"<AttachedPolicies><member>{names}</member></AttachedPolicies>"
    return iam_list("ListAttachedRolePolicies", members, marker)


def inline(name, marker=""):
    """Return a page of a role's inline policies, with one policy."""
    members = f"<PolicyNames><member>{name}</member></PolicyNames>"
    return iam_list("ListRolePolicies", members, marker)


def test_policies_on_all_pages_are_removed_and_one_already_gone_is_not_a_failure(
    respond_with, lines
):
    gone = response("<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>", 404)
    done = response("<Response/>")
    respond_with(
        attached("a", marker="2"),
        gone,
        attached("b"),
        done,
        inline("c", marker="2"),
        gone,
        inline("d"),
        done,
        done,
    )
    assert cleanup.delete_role(cleanup.authenticate_iam()) is True
    assert lines()[-1] == "Deleted role kinesis-log-consumer-role"
