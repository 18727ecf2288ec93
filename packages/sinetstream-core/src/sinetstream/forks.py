"""Readers and writers in a forked child: what the parent has open is refused there, and left as it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

__all__ = ["keep", "watch"]

T = TypeVar("T")

_watched: WeakKeyDictionary[object, Callable[[Any], None]] = WeakKeyDictionary()
_kept: list[object] = []


def watch(owner: T, in_child: Callable[[T], None]) -> None:
    """Call `in_child(owner)` in every child of this process, while there is an owner.

    It is called before anything else runs in the child. It must take no lock that a thread of the parent may hold.
    """
    _watched[owner] = in_child


def keep(owner: object) -> None:
    """Keep what this object refers to now from being collected in this process.

    A finalizer of a client library would close the sockets of the parent, or send something on them.
    """
    _kept.append(dict(vars(owner)))


def _in_child() -> None:
    for owner, in_child in list(_watched.items()):
        in_child(owner)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
