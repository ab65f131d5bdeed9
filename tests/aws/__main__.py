import os
import sys

from tests.aws.cli import main

sys.stdout.reconfigure(errors="backslashreplace")
try:
    sys.exit(main(sys.argv[1:]))
except (BrokenPipeError, KeyboardInterrupt):  # as with "| head -1", or Ctrl-C
    os._exit(1)
