import os
import signal
import sys

signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
try:
    from tests.walkthrough.walk import main  # here, because Ctrl-C may be pressed during the import

    sys.exit(main())
except KeyboardInterrupt:
    print("Stopped.")
    sys.exit(1)
except BrokenPipeError:  # the program that reads the pipe has ended, as with "| head -1"
    os._exit(1)
