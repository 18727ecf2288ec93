"""`tools/hatch run test [PATHS and pytest options]`: what is asked for; or everything, in two processes, for most tests wait.

Each test class, and the functions of each file, stay in one process.
"""

import os
import sys

_EVERYTHING = ["--numprocesses=2", "--dist=loadscope"]

if __name__ == "__main__":
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *(sys.argv[1:] or _EVERYTHING)])
