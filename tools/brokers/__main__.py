"""`python tools/brokers ...`: puts the checkout on the path, so that the tool is imported as tests import it."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from tools.brokers.cli import main

    sys.exit(main())
