"""The broker that a benchmark runs on: given by address, up, or started for it."""

import contextlib
import sys
from collections.abc import Iterator

import peer

__all__ = ["address_of"]


@contextlib.contextmanager
def address_of(kind: str) -> Iterator[str]:
    """`host:port` of its plain listener while the block runs."""
    sys.path.append(str(peer.ROOT))
    from tools.brokers import instances  # noqa: PLC0415  found by the line above

    broker, ours = instances.shared(kind, lambda text: print(text, file=sys.stderr), quick=True)
    try:
        yield broker.address()
    finally:
        if ours:
            instances.retire(broker)
