"""Settling a delivery once, and making its outcome visible when its owner says so."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from promise import Promise
from promise.promise import STATE_FULFILLED as FULFILLED
from promise.promise import STATE_PENDING as PENDING
from promise.promise import STATE_REJECTED as REJECTED

from sinetstream.errors import SinetError
from sinetstream.spi.delivery.handlers import Entry, as_exception, run

if TYPE_CHECKING:
    from sinetstream.spi.delivery.delivery import Delivery

__all__ = ["FULFILLED", "OPEN", "PENDING", "REJECTED", "Owner", "Settlement"]

T = TypeVar("T")

# Settling, attaching and completing take no lock: list.append, insert, remove and pop are atomic.
#   `_todo` holds the entries that run on completion, and OPEN until somebody settles: the thread that removes OPEN is
#   the one that settles. The thread that completes sets `_todo` to None first and then empties the old list. A thread
#   that attaches an entry appends it and then looks whether `_todo` is still the same list: if so, the completing thread
#   will find the entry; if not, the thread that manages to remove the entry runs it.
# The lock decides only between `adopt` and a settlement that saw no owner. It is held for a few attribute stores, and is
# reentrant because a signal handler of the same thread may come in between.
OPEN: Any = "settling removes this"
_lock = threading.RLock()


def _renew_lock() -> None:
    """In a forked child the thread that held the lock does not exist."""
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class Owner(Protocol):
    """Completes deliveries: typically a writer with one dispatch thread.

    An owner may also have

    - `in_dispatch() -> bool`, true in its dispatch thread: a wait there, which could never end, then raises instead;
    - `unhandled`, with `add(delivery, error)` and `discard(delivery)`: its rejected deliveries, from their completion
      until somebody looks at them. `add` must keep no reference to the delivery.
    """

    def post(self, delivery: Delivery[Any], /) -> object:
        """Arrange that `delivery.complete()` is called soon. Does not block; called once per delivery, from any thread.

        False or an exception means that nobody will: the delivery then completes in the calling thread.
        """


class Settlement(Promise[T]):
    """The outcome of a delivery. The fields of the base class hold it, since the library reads them."""

    # `_settled` is the state of the outcome. `_state`, which the library reads too, is what may be seen of it.
    _settled: int = PENDING
    _owner: Owner | None = None
    _todo: list[Entry] | None = None  # None when complete
    _handled = False  # somebody looked at it, other than by an entry in `_todo`

    def fulfil(self, value: T) -> bool:
        """Settle with `value` as it is, and tell whether this call was the first. Without an owner, handlers run here."""
        return self._settle(FULFILLED, value)

    def fail(self, error: BaseException) -> bool:
        """Settle with an error, and tell whether this call was the first. Without an owner, handlers run here.

        What is no `Exception` (SystemExit, CancelledError) becomes the cause of a `SinetError`: raised where somebody
        waits, it would end the waiter. `InvalidArgumentError` if `error` is no exception at all.
        """
        return self._settle(REJECTED, as_exception(error))

    def _settle(  # noqa: C901  a call per step would cost on every message
        self, state: int, outcome: Any, here: Owner | None = None, batches: list[Any] | None = None
    ) -> bool:
        """`here` is the owner in whose dispatch this is called; the entries to run are added to `batches`, not run."""
        owner, todo = self._owner, self._todo
        if todo is None:
            return False
        try:
            todo.remove(OPEN)
        except ValueError:
            return False
        if state == FULFILLED:
            self._rejection_handler0 = outcome  # so the library names the fields of the outcome
        else:
            self._fulfillment_handler0, self._traceback = outcome, outcome.__traceback__
        if owner is None:
            with _lock:
                self._settled, owner = state, self._owner
                if owner is None:
                    self._state, self._todo = state, None
        else:
            self._settled = state
            if owner is here:
                self._state, self._todo, owner = state, None, None
        if owner is not None:
            self._post(owner)
        elif todo:
            if batches is None:
                run(self, state, outcome, todo)
            else:
                batches.append((self, state, outcome, todo))
        elif state == REJECTED:
            self._expect_handler()
        return True

    # -- the owner's side

    def adopt(self, owner: Owner) -> None:
        """From now on the outcome is held back until the owner completes it. Later children (`then`) are its too.

        `owner.post(self)` is called once, by the settling thread, or here if that was before; a delivery that was already
        complete is pending again until the owner completes it. `SinetError` if it has an owner.
        """
        with _lock:
            adopted, settled = self._owner is not None, self._settled
            if not adopted:
                self._owner = owner
                if settled != PENDING:
                    self._state, self._todo = PENDING, []
        if adopted:
            raise SinetError("this promise has an owner")
        if settled != PENDING:
            self._post(owner)

    def _post(self, owner: Owner) -> None:
        try:
            ended = owner.post(self) is False  # type: ignore[arg-type]  # it is a Delivery
        except Exception:  # noqa: BLE001  the dispatcher has ended; this promise must not hang
            ended = True
        if ended:
            self.complete()

    @property
    def is_settled(self) -> bool:
        """Whether it has an outcome, which may be held back still."""
        return self._settled != PENDING

    @property
    def held_value(self) -> T | None:
        """What it was or will be fulfilled with, as far as settled."""
        return self._rejection_handler0 if self._settled == FULFILLED else None

    @property
    def held_error(self) -> Exception | None:
        """What it was or will be rejected with, as far as settled. Once it is complete, asking counts as looking at it."""
        if self._settled != REJECTED:
            return None
        if self._state == REJECTED:
            self._mark_handled()
        return self._fulfillment_handler0  # type: ignore[no-any-return]

    def complete(self, error: Exception | None = None) -> None:
        """Make the outcome, or `error` in its stead, final and visible; wake the waiters; then run the handlers, here.

        For the owner alone, after `post`, in one thread; later calls do nothing. `SinetError` if it is not settled.
        """
        todo, state = self._todo, self._settled
        if state == PENDING:
            raise SinetError("this promise is not settled, so it cannot be completed")
        if todo is None:
            return
        if error is not None:
            self._fulfillment_handler0, self._traceback, self._rejection_handler0 = error, error.__traceback__, None
            self._settled = state = REJECTED
        self._state, self._todo = state, None
        if todo:
            run(self, state, self._rejection_handler0 if state == FULFILLED else self._fulfillment_handler0, todo)
        elif state == REJECTED:
            self._expect_handler()

    # -- whether somebody looks at a rejection; an entry in `_todo` at completion is somebody

    def _expect_handler(self) -> None:
        unhandled = getattr(self._owner, "unhandled", None)
        if unhandled is not None and not self._handled:
            unhandled.add(self, self._fulfillment_handler0)
            if self._handled:  # since we looked
                unhandled.discard(self)

    def _mark_handled(self) -> None:
        self._handled = True
        unhandled = getattr(self._owner, "unhandled", None)
        if unhandled is not None:
            unhandled.discard(self)
