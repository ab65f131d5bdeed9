"""Delete all that the tutorial has made on AWS.

Run it when you are done:  python cleanup.py

What is gone already is no failure, and a step that fails does not stop the others, so the script
can be run again until all is gone. The exit status is 0 if nothing of the tutorial is left, else 1.
"""

import argparse
import contextlib
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, NoCredentialsError

STREAM_NAME = "TUTORIAL"
DATABASE_NAME = "DemoDatabase"
TABLE_NAME1 = "WeatherMetrics"
FUNCTION_NAME = "kinesis-log-consumer"
ROLE_NAME = "kinesis-log-consumer-role"
LOG_GROUP_NAME = f"/aws/lambda/{FUNCTION_NAME}"

# Seconds between two looks at the stream, and how many of them: three minutes in all.
WAIT_DELAY = 2
WAIT_MAX_ATTEMPTS = 90


def delete(what, gone, call, **parameters):
    """Delete one thing; return True if it does not exist afterwards, False if that failed.

    what: its kind and name, for the reader.
    gone: the exception that says that it does not exist.
    call, parameters: the function that deletes it, and the arguments that it takes.
    """
    print(f"Deleting {what}")
    try:
        call(**parameters)
    except gone:
        print(f"No {what}. Nothing to delete")
    except Exception as error:
        print(f"Delete {what} failed: {reason(error)}")
        return False
    else:
        print(f"Deleted {what}")
    return True


def delete_event_source_mappings(client):
    """Delete the function's event source mappings; return True if none is left.

    They outlive the function: one that is left would call the next function of that name.

    client: a Lambda client, see authenticate_lambda().
    """
    what = f"event source mappings of {FUNCTION_NAME}"
    print(f"Looking for {what}")
    try:
        pages = client.get_paginator("list_event_source_mappings")
        mappings = pages.paginate(FunctionName=FUNCTION_NAME).build_full_result()
    except client.exceptions.ResourceNotFoundException:
        mappings = {}
    except Exception as error:
        print(f"List {what} failed: {reason(error)}")
        return False
    # Deleting takes Lambda a while, in which a mapping is listed and cannot be deleted again.
    uuids = [
        mapping["UUID"]
        for mapping in mappings.get("EventSourceMappings", [])
        if mapping.get("State") != "Deleting"
    ]
    if not uuids:
        print(f"No {what}. Nothing to delete")
    deleted = [
        delete(
            f"event source mapping {uuid}",
            client.exceptions.ResourceNotFoundException,
            client.delete_event_source_mapping,
            UUID=uuid,
        )
        for uuid in uuids
    ]
    return all(deleted)


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


def delete_stream(client):
    """Ask for the stream to be deleted; return True if it is being deleted now or does not exist.

    client: a Kinesis client, see authenticate_kinesis().
    """
    return delete(
        f"stream {STREAM_NAME}",
        client.exceptions.ResourceNotFoundException,
        client.delete_stream,
        StreamName=STREAM_NAME,
    )


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
        delete_existing_database,
        client=client,
    )


def delete_existing_database(client):
    """Delete the database; raise what fails, ResourceNotFoundException if there is none.

    AWS needs no look at the database first, but moto breaks down on deleting what does not exist.
    """
    try:
        client.describe_database(DatabaseName=DATABASE_NAME)
    except client.exceptions.ResourceNotFoundException:
        raise
    except Exception:
        pass  # whoever may delete the database need not be allowed to look at it
    client.delete_database(DatabaseName=DATABASE_NAME)


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
    print("Stream is gone")
    return True


def reason(error):
    """Return the text of an error as one line; some answers span several."""
    return " ".join(str(error).split())


def authenticate(service_name):
    """Return a client of a service, for the region and credentials that the AWS CLI uses too.

    Raises a BotoCoreError if there are none. All scripts have the same settings, those of AWS's
    own examples for Timestream.
    """
    session = boto3.Session()
    client = session.client(
        service_name,
        config=Config(read_timeout=20, max_pool_connections=5000, retries={"max_attempts": 10}),
    )
    if session.get_credentials() is None:
        raise NoCredentialsError()
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
    try:
        lambda_client, iam, logs = authenticate_lambda(), authenticate_iam(), authenticate_logs()
        kinesis, timestream = authenticate_kinesis(), authenticate_timestream()
        done = [
            delete_event_source_mappings(lambda_client),
            delete_lambda(lambda_client),
            delete_log_group(logs),
            delete_role(iam),
            delete_stream(kinesis) and wait_until_stream_is_gone(kinesis),
            delete_table(timestream),
            delete_database(timestream),
        ]
    except (BotoCoreError, ValueError) as error:
        print(f'AWS is not configured, run "aws configure" first: {reason(error)}')
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run the script again to finish.")
        return 1
    if not all(done):
        print("Not all could be deleted, see above. Run the script again when that is mended.")
        return 1
    print("Nothing of the tutorial is left.")
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    sys.exit(main())
