"""cleanup.py: nothing is left, whatever there was and whatever fails."""

import io
import json
import time
import zipfile
from types import SimpleNamespace

import boto3
import pytest

import cleanup
import setup_kinesis
import setup_timestream
from tests.conftest import REPOSITORY, describe_stream
from tests.leftovers import find_leftovers

STEPS = {
    # operation: (service, function, error code of what does not exist)
    "list_event_source_mappings": ("lambda", "delete_event_source_mappings", "ResourceNotFound"),
    "delete_function": ("lambda", "delete_lambda", "ResourceNotFound"),
    "delete_log_group": ("logs", "delete_log_group", "ResourceNotFound"),
    "list_attached_role_policies": ("iam", "delete_role", "NoSuchEntity"),
    "delete_stream": ("kinesis", "delete_stream", "ResourceNotFound"),
    "delete_table": ("timestream-write", "delete_table", "ResourceNotFound"),
    "describe_database": ("timestream-write", "delete_database", "ResourceNotFound"),
}

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "kinesis:GetRecords", "Resource": "*"}],
    }
)

AUTHENTICATE = {
    "lambda": "authenticate_lambda",
    "logs": "authenticate_logs",
    "iam": "authenticate_iam",
    "kinesis": "authenticate_kinesis",
    "timestream-write": "authenticate_timestream",
}


@pytest.fixture
def make(aws):
    """A namespace of functions, each of which makes one thing of the tutorial."""
    timestream, kinesis = boto3.client("timestream-write"), boto3.client("kinesis")
    functions, iam = boto3.client("lambda"), boto3.client("iam")
    trust_policy = (REPOSITORY / "Lambda-Role-Trust-Policy.json").read_text()

    def role():
        iam.create_role(RoleName=cleanup.ROLE_NAME, AssumeRolePolicyDocument=trust_policy)
        policy = iam.create_policy(PolicyName="any", PolicyDocument=POLICY)["Policy"]
        iam.attach_role_policy(RoleName=cleanup.ROLE_NAME, PolicyArn=policy["Arn"])

    def function():
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.write(REPOSITORY / "lambda_function.py", "lambda_function.py")
        iam.create_role(RoleName="another", AssumeRolePolicyDocument=trust_policy)
        functions.create_function(
            FunctionName=cleanup.FUNCTION_NAME, Runtime="python3.13",
            Handler="lambda_function.lambda_handler", Code={"ZipFile": package.getvalue()},
            Role="arn:aws:iam::123456789012:role/another",
        )
        iam.delete_role(RoleName="another")

    def mapping():  # it needs function and stream to be made, and outlives both
        function()
        setup_kinesis.create_stream(kinesis)
        functions.create_event_source_mapping(
            FunctionName=cleanup.FUNCTION_NAME, StartingPosition="TRIM_HORIZON",
            EventSourceArn="arn:aws:kinesis:us-east-1:123456789012:stream/TUTORIAL",
        )
        functions.delete_function(FunctionName=cleanup.FUNCTION_NAME)
        kinesis.delete_stream(StreamName="TUTORIAL")

    return SimpleNamespace(
        mapping=mapping,
        function=function,
        log_group=lambda: boto3.client("logs").create_log_group(
            logGroupName="/aws/lambda/kinesis-log-consumer"
        ),
        role=role,
        stream=lambda: setup_kinesis.create_stream(kinesis),
        database=lambda: setup_timestream.create_database(timestream),
        table=lambda: (
            setup_timestream.create_database(timestream), setup_timestream.create_table(timestream)
        ),
    )


@pytest.fixture
def everything(make, lines):
    """All that the tutorial makes."""
    make.table()
    make.role()
    make.mapping()
    make.function()
    make.stream()
    make.log_group()
    lines()


def refuse(client, operation):
    """Let a client answer that an operation is not allowed."""
    answer = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
    event = "".join(word.title() for word in operation.split("_"))
    client.meta.events.register(
        f"before-call.*.{event}", lambda **_: (SimpleNamespace(status_code=403), answer)
    )


def test_the_names_are_those_of_the_other_scripts():
    assert cleanup.STREAM_NAME == setup_kinesis.STREAM_NAME == "TUTORIAL"
    assert cleanup.DATABASE_NAME == setup_timestream.DATABASE_NAME == "DemoDatabase"
    assert cleanup.TABLE_NAME1 == setup_timestream.TABLE_NAME1 == "WeatherMetrics"
    assert cleanup.FUNCTION_NAME == "kinesis-log-consumer"
    assert cleanup.ROLE_NAME == "kinesis-log-consumer-role"


def test_the_whole_tutorial_is_deleted_and_each_deletion_printed(everything, run):
    assert len(find_leftovers()) == 7
    status, output = run(cleanup)
    assert find_leftovers() == []
    deleted = [line.split()[1] for line in output if line.startswith("Deleted ")]
    assert deleted == ["event", "function", "log", "stream", "table", "database", "role"]
    assert output[0] == "Deleting what the tutorial has made in us-east-1"
    assert (status, output[-1]) == (0, "Nothing of the tutorial is left in us-east-1.")


