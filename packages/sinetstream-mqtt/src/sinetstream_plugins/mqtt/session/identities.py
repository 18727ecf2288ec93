"""Which of the connections of this process may use a client_id at a broker: the one that was opened last."""

from __future__ import annotations

import os
import threading
from typing import NamedTuple, Protocol

__all__ = ["Holder", "Identities", "Identity"]


class Identity(NamedTuple):
    """A broker keeps one connection of each."""

    broker: str
    client_id: str


class Holder(Protocol):
    """A connection; one with a larger `number` was opened later."""

    number: int


class Identities:
    """The identities that the connections of a process use, or are about to use."""

    def __init__(self) -> None:
        self._forget_all()
        os.register_at_fork(after_in_child=self._forget_all)  # none of them is the child's

    def enter(self, identity: Identity, holder: Holder) -> Holder | None:
        """Before CONNECT. Returns a holder of this identity that was opened later: it must not be disconnected."""
        with self._lock:
            held = self._held.setdefault(identity, {})
            newer = _newer(held, holder)
            if newer is None:
                held.setdefault(holder, False)
            return newer

    def settle(self, identity: Identity, holder: Holder) -> list[Holder]:
        """The broker has accepted it. Returns those that were opened before and have lost this identity by that."""
        with self._lock:
            held = self._held.setdefault(identity, {})
            older = [other for other in held if other.number < holder.number]
            for other in older:
                del held[other]
            held[holder] = True
            return older

    def rival(self, holder: Holder) -> Holder | None:
        """One that was opened later and is about to use an identity of this one, which it takes over if it is accepted."""
        with self._lock:
            found = (_newer(held, holder) for held in self._held.values() if holder in held)
            return next(filter(None, found), None)

    def is_accepted(self, identity: Identity, holder: Holder) -> bool:
        """Whether the broker has accepted it."""
        with self._lock:
            return self._held.get(identity, {}).get(holder, False)

    def leave(self, holder: Holder, *, accepted: bool = True) -> None:
        """It uses none any more; without `accepted`, none that no broker has accepted it with."""
        with self._lock:
            for identity, held in list(self._held.items()):
                if holder in held and (accepted or not held[holder]):
                    del held[holder]
                if not held:
                    del self._held[identity]

    def _forget_all(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Identity, dict[Holder, bool]] = {}  # and whether the broker has accepted it


def _newer(held: dict[Holder, bool], holder: Holder) -> Holder | None:
    return next((other for other in held if other.number > holder.number), None)
