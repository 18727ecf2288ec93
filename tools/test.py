"""`tools/hatch run test [--every-line] [PATHS and pytest options]`: what is asked for or, without any, everything.

Everything runs in several processes, more than there are processors: most tests wait. Each test class, and the functions
of each file, stay in one process. `--every-line` runs the whole conformance kit on each listener of each broker.
"""

import os
import sys

EVERY_LINE = "--every-line"
EVERYTHING = ["--numprocesses=4", "--dist=loadscope", "--no-loadscope-reorder"]

if __name__ == "__main__":
    arguments = sys.argv[1:]
    if not set(arguments) - {EVERY_LINE}:
        arguments += EVERYTHING
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])
