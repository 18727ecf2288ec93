"""Chaining: what is to be done with the outcome of a delivery, and whose outcome it takes."""

from __future__ import annotations

import asyncio
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from promise import Promise

from sinetstream.spi.delivery.handlers import Entry, log, removed, run
from sinetstream.spi.delivery.promise_library import follow_promise, is_thenable
from sinetstream.spi.delivery.settlement import FULFILLED, OPEN, REJECTED, Settlement

if TYPE_CHECKING:
    from sinetstream.spi.delivery.delivery import Delivery

__all__ = ["Chaining"]

T = TypeVar("T")

_new = object.__new__


class Chaining(Settlement[T]):
    """`then` and the like, and following another promise."""

    _kind: ClassVar[type[Delivery[Any]]]  # of the children

    def then(self, did_fulfill: Any = None, did_reject: Any = None) -> Delivery[Any]:
        """The promise of what the handler returns, or of the same outcome where there is none. Never blocks.

        Without `did_reject`, a rejection is the child's to be looked at.
        """
        child = _new(self._kind)
        child._todo = [OPEN]
        if self._owner is not None:
            child._owner = self._owner
        self._attach((child, did_fulfill, did_reject))
        return child

    def catch(self, on_rejection: Any) -> Delivery[Any]:
        return self.then(None, on_rejection)

    def done(self, did_fulfill: Any = None, did_reject: Any = None) -> None:
        """As `then`, for the end of a chain: an error that is left over is logged, once, to the logger `sinetstream`."""
        self.then(did_fulfill, did_reject)._attach((None, None, log))

    def _attach(self, entry: Entry) -> None:
        while (todo := self._todo) is not None:
            todo.append(entry)
            if self._todo is todo or not removed(todo, entry):
                return
        state = self._settled
        if state == REJECTED:
            self._mark_handled()
        run(self, state, self._rejection_handler0 if state == FULFILLED else self._fulfillment_handler0, [entry])

    def do_resolve(self, value: Any) -> None:
        """As `fulfil`, but a promise, future or coroutine is followed."""
        if is_thenable(value):
            self.follow(value)
        else:
            self._settle(FULFILLED, value)

    def do_reject(self, reason: BaseException, synchronous: object = None, traceback: object = None) -> None:
        """As `fail`, with the library's parameters."""
        self.fail(reason)

    def follow(self, thenable: Any) -> None:
        """Be settled as `thenable` is: a promise, an asyncio or concurrent future or, in an event loop, a coroutine."""
        if thenable is self:
            self.fail(TypeError("Promise is self"))
        elif isinstance(thenable, Chaining):
            thenable._attach((self, None, None))
        elif isinstance(thenable, Promise):
            follow_promise(thenable, self)  # type: ignore[arg-type]  # it is a Delivery
        else:
            self._follow_future(thenable)

    def _follow_future(self, future: Any) -> None:
        try:
            if iscoroutine(future):
                asyncio.get_running_loop().create_task(future).add_done_callback(self._copy)
            elif asyncio.isfuture(future):  # which only its loop's thread may touch
                future.get_loop().call_soon_threadsafe(future.add_done_callback, self._copy)
            else:
                future.add_done_callback(self._copy)
        except RuntimeError as error:  # no event loop, or a closed one
            if iscoroutine(future):
                future.close()
            self.fail(error)

    def _copy(self, future: Any) -> None:
        try:
            value = future.result()
        except BaseException as error:  # noqa: BLE001  cancelled is an outcome too
            self.fail(error)
        else:
            self.do_resolve(value)
