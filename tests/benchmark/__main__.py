import os
import sys

from tests.benchmark.benchmark import main

sys.stdout.reconfigure(line_buffering=True)
try:
    sys.exit(main())
except (BrokenPipeError, KeyboardInterrupt):  # as with "| head -1", or Ctrl-C
    os._exit(1)
