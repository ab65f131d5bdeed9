import os
import sys

from tests.aws.cli import main

sys.stdout.reconfigure(errors="backslashreplace")
try:
    sys.exit(main(sys.argv[1:]))
except BrokenPipeError:  # as with "| head -1"
    os._exit(1)
except KeyboardInterrupt:
    os._exit(130)
