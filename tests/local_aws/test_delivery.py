"""tests/local_aws/delivery.py: what is said of a failure. test_mapping.py has the rest."""

from tests import local_aws
from tests.local_aws.delivery import find_error, find_reason

LOG = "START RequestId: 1\nFailed: 7: 'first'\nFailed: 8: 'second'\n1 of 3 records stored\n"


def test_the_reason_of_a_failure_is_what_the_function_printed_of_that_record():
    assert find_reason(LOG, "8") == "8: 'second'"
    assert find_reason(LOG, "9") == "7: 'first'"
    assert find_reason("START\n", "7") == ""
    assert find_reason(f"Failed: 7: {'x' * 1000}", "7") == f"7: {'x' * 97}..."


def test_an_error_is_said_in_the_same_words_each_time():
    message = "RequestId: 1-2-3 Error: Task timed out after 60.00 seconds"
    found = find_error({"errorType": "Sandbox.Timedout", "errorMessage": message})
    assert found == "Sandbox.Timedout: Task timed out after 60.00 seconds"


def test_time_passes_as_ever_unless_it_is_to_be_faster():
    with local_aws.running(managed_policies=False) as mappings:
        assert mappings.speed == 1
