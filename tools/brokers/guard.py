"""Ends a broker whose owner died, however it died: its end of our standard input closes.

The broker's process id cannot have been given to another process meanwhile: while the owner lives the broker is its
child, and the owner says so before it forgets it. Needs nothing but the standard library, to start fast.
"""

import contextlib
import os
import signal
import sys

if __name__ == "__main__" and not sys.stdin.buffer.read():
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(sys.argv[1]), signal.SIGKILL)
