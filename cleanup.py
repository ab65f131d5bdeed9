"""Delete everything on AWS that has one of the tutorial's names, whoever made it.

Run it when you are done:  python cleanup.py

What is already gone counts as deleted, and a failed step does not stop the others, so you can run
the script again until everything is gone. The exit status is 0 if nothing of the tutorial is
left, else 1. The functions take the client of their service, and return True if what they delete
does not exist afterwards, False if that failed.
"""

import argparse
import contextlib
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

STREAM_NAME = "TUTORIAL"
DATABASE_NAME = "DemoDatabase"
TABLE_NAME1 = "WeatherMetrics"
FUNCTION_NAME = "kinesis-log-consumer"
ROLE_NAME = "kinesis-log-consumer-role"
LOG_GROUP_NAME = f"/aws/lambda/{FUNCTION_NAME}"

# The waiter checks the stream every 2 seconds, up to 90 times: three minutes in all.
WAITER_CONFIG = {"Delay": 2, "MaxAttempts": 90}

# AWS or the SDK raises these; an OSError comes from reading credentials.
ERRORS = (ClientError, BotoCoreError, OSError)


def delete(resource, not_found, operation, **parameters):
    """Delete a resource and print the outcome; return True if it does not exist afterwards.

    resource: its kind and name, as printed.
    not_found: the exception raised if it does not exist.
    operation, parameters: the function that deletes it, and that function's arguments.
    """
    print(f"Deleting {resource}")
    try:
        operation(**parameters)
    except not_found:
        print(f"No {resource}. Nothing to delete")
    except ERRORS as error:
        print(f"Delete {resource} failed: {error}")
        return False
    else:
        print(f"Deleted {resource}")
    return True


def delete_event_source_mappings(client):
    """Delete the function's event source mappings.

    They outlive the function: a leftover one would call the next function of that name. AWS does
    not say whether it can still find them by the name of a deleted function, so this goes through
    all mappings in the region.
    """
    print(f"Looking for event source mappings of {FUNCTION_NAME}")
    try:
        pages = client.get_paginator("list_event_source_mappings").paginate()
        mappings = [
            mapping
            for mapping in pages.search("EventSourceMappings[]")
            if mapping["FunctionArn"].split(":")[6] == FUNCTION_NAME
            and mapping["State"] != "Deleting"
        ]
    except ERRORS as error:
        print(f"List event source mappings failed: {error}")
        return False
    if not mappings:
        print(f"No event source mappings of {FUNCTION_NAME}. Nothing to delete")
    deleted = [
        delete(
            f"event source mapping {mapping['UUID']}",
            client.exceptions.ResourceNotFoundException,
            client.delete_event_source_mapping,
            UUID=mapping["UUID"],
        )
        for mapping in mappings
    ]
    return all(deleted)


def delete_lambda(client):
    """Delete the function."""
    return delete(
        f"function {FUNCTION_NAME}",
        client.exceptions.ResourceNotFoundException,
        client.delete_function,
        FunctionName=FUNCTION_NAME,
    )


def delete_stream(client):
    """Delete the stream with all its records."""
    return delete(
        f"stream {STREAM_NAME}",
        client.exceptions.ResourceNotFoundException,
        delete_stream_and_wait,
        client=client,
    )


def delete_stream_and_wait(client):
    """Delete the stream, and wait until it is gone; raise any error.

    DeleteStream only starts the work (Kinesis API Reference, "DeleteStream"). Until it is done, no
    stream of that name can be created. Another run of this script may already have started it.
    """
    try:
        client.delete_stream(StreamName=STREAM_NAME)
    except client.exceptions.ResourceInUseException:
        stream = client.describe_stream_summary(StreamName=STREAM_NAME)["StreamDescriptionSummary"]
        if stream["StreamStatus"] != "DELETING":
            raise  # the stream has registered consumers, for instance
    print(f"Waiting until stream {STREAM_NAME} is gone")
    waiter = client.get_waiter("stream_not_exists")
    waiter.wait(StreamName=STREAM_NAME, WaiterConfig=WAITER_CONFIG)


