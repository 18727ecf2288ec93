"""Derived keys whose salts came with a message that was authenticated, bounded in number and bytes."""

from __future__ import annotations

__all__ = ["VerifiedKeys"]

_OVERHEAD_BYTES = 250  # of an entry's objects

Name = tuple[int, bytes]


class VerifiedKeys:
    """Keys by key version and salt. Beyond the bounds the one goes that was added first.

    100,000 keys of the usual sizes take 30 MB. Not for several threads at once.
    """

    def __init__(self, most: int = 100_000, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._most = most
        self._max_bytes = max_bytes
        self._bytes = 0
        self._keys: dict[Name, bytes] = {}

    def take(self, name: Name) -> bytes | None:
        """Remove a key and return it; None where there is none."""
        key = self._keys.pop(name, None)
        if key is not None:
            self._bytes -= _size(name, key)
        return key

    def add(self, name: Name, key: bytes) -> None:
        """Keep a key, as the youngest."""
        self.take(name)
        self._keys[name] = key
        self._bytes += _size(name, key)
        while len(self._keys) > self._most or self._bytes > self._max_bytes:
            oldest = next(iter(self._keys))
            self._bytes -= _size(oldest, self._keys.pop(oldest))


def _size(name: Name, key: bytes) -> int:
    return len(name[1]) + len(key) + _OVERHEAD_BYTES
