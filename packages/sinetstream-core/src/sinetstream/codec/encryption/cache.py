"""Ciphers whose keys were derived, so that one derivation serves all messages under a salt."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sinetstream.codec.encryption.modes import Cipher

__all__ = ["CipherCache", "Entry"]

_PROVEN_PLACES = 256
_UNPROVEN_PLACES = 16

Name = tuple[int, bytes]


class Entry:
    """A cipher, and whether a message has shown that the writer of its salt had the key."""

    __slots__ = ("cipher", "used", "verified")

    def __init__(self, cipher: Cipher, *, verified: bool = False) -> None:
        self.cipher = cipher
        self.verified = verified
        self.used = False


class CipherCache:
    """Ciphers by key version and salt: 256 places for verified salts, 16 for others, which never take a verified one's.

    Anybody can send a salt, and each new one costs a derivation; what a sender without the key cannot do is to make this
    forget the salts of those who have it, or grow. Of verified salts the one goes that was not used for longest, about
    (second chance: one used since it was last looked at is spared once). For several threads at once; those that want the
    same new cipher wait for one derivation.
    """

    def __init__(self, derive: Callable[[int, bytes], Cipher]) -> None:
        self._derive = derive
        self._proven: dict[Name, Entry] = {}
        self._unproven: dict[Name, Entry] = {}
        self._coming: dict[Name, Future[Entry]] = {}
        self._lock = threading.Lock()

    def get(self, version: int, salt: bytes) -> Entry:
        """The cipher of this key version and salt, derived where it is not here."""
        name = version, salt
        entry = self._proven.get(name)
        if entry is not None:
            entry.used = True
            return entry
        with self._lock:
            entry = self._proven.get(name) or self._unproven.get(name)
            if entry is not None:
                return entry
            coming = self._coming.get(name)
            mine: Future[Entry] = Future()
            if coming is None:
                self._coming[name] = mine
        return self._derived(name, mine) if coming is None else coming.result()

    def prove(self, version: int, salt: bytes, entry: Entry) -> None:
        """A message has shown that the writer of this salt had the key."""
        name = version, salt
        with self._lock:
            self._unproven.pop(name, None)
            entry.verified = True
            if name not in self._proven and len(self._proven) >= _PROVEN_PLACES:
                self._forget_one()
            self._proven[name] = entry

    def _derived(self, name: Name, promised: Future[Entry]) -> Entry:
        try:
            entry = Entry(self._derive(*name))
        except BaseException as error:
            with self._lock:
                del self._coming[name]
            promised.set_exception(error)
            raise
        with self._lock:
            del self._coming[name]
            while len(self._unproven) >= _UNPROVEN_PLACES:
                del self._unproven[next(iter(self._unproven))]
            self._unproven[name] = entry
        promised.set_result(entry)
        return entry

    def _forget_one(self) -> None:
        while True:
            name = next(iter(self._proven))
            entry = self._proven.pop(name)
            if not entry.used:
                return
            entry.used = False
            self._proven[name] = entry
