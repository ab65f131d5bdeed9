"""Where am I in the tutorial? `python -m tests.check` says so; see check.py."""
