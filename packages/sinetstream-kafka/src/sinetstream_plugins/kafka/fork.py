"""What is open here is of no use in a forked child, and says so there."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet

from sinetstream.errors import SinetError

__all__ = ["Forkable", "forked_error", "watch"]


class Forkable(Protocol):
    def forked(self) -> None:
        """Called in the child: refuse from now on, and take no lock that a thread of the parent may hold."""


_open: WeakSet[Forkable] = WeakSet()


def watch(open_object: Forkable) -> None:
    """Call its `forked` in every child of this process."""
    _open.add(open_object)


def forked_error() -> SinetError:
    return SinetError("this was opened before the process was forked: open one in the child instead")


def _in_child() -> None:
    for open_object in list(_open):
        open_object.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
