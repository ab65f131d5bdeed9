"""What is left of a tutorial, as each service's own list commands say."""

import boto3


def find_leftovers():
    """Return the names of all that there is, of every kind that the tutorial makes."""
    timestream, functions = boto3.client("timestream-write"), boto3.client("lambda")
    found = {
        "DatabaseName": timestream.list_databases()["Databases"],
        "TableName": timestream.list_tables()["Tables"],
        "StreamName": boto3.client("kinesis").list_streams()["StreamSummaries"],
        "UUID": functions.list_event_source_mappings()["EventSourceMappings"],
        "FunctionName": functions.list_functions()["Functions"],
        "RoleName": boto3.client("iam").list_roles()["Roles"],
        "logGroupName": boto3.client("logs").describe_log_groups()["logGroups"],
    }
    return [thing[name] for name, things in found.items() for thing in things]
