"""A reader that waits in the loop's body to be killed: run by `sinetstream.testing.killing`, which sends parameters."""

from __future__ import annotations

import pickle
import sys
from base64 import b64decode

from sinetstream import MessageReader, plugins


def main() -> None:
    """Print `open`, then each message in hexadecimal; after each, wait for the line `next` or `break`."""
    params, name, classes = pickle.loads(b64decode(sys.stdin.readline()))  # noqa: S301  from the process that runs this
    with plugins.register(name, **classes), MessageReader(**params) as reader:
        print("open", flush=True)  # noqa: T201  this is how it answers
        for message in reader:
            print(message.value.hex(), flush=True)  # noqa: T201
            if sys.stdin.readline().strip() != "next":
                break


if __name__ == "__main__":
    main()