def delete_table(client):
    """Delete the table with all its readings."""
    return delete(
        f"table {DATABASE_NAME}.{TABLE_NAME1}",
        client.exceptions.ResourceNotFoundException,
        client.delete_table,
        DatabaseName=DATABASE_NAME,
        TableName=TABLE_NAME1,
    )


def delete_database(client):
    """Delete the database, which has to be empty."""
    return delete(
        f"database {DATABASE_NAME}",
        client.exceptions.ResourceNotFoundException,
        client.delete_database,
        DatabaseName=DATABASE_NAME,
    )


def delete_log_group(client):
    """Delete the function's log. Lambda created it, and does not delete it with the function."""
    return delete(
        f"log group {LOG_GROUP_NAME}",
        client.exceptions.ResourceNotFoundException,
        client.delete_log_group,
        logGroupName=LOG_GROUP_NAME,
    )


def delete_role(client):
    """Delete the function's role."""
    return delete(
        f"role {ROLE_NAME}",
        client.exceptions.NoSuchEntityException,
        delete_role_and_policies,
        client=client,
    )


def delete_role_and_policies(client):
    """Delete the role; raise any error.

    IAM deletes no role that has policies (IAM API Reference, "DeleteRole"), so managed policies are
    detached and inline ones deleted first, unless another run of this script has just done so.
    """
    attached = client.get_paginator("list_attached_role_policies").paginate(RoleName=ROLE_NAME)
    for policy in attached.search("AttachedPolicies[]"):
        with contextlib.suppress(client.exceptions.NoSuchEntityException):
            client.detach_role_policy(RoleName=ROLE_NAME, PolicyArn=policy["PolicyArn"])
    inline = client.get_paginator("list_role_policies").paginate(RoleName=ROLE_NAME)
    for name in inline.search("PolicyNames[]"):
        with contextlib.suppress(client.exceptions.NoSuchEntityException):
            client.delete_role_policy(RoleName=ROLE_NAME, PolicyName=name)
    client.delete_role(RoleName=ROLE_NAME)


def authenticate(service_name):
    """Return a client of a service, for the region and credentials that boto3 finds."""
    retries = {"max_attempts": 10, "mode": "standard"}
    config = Config(connect_timeout=5, read_timeout=20, retries=retries)
    return boto3.Session().client(service_name, config=config)


def authenticate_kinesis():
    """Return a Kinesis client."""
    return authenticate("kinesis")


def authenticate_timestream():
    """Return a Timestream write client."""
    return authenticate("timestream-write")


def authenticate_lambda():
    """Return a Lambda client."""
    return authenticate("lambda")


def authenticate_iam():
    """Return an IAM client."""
    return authenticate("iam")


def authenticate_logs():
    """Return a CloudWatch Logs client."""
    return authenticate("logs")


def main():
    """Delete everything; return the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        lambda_client, iam, logs = authenticate_lambda(), authenticate_iam(), authenticate_logs()
        kinesis, timestream = authenticate_kinesis(), authenticate_timestream()
    except (BotoCoreError, OSError, ValueError) as error:  # no region, or an endpoint without http
        print(f'Could not create a client: {error} Is this terminal signed in ("aws configure")?')
        return 1
    region = kinesis.meta.region_name
    print(f"Deleting in {region} everything with one of the tutorial's names, whoever made it")
    deleted = [
        delete_event_source_mappings(lambda_client),
        delete_lambda(lambda_client),
        delete_stream(kinesis),
        delete_table(timestream),
        delete_database(timestream),
        delete_log_group(logs),  # late: a function that is still running would create it again
        delete_role(iam),  # last: it belongs to no region
    ]
    if not all(deleted):
        print(f'Something may be left in {region}: see the lines with "failed".')
        print("Anything still in use stays, such as a database with another table.")
        print("If AWS was still busy, run the script again in a few minutes.")
        return 1
    print(f"Nothing of the tutorial is left in {region}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
