"""Delete all that the tutorial has made on AWS.

Run it when you are done:  python cleanup.py

What is gone already is no failure, and a step that fails does not stop the others, so the script
can be run again until all is gone. The exit status is 0 if nothing of the tutorial is left, else 1.
"""

import argparse
import contextlib
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

STREAM_NAME = "TUTORIAL"
DATABASE_NAME = "DemoDatabase"
TABLE_NAME1 = "WeatherMetrics"
FUNCTION_NAME = "kinesis-log-consumer"
ROLE_NAME = "kinesis-log-consumer-role"
LOG_GROUP_NAME = f"/aws/lambda/{FUNCTION_NAME}"

# Seconds between two looks at the stream, and how many of them: three minutes in all.
WAIT_DELAY = 2
WAIT_MAX_ATTEMPTS = 90


def delete(resource, not_found, operation, **parameters):
    """Delete a resource; return True if it does not exist afterwards, False if that failed.

    resource: its kind and name, for the reader.
    not_found: the exception that says that it does not exist.
    operation, parameters: the function that deletes it, and the arguments that it takes.
    """
    print(f"Deleting {resource}")
    try:
        operation(**parameters)
    except not_found:
        print(f"No {resource}. Nothing to delete")
    except Exception as error:
        print(f"Delete {resource} failed: {reason(error)}")
        return False
    else:
        print(f"Deleted {resource}")
    return True


def delete_event_source_mappings(client):
    """Delete the function's event source mappings; return True if none is left.

    They outlive the function: one that is left would call the next function of that name.

    client: a Lambda client, see authenticate_lambda().
    """
    print(f"Looking for event source mappings of {FUNCTION_NAME}")
    try:
        pages = client.get_paginator("list_event_source_mappings")
        found = pages.paginate(FunctionName=FUNCTION_NAME).build_full_result()
    except client.exceptions.ResourceNotFoundException:
        found = {}
    except Exception as error:
        print(f"List event source mappings failed: {reason(error)}")
        return False
    uuids = [mapping["UUID"] for mapping in found.get("EventSourceMappings", [])]
    if not uuids:
        print(f"No event source mappings of {FUNCTION_NAME}. Nothing to delete")
    deleted = [
        delete(
            f"event source mapping {uuid}",
            client.exceptions.ResourceNotFoundException,
            request_deletion_of_mapping,
            client=client,
            uuid=uuid,
        )
        for uuid in uuids
    ]
    return all(deleted)


def request_deletion_of_mapping(client, uuid):
    """Ask for a mapping to be deleted, unless it is being deleted already; raise what fails."""
    try:
        client.delete_event_source_mapping(UUID=uuid)
    except client.exceptions.ResourceInUseException:
        if client.get_event_source_mapping(UUID=uuid)["State"] != "Deleting":
            raise


def delete_lambda(client):
    """Delete the function; return True if it does not exist afterwards.

    client: a Lambda client, see authenticate_lambda().
    """
    return delete(
        f"function {FUNCTION_NAME}",
        client.exceptions.ResourceNotFoundException,
        client.delete_function,
        FunctionName=FUNCTION_NAME,
    )


def delete_stream(client):
    """Ask for the stream to be deleted; return True if it is being deleted now or does not exist.

    client: a Kinesis client, see authenticate_kinesis().
    """
    return delete(
        f"stream {STREAM_NAME}",
        client.exceptions.ResourceNotFoundException,
        request_deletion_of_stream,
        client=client,
    )


def request_deletion_of_stream(client):
    """Ask for the stream to be deleted, unless it is being deleted already; raise what fails."""
    try:
        client.delete_stream(StreamName=STREAM_NAME)
    except client.exceptions.ResourceInUseException:
        summary = client.describe_stream_summary(StreamName=STREAM_NAME)
        if summary["StreamDescriptionSummary"]["StreamStatus"] != "DELETING":
            raise


def wait_until_stream_is_gone(client):
    """Wait until the stream is gone; return True then, False after three minutes or an error.

    DeleteStream only starts the work (Kinesis API Reference, "DeleteStream"). As long as it lasts,
    no stream of that name can be created.

    client: a Kinesis client, see authenticate_kinesis().
    """
    print(f"Waiting until stream {STREAM_NAME} is gone")
    try:
        client.get_waiter("stream_not_exists").wait(
            StreamName=STREAM_NAME,
            WaiterConfig={"Delay": WAIT_DELAY, "MaxAttempts": WAIT_MAX_ATTEMPTS},
        )
    except Exception as error:
        print(f"Stream {STREAM_NAME} is not gone: {reason(error)}")
        return False
    print(f"Stream {STREAM_NAME} is gone")
    return True


def delete_table(client):
    """Delete the table with all its readings; return True if it does not exist afterwards.

    client: a Timestream write client, see authenticate_timestream().
    """
    return delete(
        f"table {DATABASE_NAME}.{TABLE_NAME1}",
        client.exceptions.ResourceNotFoundException,
        client.delete_table,
        DatabaseName=DATABASE_NAME,
        TableName=TABLE_NAME1,
    )


