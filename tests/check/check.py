"""Say where you are in the tutorial: what is done, what is wrong, and which step is next.

    python -m tests.check

It changes nothing, and works with the local AWS as well as with an account. The exit status is 1 if
something is wrong, else 0.
"""

import argparse
import os
import re
import time

from botocore.exceptions import BotoCoreError, ClientError

from cleanup import FUNCTION_NAME, ROLE_NAME
from setup_kinesis import STREAM_NAME
from setup_timestream import DATABASE_NAME, TABLE_NAME1
from tests.check.found import Found, find_endpoint
from tests.environment import REPOSITORY

DONE, NOT_YET, WRONG = "done", "not yet", "wrong"

SKELETON = "initial_lambda_function.lambda_handler"
ALARMS_FOR_SKELETON = 30  # sent in step 10; any more are meant for the final code
TIMEOUT = 60  # seconds, as in step 5


def check_terminal(found):
    """Step 1: region and credentials."""
    if found.region is None:
        return WRONG, 'no region is set: run "export AWS_REGION=us-east-1", and repeat step 1'
    other = os.environ.get("AWS_REGION", found.region)
    if other != found.region:
        return WRONG, f"the CLI uses {other}, but the scripts use {found.region}: repeat step 1"
    client = found.make_client("sts")
    account = client.get_caller_identity()["Account"]
    return DONE, f"account {account}, region {found.region}, {find_endpoint(client)}"


def check_table(found):
    """Step 2: database and table."""
    name = f"table {DATABASE_NAME}.{TABLE_NAME1}"
    if found.table:
        return DONE, f"{name} exists in {found.region}"
    region = found.find_elsewhere(found.find_table)
    if region:
        return WRONG, f"{name} is in {region}, but this terminal uses {found.region}"
    if found.mappings:
        return WRONG, f"{name} is gone from {found.region}: run setup_timestream.py"
    return NOT_YET, f"there is no {name} in {found.region}"


def check_stream(found):
    """Step 3: the stream."""
    name = f"stream {STREAM_NAME}"
    if found.stream:
        status = found.stream["StreamStatus"]
        state = DONE if status in ("ACTIVE", "UPDATING") else NOT_YET
        return state, f"{name} is {status} in {found.region}"
    region = found.find_elsewhere(found.find_stream)
    if region:
        return WRONG, f"{name} is in {region}, but this terminal uses {found.region}"
    if found.mappings:
        return WRONG, (
            f"{name} is gone from {found.region}: run setup_kinesis.py, delete the mapping"
            " (aws lambda delete-event-source-mapping), and repeat step 7"
        )
    return NOT_YET, f"there is no {name} in {found.region}"


def check_role(found):
    """Step 4: the function's role and its policies."""
    name = f"role {ROLE_NAME}"
    if found.allowed is None:
        if found.function:
            return WRONG, f"{name} is gone, but the function needs it"
        return NOT_YET, f"there is no {name}"
    needed = ["timestream:WriteRecords", "kinesis:GetRecords", "logs:PutLogEvents"]
    missing = [action for action in needed if not found.allows(action)]
    if missing:
        return WRONG, f"{name} has no policy that allows {', '.join(missing)}"
    return DONE, f"{name} may write to Timestream, read the stream and write a log"


def check_function(found):
    """Step 5: the function."""
    name = f"function {FUNCTION_NAME}"
    if found.function is None:
        if found.mappings:
            return WRONG, f"{name} is gone, but a mapping still calls it"
        return NOT_YET, f"there is no {name} in {found.region}"
    if found.function["State"] == "Failed":
        return WRONG, f"{name} is Failed: {found.function.get('StateReason')}"
    if found.function["State"] == "Pending":
        return NOT_YET, f"{name} is still Pending"
    if found.function["Timeout"] < TIMEOUT:
        return WRONG, (
            f"{name} has a timeout of {found.function['Timeout']} seconds, not {TIMEOUT}: Lambda"
            " stops it before it can report what is not stored"
        )
    if found.load_error and found.function["Handler"] == SKELETON:
        return WRONG, f"{name} cannot be loaded: {found.load_error}"
    return DONE, f"{name} exists, with a timeout of {found.function['Timeout']} seconds"


def check_log(found):
    """Step 6: the function has run."""
    if found.has_run:
        return DONE, "the function has run: it has a log"
    return NOT_YET, "the function has no log, so it has not run yet"


def check_mapping(found):
    """Step 7: the event source mapping."""
    if not found.mappings:
        return NOT_YET, "no event source mapping from the stream to the function"
    faults = [fault for mapping in found.mappings for fault in find_mapping_faults(mapping)]
    if not find_retried(found.failed):  # else this belongs to step 13
        faults += find_short_ages(found)
    if faults:
        return WRONG, "; ".join(faults)
    waiting = [each["State"] for each in found.mappings if each["State"] != "Enabled"]
    if waiting:
        return NOT_YET, f"the mapping is still {waiting[0]}"
    return DONE, "the mapping is Enabled, and Lambda retries from the record reported as failed"


def find_mapping_faults(mapping):
    """Return what is wrong with an event source mapping."""
    faults = []
    if mapping["State"] in ("Disabled", "Disabling"):
        faults.append(
            f"the mapping is {mapping['State']}:"
            f" aws lambda update-event-source-mapping --enabled --uuid {mapping['UUID']}"
        )
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        faults.append("the mapping has no ReportBatchItemFailures, so failed records are lost")
    return faults


