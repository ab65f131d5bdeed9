"""Run an unchanged sensor script on a clock of its own: python sensor.py SCRIPT [OPTIONS]

Its pauses are SPEED times shorter, but its readings are still a second apart, as its clock is put
forward by the whole pause. The last sensor ended at the time of the file CLOCK. This one starts
soon after, two seconds into a ten-second bin, so that queries in ten-second bins always match.
With OUTAGE set, two calls seem to hang, as they do while AWS is stopped.
"""

import os
import runpy
import sys
import time
from pathlib import Path

FILE = Path(os.environ["CLOCK"])
SPEED = float(os.environ["SPEED"])
OUTAGE = [20, 21] if "OUTAGE" in os.environ else []  # the readings whose calls seem to hang
TIMEOUT = 5  # seconds of such a call
HANG = 1  # seconds; longer times between two pauses count: a call that hangs in an outage

monotonic, sleep = time.monotonic, time.sleep


class Clock:
    """Takes the place of time.time() and time.sleep()."""

    def __init__(self, start):
        self.start = start  # the time of the current reading
        self.readings = 0
        self.awake = None  # the end of the last pause; None before the first one

    def time(self):
        """Return this clock's time."""
        return self.start + self.find_waking_time()

    def sleep(self, seconds):
        """Pause for a fraction of the seconds, but put the clock forward by all of them."""
        self.readings += 1
        if self.readings in OUTAGE:
            self.start += TIMEOUT
        waking = self.find_waking_time()
        self.start += seconds + (waking if waking > HANG else 0)
        sleep(seconds / SPEED)
        self.awake = monotonic()

    def find_waking_time(self):
        """Return the seconds since the last pause."""
        return 0 if self.awake is None else monotonic() - self.awake


def main():
    """Run the script named on the command line, with the options after it."""
    clock = Clock(FILE.stat().st_mtime // 10 * 10 + 12.3)
    sys.argv = sys.argv[1:]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    time.time, time.sleep = clock.time, clock.sleep
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    finally:
        end = max(clock.start, FILE.stat().st_mtime)  # another sensor may end later
        os.utime(FILE, (end, end))


if __name__ == "__main__":
    main()