def delete_database(client):
    """Delete the database, which has to be empty; return True if it does not exist afterwards.

    client: a Timestream write client, see authenticate_timestream().
    """
    return delete(
        f"database {DATABASE_NAME}",
        client.exceptions.ResourceNotFoundException,
        look_and_delete_database,
        client=client,
    )


def look_and_delete_database(client):
    """Delete the database; raise what fails, ResourceNotFoundException if there is none.

    AWS needs no look at the database first, but moto breaks down on deleting what does not exist.
    """
    with contextlib.suppress(client.exceptions.AccessDeniedException):
        client.describe_database(DatabaseName=DATABASE_NAME)
    client.delete_database(DatabaseName=DATABASE_NAME)


def delete_log_group(client):
    """Delete the log of the function; return True if it does not exist afterwards.

    Lambda made it when the function first ran, and leaves it when the function goes.

    client: a CloudWatch Logs client, see authenticate_logs().
    """
    return delete(
        f"log group {LOG_GROUP_NAME}",
        client.exceptions.ResourceNotFoundException,
        client.delete_log_group,
        logGroupName=LOG_GROUP_NAME,
    )


def delete_role(client):
    """Delete the function's role; return True if it does not exist afterwards.

    client: an IAM client, see authenticate_iam().
    """
    return delete(
        f"role {ROLE_NAME}",
        client.exceptions.NoSuchEntityException,
        delete_role_and_policies,
        client=client,
    )


def delete_role_and_policies(client):
    """Delete the role; raise what fails.

    IAM deletes no role that has policies (IAM API Reference, "DeleteRole"), so managed policies are
    detached and inline ones deleted before. One that has gone meanwhile is no failure.
    """
    role = {"RoleName": ROLE_NAME}
    attached = client.get_paginator("list_attached_role_policies").paginate(**role)
    for policy in attached.build_full_result().get("AttachedPolicies", []):
        with contextlib.suppress(client.exceptions.NoSuchEntityException):
            client.detach_role_policy(PolicyArn=policy["PolicyArn"], **role)
    inline = client.get_paginator("list_role_policies").paginate(**role)
    for name in inline.build_full_result().get("PolicyNames", []):
        with contextlib.suppress(client.exceptions.NoSuchEntityException):
            client.delete_role_policy(PolicyName=name, **role)
    client.delete_role(**role)


def reason(error):
    """Return the text of an error in one line, or the name of its type if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def authenticate(service_name):
    """Return a client of a service, for the region and credentials that the AWS CLI uses too.

    A call is tried up to eleven times: nobody else would try it again. Raises a BotoCoreError if
    there is no region or no credentials.
    """
    session = boto3.Session()
    retries = {"max_attempts": 10, "mode": "standard"}
    config = Config(
        connect_timeout=5, read_timeout=20, max_pool_connections=5000, retries=retries
    )
    client = session.client(service_name, config=config)
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError()
    credentials.get_frozen_credentials()  # now, so that what is wrong with them shows at once
    return client


def authenticate_kinesis():
    """Return a Kinesis client, see authenticate()."""
    return authenticate("kinesis")


def authenticate_timestream():
    """Return a Timestream write client, see authenticate()."""
    return authenticate("timestream-write")


def authenticate_lambda():
    """Return a Lambda client, see authenticate()."""
    return authenticate("lambda")


def authenticate_iam():
    """Return an IAM client, see authenticate()."""
    return authenticate("iam")


def authenticate_logs():
    """Return a CloudWatch Logs client, see authenticate()."""
    return authenticate("logs")


def main():
    """Delete everything; return the exit status, 0 only if nothing is left."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        lambda_client, iam, logs = authenticate_lambda(), authenticate_iam(), authenticate_logs()
        kinesis, timestream = authenticate_kinesis(), authenticate_timestream()
        region = kinesis.meta.region_name
        print(f"Deleting what the tutorial has made in {region}")
        deleted = [
            delete_event_source_mappings(lambda_client),
            delete_lambda(lambda_client),
            delete_stream(kinesis) and wait_until_stream_is_gone(kinesis),
            delete_table(timestream),
            delete_database(timestream),
            delete_log_group(logs),  # late, as an invocation that goes on would make it again
            delete_role(iam),  # last, as the one thing that belongs to no region
        ]
    except KeyboardInterrupt:
        print("Stopped. Run the script again to finish.")
        return 1
    except Exception as error:  # on the way to credentials, boto3 raises errors of any kind
        print(f'AWS is not configured, run "aws configure" first: {reason(error)}')
        return 1
    if not all(deleted):
        print("Not all could be deleted, see above. Run the script again when that is mended.")
        return 1
    print(f"Nothing of the tutorial is left in {region}.")
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    try:
        sys.exit(main())
    except BrokenPipeError:  # whoever reads the output is gone, as with "| head -1"
        os._exit(1)  # without flushing what nobody reads
