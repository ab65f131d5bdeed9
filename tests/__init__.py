"""The tests of the scripts, and programs for readers. README.md in this folder is for contributors.

The tests of the scripts:

test_<script>.py              one script
test_sensors.py               both sensors
test_all_scripts.py           all scripts
test_mistakes.py              what a learner's own mistakes look like
conftest.py, helpers.py       fixtures, and functions that tests import
network.py                    simulated responses of AWS, outages among them
environment.py                an environment without account and network, for every process
leftovers.py                  lists what is left of the tutorial

The programs, each with its tests beside it:

python -m tests.walkthrough   run all of README.md in a real bash; the quick start
python -m tests.local_aws     AWS on this machine, for scripts and the AWS CLI in another terminal
python -m tests.check         where am I in the tutorial, what is wrong, which step is next?
python -m tests.aws_cli       a stand-in for the AWS CLI, for readers who do not have it
python -m tests.benchmark     the speed of the Lambda function
"""
