"""Programs for readers, and the tests. README.md beside this file says where things are.

python -m tests.walkthrough   the whole tutorial in one process; the quick start
python -m tests.local_aws     AWS on this machine, for scripts and AWS CLI in another terminal
python -m tests.aws_cli       a stand-in for the AWS CLI, for readers who have none
python -m tests.benchmark     the speed of the Lambda function
"""
