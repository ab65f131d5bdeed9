"""Programs for readers, and the tests. README.md beside this file says where things are.

What a reader of the scripts looks for is at the top:

test_<script>.py               the tests of a script
test_sensors.py                what both sensors have in common
test_all_scripts.py            what all scripts have in common
test_mistakes.py               what a learner's own mistakes look like
conftest.py                    the fixtures
helpers.py                     what tests import
network.py                     outages and refusals, below botocore
environment.py                 the environment of every process: no account, no network
leftovers.py                   what is left of a tutorial

The programs:

python -m tests.walkthrough   the whole tutorial in a real bash; the quick start
python -m tests.local_aws     AWS on this machine, for scripts and AWS CLI in another terminal
python -m tests.check         where you are in the tutorial, what is wrong, and which step is next
python -m tests.aws_cli       a stand-in for the AWS CLI, for readers who have none
python -m tests.benchmark     the speed of the Lambda function
"""
