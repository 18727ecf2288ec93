"""Where promises of the library (promise 2.3) and deliveries meet.

The library takes no lock. A thread that settles one of its promises writes the state, then the outcome, and then looks
whether there are callbacks; a callback that another thread attaches meanwhile is lost, or takes the place of the outcome,
which the library keeps in the fields of the first callback.
"""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING, Any

from promise import ImmediateScheduler, Promise
from promise.promise import BASE_TYPES
from promise.promise_list import PromiseList

from sinetstream.errors import SinetError
from sinetstream.spi.delivery.gathering import Gathering

if TYPE_CHECKING:
    from sinetstream.spi.delivery.delivery import Delivery

__all__ = ["SCHEDULER", "attach", "follow_promise", "is_thenable"]

_ATTEMPTS, _PAUSE_S = 50, 0.0005


def is_thenable(value: object) -> bool:
    """Whether it is a promise, future or coroutine."""
    return type(value) not in BASE_TYPES and bool(Promise.is_thenable(value))


def follow_promise(promise: Any, follower: Delivery[Any]) -> None:
    """Settle `follower` as `promise` is: attach to it, and look again whether it was settled meanwhile.

    `promise.then()` without handlers leaves the outcome alone, and what it returns is nobody else's. CPython switches
    threads at calls and jumps, so never between the library's store of the state and that of the outcome.
    """
    for _ in range(_ATTEMPTS):
        try:
            if promise.is_pending:
                promise.then().then(follower.fulfil, follower.fail)
            if promise.is_fulfilled:
                follower.fulfil(promise.value)
            elif promise.is_rejected:
                follower.fail(promise.reason)
        except (AssertionError, AttributeError):  # another thread is in the middle of changing it; let it go on
            sleep(_PAUSE_S)
        else:
            return
    words = "the plugin's promise takes no callbacks; whether its message is confirmed is unknown"
    follower.fail(SinetError(words, outcome="unknown"))


def attach(parent: Delivery[Any], did_fulfill: Any, did_reject: Any, child: Any, kind: type[Delivery[Any]]) -> None:
    """Attach to `parent` what the library attaches to a promise; a callback without a child is one of `Promise.all`.

    The promise of that `Promise.all` is exchanged for a delivery, a `kind`, before it is returned. (`Promise.all` of a
    promise of a list has returned it already: there, what it returned follows the delivery.)
    """
    gathering = _unfinished_gathering(did_fulfill)
    if child is not None:
        parent.then(did_fulfill, did_reject)._attach((None, child._resolve_callback, child._reject_callback))
    elif gathering is not None:
        if not isinstance(gathering._values, Gathering):
            theirs, gathering.promise = gathering.promise, kind()
            missing = gathering._length - gathering._total_resolved
            gathering._values = Gathering(gathering.promise, gathering._values, missing)
            theirs.do_resolve(gathering.promise)
        gathering._values.add(did_fulfill.keywords["i"], parent)
    else:
        parent._attach((None, did_fulfill, did_reject))


def _unfinished_gathering(callback: Any) -> Any:
    gathering = getattr(getattr(callback, "func", None), "__self__", None)
    return gathering if isinstance(gathering, PromiseList) and gathering._values is not None else None


class _Scheduler(ImmediateScheduler):
    def wait(self, promise: Any, timeout: float | None = None) -> None:  # a follower waits as what it follows does
        promise.wait(timeout)


SCHEDULER = _Scheduler()