def find_short_ages(found):
    """Return what is wrong with mappings that still have the maximum record age of step 13."""
    return [
        f"the mapping discards records after {mapping['MaximumRecordAgeInSeconds']} seconds:"
        " set the maximum record age back to 3600, as at the end of step 13"
        for mapping in found.mappings
        if 0 <= mapping.get("MaximumRecordAgeInSeconds", -1) <= 60
    ]


def check_wave(found):
    """Step 8: the wave."""
    if found.temperatures:
        return DONE, f"{found.temperatures} temperatures are stored"
    return NOT_YET, "no temperatures are stored"


def check_query(found):
    """Step 9: a query. That leaves no trace, but the step's *Try*s do, and so does step 10."""
    if not found.temperatures:
        return NOT_YET, "there are no readings to query"
    if found.senders == 1 and not found.records:
        return NOT_YET, "the readings can be queried; only you know whether you have done so"
    return DONE, "a query finds the readings"


def check_alarms(found):
    """Step 10: alarms on the stream."""
    if found.records or found.alarms:
        return DONE, "there are alarms on the stream"
    return NOT_YET, "there are no alarms on the stream"


def check_final_code(found):
    """Step 11: the function's final code."""
    if found.function is None:
        return NOT_YET, "there is no function"
    handler = found.function["Handler"]
    has_more_alarms = found.records > ALARMS_FOR_SKELETON
    if handler == SKELETON:
        if has_more_alarms:
            text = "alarms arrive, but the function is still the skeleton, which stores nothing"
            return WRONG, text
        return NOT_YET, "the function is still the skeleton"
    if found.load_error:
        return WRONG, f"the function cannot be loaded: {found.load_error}"
    if has_more_alarms and not found.alarms and not found.failed:
        return WRONG, (
            "the function gets alarms, but neither stores them nor reports them as failed: is its"
            " code still the skeleton?"
        )
    return DONE, f"the function's handler is {handler}"


def check_both(found):
    """Step 12: both alarms and temperatures."""
    if not found.alarms:
        return NOT_YET, "no alarms are stored"
    if not found.temperatures:
        return NOT_YET, "alarms are stored, but no temperatures"
    return DONE, f"{found.alarms} alarms and {found.temperatures} other readings are stored"


def check_bad_record(found):
    """Step 13: a bad record, which was retried and then discarded."""
    retried = find_retried(found.failed)
    if not retried:
        return NOT_YET, "no bad record has been retried"
    last = retried[-1]
    age = time.time() - last["timestamp"] / 1000
    pause = (last["timestamp"] - retried[-2]["timestamp"]) / 1000
    after = found.find_in_log("stored", since=last["timestamp"] + 1)
    # Pauses between retries at most double, so after three times the last one no retry will follow.
    if age < 3 * pause + 5 and not any(is_success(event["message"]) for event in after):
        return WRONG, (
            f"a bad record holds up the shard until it is discarded. {age:.0f} seconds ago:"
            f" {last['message'].strip()}"
        )
    faults = find_short_ages(found)
    if faults:
        return WRONG, faults[0]
    return DONE, "a bad record was retried, and no longer holds up the shard"


def find_retried(failed):
    """Return the `Failed` lines about records that failed more than once.

    The records of a manual invocation are not on the stream, and are not retried.
    """
    numbers = [event["message"].split(":")[1] for event in failed]
    return [event for event, number in zip(failed, numbers) if numbers.count(number) > 1]


def is_success(message):
    """Return whether a log line says that all records of a batch are stored."""
    found = re.match("([0-9]+) of ([0-9]+) records stored", message)
    return found is not None and found[1] == found[2]


CHECKS = [
    check_terminal,
    check_table,
    check_stream,
    check_role,
    check_function,
    check_log,
    check_mapping,
    check_wave,
    check_query,
    check_alarms,
    check_final_code,
    check_both,
    check_bad_record,
]


def read_titles():
    """Return the titles of README.md's steps."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^### [0-9]+\. (.+)$", readme, re.MULTILINE)


def judge(check, found):
    """Return a step's state, and what was found, in words."""
    try:
        return check(found)
    except (ClientError, BotoCoreError, OSError) as error:
        return WRONG, f"this could not be checked: {error}"


def main():
    """Print a line for each step, and the next step; return the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        found = Found()
        results = [judge(check_terminal, found)]
    except BotoCoreError as error:  # an unknown profile, for instance
        results = [(WRONG, str(error))]
    if results[0][0] == WRONG:
        results += [(NOT_YET, "unknown until step 1 is right")] * len(CHECKS[1:])
    else:
        results += [judge(check, found) for check in CHECKS[1:]]
    for number, (state, words) in enumerate(results, start=1):
        print(f"{number:2}  {state:7}  {words}")
    states = [state for state, _ in results]
    print(f"Next: {find_next(states)}")
    return 1 if WRONG in states else 0


def find_next(states):
    """Return the next step: the first that is wrong, or else the first that is not done."""
    for state in (WRONG, NOT_YET):
        if state in states:
            number = states.index(state)
            return f"step {number + 1}, {read_titles()[number]}"
    return "Clean up"
