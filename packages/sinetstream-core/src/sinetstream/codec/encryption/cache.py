"""Keys that were derived from passwords, so that one derivation serves all messages under a salt."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from sinetstream.codec.encryption.verified_keys import VerifiedKeys

if TYPE_CHECKING:
    from sinetstream.codec.encryption.modes import Cipher

__all__ = ["CipherCache", "Entry"]

_CIPHERS = 1024  # of 3 kB each; making one anew from its key takes microseconds
_UNVERIFIED = 16

Name = tuple[int, bytes]


class Entry:
    """A cipher, its key, and whether a message has shown that the writer of its salt had the key."""

    __slots__ = ("cipher", "key", "used", "verified")

    def __init__(self, cipher: Cipher, key: bytes, *, verified: bool = False) -> None:
        self.cipher = cipher
        self.key = key
        self.verified = verified
        self.used = False


class CipherCache:
    """Ciphers by key version and salt: 1024 of verified salts, whose keys go to `VerifiedKeys` after that; 16 others apart.

    Anybody can send a salt, and each new one costs a derivation. What a sender without the key cannot do is to make this
    forget the salts of those who have it, or grow. Of the 1024 the one goes that was not used for longest, about (second
    chance: one used since it was last looked at is spared once). For several threads at once; those that want the same new
    key wait for one derivation.
    """

    def __init__(
        self,
        derive: Callable[[int, bytes], bytes],
        cipher: Callable[[bytes], Cipher],
        verified: VerifiedKeys | None = None,
    ) -> None:
        self._derive = derive
        self._cipher = cipher
        self._verified = VerifiedKeys() if verified is None else verified
        self._ciphers: dict[Name, Entry] = {}  # of verified salts
        self._unverified: dict[Name, Entry] = {}
        self._deriving: dict[Name, Future[Entry]] = {}
        self._lock = threading.Lock()

    def get(self, version: int, salt: bytes) -> Entry:
        """The cipher of this key version and salt; its key is derived where it is not here."""
        name = version, salt
        entry = self._ciphers.get(name)
        if entry is not None:
            entry.used = True
            return entry
        with self._lock:
            entry = self._ciphers.get(name) or self._unverified.get(name) or self._made_anew(name)
            if entry is not None:
                return entry
            deriving = self._deriving.get(name)
            mine: Future[Entry] = Future()
            if deriving is None:
                self._deriving[name] = mine
        return self._derive_entry(name, mine) if deriving is None else deriving.result()

    def verify(self, version: int, salt: bytes, entry: Entry) -> None:
        """A message has shown that the writer of this salt had the key."""
        name = version, salt
        with self._lock:
            self._unverified.pop(name, None)
            entry.verified = True
            self._keep(name, entry)

    def _made_anew(self, name: Name) -> Entry | None:
        key = self._verified.take(name)
        if key is None:
            return None
        entry = Entry(self._cipher(key), key, verified=True)
        self._keep(name, entry)
        return entry

    def _derive_entry(self, name: Name, promised: Future[Entry]) -> Entry:
        try:
            key = self._derive(*name)
            entry = Entry(self._cipher(key), key)
        except BaseException as error:
            with self._lock:
                del self._deriving[name]
            promised.set_exception(error)
            raise
        with self._lock:
            del self._deriving[name]
            while len(self._unverified) >= _UNVERIFIED:
                del self._unverified[next(iter(self._unverified))]
            self._unverified[name] = entry
        promised.set_result(entry)
        return entry

    def _keep(self, name: Name, entry: Entry) -> None:
        while name not in self._ciphers and len(self._ciphers) >= _CIPHERS:
            oldest = next(iter(self._ciphers))
            candidate = self._ciphers.pop(oldest)
            if candidate.used:
                candidate.used = False
                self._ciphers[oldest] = candidate
            else:
                self._verified.add(oldest, candidate.key)
        self._ciphers[name] = entry
