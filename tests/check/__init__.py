"""python -m tests.check says where you are in the tutorial; see check.py."""
