"""Ends a broker whose owner died, however it died: its end of our standard input closes.

The broker's process id cannot have been given to another process meanwhile: it is a child of the owner, who waits for
it only when it ends it, and then dismisses us. Needs nothing but the standard library, to start fast.
"""

import contextlib
import os
import signal
import sys

if __name__ == "__main__" and not sys.stdin.buffer.read():
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(sys.argv[1]), signal.SIGKILL)
