"""What is in this folder.

Programs for readers:

    python -m tests.walkthrough   the whole tutorial in one process; the quick start
    python -m tests.local_aws     AWS on this machine, for scripts and AWS CLI in another terminal
    python -m tests.aws           a stand-in for the AWS CLI, for readers who have none
    python -m tests.benchmark     the speed of the Lambda function

What they and the tests are made of:

    environment.py   the environment of all of them, from which nothing can reach a real account
    local_aws/       moto, and a file for each thing that it lacks
    shell.py         the little of bash that the README's commands need
    leftovers.py     what is left of a tutorial
    transport.py     AWS below botocore: round trips, outages and strange answers
    conftest.py      the fixtures of the tests

All other files are tests: test_<script>.py of a script, test_sensors.py of what the two sensors
have in common, test_all_scripts.py of what all scripts have, test_readme.py of the README's text,
test_local_<file>.py of a file of local_aws/, and one each of programs and environment; that of the
walkthrough has its shell, too.
"""