@pytest.mark.parametrize("what", [
    "mapping", "function", "log_group", "role", "stream", "database", "table"
])
def test_whatever_part_of_the_tutorial_exists_is_deleted(make, run, what):
    getattr(make, what)()
    assert find_leftovers() != []
    assert run(cleanup)[0] == 0
    assert find_leftovers() == []


def test_cleaning_up_again_is_harmless_and_says_that_there_is_nothing(everything, run):
    run(cleanup)
    status, output = run(cleanup)
    assert len([line for line in output if line.endswith(". Nothing to delete")]) == 7
    assert (status, output[-1]) == (0, "Nothing of the tutorial is left in us-east-1.")


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
    assert run(cleanup)[0] == 0
    assert find_leftovers() == ["MINE", "mine"]


def test_a_mapping_of_another_function_is_left_alone(make, monkeypatch):
    monkeypatch.setattr(cleanup, "FUNCTION_NAME", "mine")
    make.mapping()
    monkeypatch.setattr(cleanup, "FUNCTION_NAME", "kinesis-log-consumer")
    assert cleanup.delete_event_source_mappings(boto3.client("lambda")) is True
    assert len(find_leftovers()) == 1


@pytest.mark.parametrize("operation", STEPS)
def test_what_does_not_exist_counts_as_success_with_a_line_that_says_so(stub, lines, operation):
    service, function, code = STEPS[operation]
    client, stubber = stub(service)
    stubber.add_client_error(operation, f"{code}{'' if service == 'iam' else 'Exception'}")
    assert getattr(cleanup, function)(client) is True
    first, second = lines()
    assert second.startswith("No ") and second.endswith(". Nothing to delete")


@pytest.mark.parametrize("operation", STEPS)
@pytest.mark.parametrize("code", ["InternalServerException", "ThrottlingException", "502"])
def test_a_failure_is_one_line_and_false(stub, lines, operation, code):
    service, function, _ = STEPS[operation]
    client, stubber = stub(service)
    stubber.add_client_error(operation, code, "first line\n  second line")
    assert getattr(cleanup, function)(client) is False
    first, second = lines()
    assert " failed: " in second and code in second and "first line second line" in second


@pytest.mark.parametrize(("service", "operation", "left"), [
    ("lambda", "list_event_source_mappings", 1), ("lambda", "delete_function", 1),
    ("logs", "delete_log_group", 1), ("iam", "list_attached_role_policies", 1),
    ("kinesis", "delete_stream", 1), ("timestream-write", "delete_database", 1),
    ("timestream-write", "delete_table", 2),  # and the database, which is not empty then
])
def test_a_step_that_fails_does_not_stop_the_others(
    everything, run, monkeypatch, service, operation, left
):
    authenticate = AUTHENTICATE[service]
    client = getattr(cleanup, authenticate)()
    refuse(client, operation)
    monkeypatch.setattr(cleanup, authenticate, lambda: client)
    status, output = run(cleanup)
    assert len([line for line in output if " failed: " in line]) == left
    assert len(find_leftovers()) == left
    assert (status, output[-1][:37]) == (1, "Not all could be deleted, see above. ")


@pytest.fixture
def three_mappings(stub):
    """A Lambda client that lists three mappings on two pages, and the UUID of each."""
    client, stubber = stub("lambda")
    one, two, three = uuids = [str(number) * 36 for number in (1, 2, 3)]
    first = {"EventSourceMappings": [{"UUID": one}, {"UUID": two}], "NextMarker": "more"}
    stubber.add_response("list_event_source_mappings", first)
    stubber.add_response("list_event_source_mappings", {"EventSourceMappings": [{"UUID": three}]})
    return client, stubber, uuids


def test_all_mappings_are_deleted_whatever_page_they_are_on_and_whatever_fails(
    three_mappings, lines
):
    client, stubber, (one, two, three) = three_mappings
    stubber.add_client_error("delete_event_source_mapping", "ResourceInUseException")
    stubber.add_client_error("delete_event_source_mapping", "ResourceNotFoundException")
    stubber.add_response("delete_event_source_mapping", {}, {"UUID": three})
    assert cleanup.delete_event_source_mappings(client) is False
    ends = [line for line in lines() if not line.startswith(("Looking", "Deleting"))]
    assert f"Delete event source mapping {one} failed: " in ends[0]
    assert ends[1] == f"No event source mapping {two}. Nothing to delete"
    assert ends[2] == f"Deleted event source mapping {three}"


def test_a_mapping_that_is_being_deleted_is_not_deleted_again(stub):
    client, stubber = stub("lambda")
    mappings = [{"UUID": "1" * 36, "State": "Deleting"}, {"UUID": "2" * 36, "State": "Enabled"}]
    stubber.add_response("list_event_source_mappings", {"EventSourceMappings": mappings})
    stubber.add_response("delete_event_source_mapping", {}, {"UUID": "2" * 36})
    assert cleanup.delete_event_source_mappings(client) is True
    stubber.assert_no_pending_responses()


