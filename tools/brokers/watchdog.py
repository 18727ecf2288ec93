"""Kills a broker when its owner has died, in whatever way: standard input then ends without a word.

The process id is still the broker's: the broker is a child of the owner, and the owner reaps it only after writing to
standard input, which dismisses this program. Only the standard library is imported, so that it starts fast.
"""

import contextlib
import os
import signal
import sys

if __name__ == "__main__" and not sys.stdin.buffer.read():
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(sys.argv[1]), signal.SIGKILL)
