"""`Delivery`: the promise of one publish, for any thread."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from promise import ImmediateScheduler, Promise
from promise.promise import STATE_FULFILLED as FULFILLED
from promise.promise import STATE_PENDING as PENDING
from promise.promise import STATE_REJECTED as REJECTED

from sinetstream.errors import PublishTimeoutError, SinetError
from sinetstream.spi import _promise_library as library
from sinetstream.spi._handlers import Entry, as_exception, log, removed, run

__all__ = ["Delivery", "Owner"]

T = TypeVar("T")

# Settling, attaching and completing need no lock: list.append, insert, remove and pop are atomic.
#   `_todo` holds what is to run on completion, and _OPEN until somebody settles: who removes _OPEN has settled.
#   Who completes replaces `_todo` first and then empties the old list. Who attaches appends and then looks whether
#   `_todo` is still the same list: if so, the entry will be found there; if not, who removes the entry runs it.
# The lock decides only between `adopt` and a settlement that saw no owner. It is held for a few attribute stores, and
# reentrant because a signal handler of the same thread may come in between.
_OPEN: Any = "settling removes this"
_lock = threading.RLock()
_new = object.__new__


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  the thread that held it does not exist in a forked child
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class Owner(Protocol):
    """Who completes deliveries: typically a writer with one dispatch thread.

    An owner may also have `in_dispatch() -> bool`, true in its dispatch thread: a wait there, which could never end,
    then raises instead.
    """

    def post(self, delivery: Delivery[Any], /) -> object:
        """Arrange that `delivery.complete()` is called soon. Does not block; called once per delivery, from any thread.

        False or an exception means that nobody will: the delivery then completes in the calling thread.
        """


class Delivery(Promise[T]):
    """The promise of one publish: a `promise.Promise` that any thread may settle, chain, wait for and await.

    Every method may be called from every thread at any time. However they race, each handler runs exactly once; what it
    raises (KeyboardInterrupt and SystemExit too) rejects the promise that `then` returned and disturbs nobody else.
    Handlers that were attached before completion run in that order in the completing thread, those attached later at
    once in the caller. Only `get` and `wait` block.

    The first of `fulfil`, `fail`, `do_resolve`, `do_reject` counts. Without an owner it completes the delivery; with one
    (`adopt`) the outcome is held back, and everybody sees a pending promise, until the owner calls `complete`.

    `Promise.all`, `Promise.for_dict` and plain promises that follow a delivery are as safe. Not promised: plain promises
    among themselves. `Promise.cast(future).then(f)` can lose `f`; `Delivery.cast(future).then(f)` cannot.
    """

    _settled: int = (
        PENDING  # the state of the outcome; `_state`, which the library reads too, is what may be seen of it
    )
    _owner: Owner | None = None
    _todo: list[Entry] | None = None  # None when complete
    _task: asyncio.Task[T] | None = None

    def __init__(self, executor: Callable[..., None] | None = None, scheduler: object = None) -> None:
        """Pending. As with `Promise`, an `executor` is called with (resolve, reject). `scheduler` is not used."""
        self._todo = [_OPEN]
        if executor is not None:
            self._resolve_from_executor(executor)

    @classmethod
    def fulfilled(cls, value: T) -> Delivery[T]:
        delivery = cls()
        delivery.fulfil(value)
        return delivery

    @classmethod
    def rejected(cls, error: BaseException) -> Delivery[Any]:
        delivery: Delivery[Any] = cls()
        delivery.fail(error)
        return delivery

    @classmethod
    def wrap(cls, promise: Any) -> Delivery[Any]:
        """A delivery that is settled as `promise` (or an asyncio or concurrent future) is, and that can be adopted.

        A `Delivery` without an owner is returned as it is. However the settling of `promise` races with this call, the
        delivery is settled; unless the library lost the callback that was to settle `promise` itself. (CPython 3.11 can
        crash where a plain promise is settled in this very moment while a finalizer runs; a `Delivery` is safe.)
        """
        if isinstance(promise, Delivery) and promise._owner is None:
            return promise
        delivery: Delivery[Any] = cls()
        delivery.follow(promise)
        return delivery

    # -- settling

    def fulfil(self, value: T) -> bool:
        """Settle with `value` as it is, and tell whether this call was the first. Without an owner, handlers run here."""
        return self._settle(FULFILLED, value)

    def fail(self, error: BaseException) -> bool:
        """Settle with an error, and tell whether this call was the first. Without an owner, handlers run here.

        What is no `Exception` (SystemExit, CancelledError) becomes the cause of a `SinetError`: raised where somebody
        waits, it would end the waiter. `InvalidArgumentError` if `error` is no exception at all.
        """
        return self._settle(REJECTED, as_exception(error))

    def do_resolve(self, value: Any) -> None:
        """As `fulfil`, but a promise, future or coroutine is followed."""
        if library.is_thenable(value):
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
        elif isinstance(thenable, Delivery):
            thenable._attach((self, None, None))
        else:
            library.follow(thenable, self)

    def _settle(self, state: int, outcome: Any, here: Owner | None = None, batches: list[Any] | None = None) -> bool:
        """`here` is the owner in whose dispatch we are; then what is to run is added to `batches`, not run."""
        owner, todo = self._owner, self._todo
        if todo is None:
            return False
        try:
            todo.remove(_OPEN)
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
            ended = owner.post(self) is False
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
        """What it was or will be rejected with, as far as settled."""
        return self._fulfillment_handler0 if self._settled == REJECTED else None

    def complete(self, error: Exception | None = None) -> None:
        """Make the outcome, or `error` in its stead, final and visible; wake who waits; then run the handlers, here.

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

    # -- handlers

    def then(self, did_fulfill: Any = None, did_reject: Any = None) -> Delivery[Any]:
        """The promise of what the handler returns, or of the same outcome where there is none. Never blocks."""
        child: Delivery[Any] = _new(Delivery)
        child._todo = [_OPEN]
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
        run(self, state, self._rejection_handler0 if state == FULFILLED else self._fulfillment_handler0, [entry])

    # -- waiting

    def get(self, timeout: float | None = None) -> T:
        """The value; or raises the error, the same object each time. Blocks as `wait` does, and raises as it does."""
        self.wait(timeout)
        return self._result()

    def wait(self, timeout: float | None = None) -> None:  # type: ignore[override]  # there a class method
        """Block until complete, at most `timeout` seconds (0: not at all, None: for ever). Does not wait for handlers.

        `PublishTimeoutError` if that does not suffice. `SinetError` at once in the thread that would have to complete it.
        """
        if self._state != PENDING:
            return
        if timeout is not None and timeout <= 0:
            raise PublishTimeoutError("not confirmed yet; whether the broker has it is unknown")
        in_dispatch = getattr(self._owner, "in_dispatch", None)
        if in_dispatch is not None and in_dispatch():
            raise SinetError("waiting here would never end: this is the thread that completes this promise")
        woken = threading.Lock()
        woken.acquire()
        dismiss = self._enlist(lambda _: woken.release())
        try:
            in_time = woken.acquire(timeout=-1 if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        finally:
            dismiss()
        if not in_time and self._state == PENDING:
            raise PublishTimeoutError(f"not confirmed within {timeout} s; whether the broker has it is unknown")

    def __await__(self) -> Generator[Any, None, T]:
        """As `get`, without blocking the event loop. A cancelled awaiter leaves the delivery and other awaiters alone."""
        if self._state == PENDING:
            loop = asyncio.get_running_loop()
            woken = loop.create_future()

            def wake(_: object) -> None:
                with suppress(RuntimeError):  # the loop is closed: nobody awaits any more
                    loop.call_soon_threadsafe(lambda: None if woken.done() else woken.set_result(None))

            dismiss = self._enlist(wake)
            try:
                yield from woken
            finally:
                dismiss()
        return self._result()

    __iter__ = __await__

    @property
    def future(self) -> asyncio.Task[T]:
        """A future of the running event loop with this outcome. Cancelling it does not cancel the delivery."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.get_loop() is not loop:
            self._task = asyncio.ensure_future(self, loop=loop)
        return self._task

    def _enlist(self, wake: Callable[[object], None]) -> Callable[[], object]:
        todo, entry = self._todo, (None, wake, wake)
        if todo is None:
            wake(None)
        else:
            todo.insert(0, entry)  # ahead of the handlers, which may take their time
            if self._todo is not todo and removed(todo, entry):
                wake(None)
        return lambda: todo is not None and removed(todo, entry)

    def _result(self) -> T:
        if self._settled == FULFILLED:
            return self._rejection_handler0  # type: ignore[no-any-return]
        try:
            raise self._fulfillment_handler0.with_traceback(self._traceback)  # so that it does not grow
        finally:
            del self  # whose error now holds this frame

    def __repr__(self) -> str:
        state = {PENDING: "pending", FULFILLED: "fulfilled", REJECTED: "rejected"}[self._state]
        return f"<{type(self).__name__} {state} at {id(self):#x}>"

    # -- what the library calls or reads

    @property
    def is_pending(self) -> bool:
        return self._state == PENDING

    @property
    def is_fulfilled(self) -> bool:
        return self._state == FULFILLED

    @property
    def is_rejected(self) -> bool:
        return self._state == REJECTED

    @property
    def scheduler(self) -> ImmediateScheduler:
        return library.SCHEDULER

    @classmethod
    def resolve(cls, obj: Any) -> Delivery[Any]:
        """A delivery that is settled as the promise, future or coroutine is; fulfilled with any other value."""
        return cls._try_convert_to_promise(obj) if library.is_thenable(obj) else cls.fulfilled(obj)

    @classmethod
    def _try_convert_to_promise(cls, obj: Any) -> Any:
        return cls.wrap(obj) if library.is_thenable(obj) and not isinstance(obj, Delivery) else obj

    @classmethod
    def cast(cls, obj: Any) -> Delivery[Any]:
        """As `resolve`."""
        return cls.resolve(obj)

    reject = rejected  # type: ignore[assignment]  # takes BaseException too
    fulfill = _resolve_callback = do_resolve
    _reject_callback = do_reject
    _then = then
    _wait = wait

    def _fulfill(self, value: Any) -> None:
        self._settle(FULFILLED, value)

    def _reject(self, reason: BaseException, traceback: object = None) -> None:
        self.fail(reason)

    def _settle_promise(self, promise: Any, handler: Any, value: object, traceback: object) -> None:
        library.attach(self, handler, handler, promise, Delivery)

    def _add_callbacks(self, fulfill: Any, reject: Any, promise: Any) -> int:
        library.attach(self, fulfill, reject, promise, Delivery)
        return 0
