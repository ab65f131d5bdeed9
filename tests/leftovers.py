"""Lists what is left of the tutorial, with each service's own list operations."""

import boto3


def find_leftovers():
    """Return the names of all existing resources of the kinds that the tutorial creates."""
    session = boto3.Session()
    timestream, functions = session.client("timestream-write"), session.client("lambda")
    found = {
        "DatabaseName": timestream.list_databases()["Databases"],
        "TableName": timestream.list_tables()["Tables"],
        "StreamName": session.client("kinesis").list_streams()["StreamSummaries"],
        "UUID": functions.list_event_source_mappings()["EventSourceMappings"],
        "FunctionName": functions.list_functions()["Functions"],
        "RoleName": session.client("iam").list_roles()["Roles"],
        "logGroupName": session.client("logs").describe_log_groups()["logGroups"],
    }
    return [thing[name] for name, things in found.items() for thing in things]
