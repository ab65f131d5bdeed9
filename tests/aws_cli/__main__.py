"""Runs as `python -m tests.aws_cli`, or in any folder as `python /full/path/tests/aws_cli`."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.aws_cli.cli import main

sys.stdout.reconfigure(errors="backslashreplace")
try:
    sys.exit(main(sys.argv[1:]))
except BrokenPipeError:  # as with "| head -1"
    os._exit(1)
except KeyboardInterrupt:
    os._exit(130)
