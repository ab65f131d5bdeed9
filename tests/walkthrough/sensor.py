"""Run a sensor's script as it stands, on a clock of its own: python sensor.py SCRIPT [OPTIONS]

Its pauses are SPEED times as short, and yet its readings are a second apart: the clock goes on by
the whole pause. The last sensor has ended when the file CLOCK was modified. This one begins soon
after, at two seconds past ten, twenty ..., so that a query for every ten seconds finds the same.
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
HANG = 1  # seconds from which on the time between two pauses counts: a call hangs, in an outage

monotonic, sleep = time.monotonic, time.sleep


class Clock:
    """Takes the place of time.time() and time.sleep()."""

    def __init__(self, begin):
        self.begin = begin  # of the reading that is taken now
        self.readings = 0
        self.awake = None  # since when there was no pause; None: the first one is to come

    def time(self):
        """Return the time on this clock."""
        return self.begin + self.find_waking_time()

    def sleep(self, seconds):
        """Pause for a part of the seconds, and put the clock forward by all of them."""
        self.readings += 1
        if self.readings in OUTAGE:
            self.begin += TIMEOUT
        waking = self.find_waking_time()
        self.begin += seconds + (waking if waking > HANG else 0)
        sleep(seconds / SPEED)
        self.awake = monotonic()

    def find_waking_time(self):
        """Return the seconds since the last pause."""
        return 0 if self.awake is None else monotonic() - self.awake


def main():
    """Run the script that the command line names, with the options that follow it."""
    clock = Clock(FILE.stat().st_mtime // 10 * 10 + 12.3)
    sys.argv = sys.argv[1:]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    time.time, time.sleep = clock.time, clock.sleep
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    finally:
        end = max(clock.begin, FILE.stat().st_mtime)  # another sensor may have ended later
        os.utime(FILE, (end, end))


if __name__ == "__main__":
    main()