def test_a_role_with_managed_and_inline_policies_is_deleted(make):
    iam = boto3.client("iam")
    make.role()
    for name in ("one", "two"):
        arn = iam.create_policy(PolicyName=name, PolicyDocument=POLICY)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=cleanup.ROLE_NAME, PolicyArn=arn)
        iam.put_role_policy(RoleName=cleanup.ROLE_NAME, PolicyName=name, PolicyDocument=POLICY)
    assert cleanup.delete_role(iam) is True
    assert iam.list_roles()["Roles"] == []


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


@pytest.mark.parametrize("operation", [
    "detach_role_policy", "list_role_policies", "delete_role_policy", "delete_role"
])
def test_a_role_that_cannot_be_deleted_is_one_line_and_false(make, lines, operation):
    make.role()
    iam = cleanup.authenticate_iam()
    iam.put_role_policy(RoleName=cleanup.ROLE_NAME, PolicyName="x", PolicyDocument=POLICY)
    refuse(iam, operation)
    assert cleanup.delete_role(iam) is False
    assert lines()[1].startswith("Delete role kinesis-log-consumer-role failed: ")
    assert find_leftovers() == ["kinesis-log-consumer-role"]


def test_a_database_that_may_be_deleted_but_not_described_is_deleted(stub, lines):
    client, stubber = stub("timestream-write")
    stubber.add_client_error("describe_database", "AccessDeniedException")
    stubber.add_response("delete_database", {})
    assert cleanup.delete_database(client) is True
    assert lines()[1] == "Deleted database DemoDatabase"


def test_a_database_that_goes_after_the_look_at_it_is_gone_already(stub, lines):
    client, stubber = stub("timestream-write")
    stubber.add_response("describe_database", {"Database": {}})
    stubber.add_client_error("delete_database", "ResourceNotFoundException")
    assert cleanup.delete_database(client) is True
    assert lines()[1] == "No database DemoDatabase. Nothing to delete"


def test_a_database_that_may_not_be_deleted_is_one_line_and_false(stub, lines):
    client, stubber = stub("timestream-write")
    stubber.add_client_error("describe_database", "AccessDeniedException")
    stubber.add_client_error("delete_database", "AccessDeniedException")
    assert cleanup.delete_database(client) is False
    assert lines()[1].startswith("Delete database DemoDatabase failed: ")


@pytest.mark.parametrize(("status", "deleted"), [("DELETING", True), ("CREATING", False)])
def test_a_stream_that_is_being_deleted_already_is_waited_for(stub, status, deleted):
    client, stubber = stub("kinesis")
    stubber.add_client_error("delete_stream", "ResourceInUseException")
    stubber.add_response("describe_stream_summary", {"StreamDescriptionSummary": {
        "StreamName": "TUTORIAL", "StreamARN": "arn:aws:kinesis:x:1:stream/TUTORIAL",
        "StreamStatus": status, "RetentionPeriodHours": 24, "StreamCreationTimestamp": 0,
        "EnhancedMonitoring": [], "OpenShardCount": 1,
    }})
    assert cleanup.delete_stream(client) is deleted


def test_the_wait_for_the_stream_to_go_looks_every_two_seconds(stub, sleeps):
    client, stubber = stub("kinesis")
    describe_stream(stubber, *["DELETING"] * 3)
    stubber.add_client_error("describe_stream", "ResourceNotFoundException")
    assert cleanup.wait_until_stream_is_gone(client) is True
    assert sleeps == [2, 2, 2]


def test_a_stream_that_never_goes_ends_the_wait_after_three_minutes(stub, sleeps, lines):
    client, stubber = stub("kinesis")
    describe_stream(stubber, *["DELETING"] * 100)
    assert cleanup.wait_until_stream_is_gone(client) is False
    assert sleeps == [2] * 89
    assert lines()[1].startswith("Stream TUTORIAL is not gone: ")


def test_the_exit_status_tells_that_the_stream_is_not_gone_in_the_end(aws, run, monkeypatch):
    kinesis = cleanup.authenticate_kinesis()
    refuse(kinesis, "describe_stream")
    monkeypatch.setattr(cleanup, "authenticate_kinesis", lambda: kinesis)
    status, output = run(cleanup)
    assert status == 1
    assert len([line for line in output if line.startswith("Stream TUTORIAL is not gone: ")]) == 1


def test_ctrl_c_ends_the_clean_up_with_one_line(everything, run, monkeypatch):
    def interrupt(_seconds):
        raise KeyboardInterrupt

    kinesis = cleanup.authenticate_kinesis()
    monkeypatch.setattr(cleanup, "authenticate_kinesis", lambda: kinesis)
    kinesis.meta.events.register("before-call.kinesis.DeleteStream", lambda **_: (
        SimpleNamespace(status_code=200), {}
    ))
    monkeypatch.setattr(time, "sleep", interrupt)
    status, output = run(cleanup)
    assert (status, output[-1]) == (1, "Stopped. Run the script again to finish.")
