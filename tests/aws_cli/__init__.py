"""A stand-in for the AWS CLI, for readers who do not have it; see cli.py."""

import shlex
import sys
from pathlib import Path


def build_alias():
    """Return a bash line that makes `aws` run this program, in every folder and in scripts.

    It defines a function, because scripts do not see the aliases of the shell that starts them.
    """
    program = shlex.join([sys.executable, str(Path(__file__).resolve().parent)])
    return f'aws() {{ {program} "$@"; }}; export -f aws'
