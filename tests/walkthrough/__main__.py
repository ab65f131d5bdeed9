import os
import signal
import sys

from tests.walkthrough.walk import STOPPED, main

signal.signal(signal.SIGINT, lambda *_: STOPPED.set())
sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
try:
    sys.exit(main())
except BrokenPipeError:  # the reader of the pipe has gone, as with "| head -1"
    os._exit(1)
