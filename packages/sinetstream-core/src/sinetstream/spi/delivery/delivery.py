"""`Delivery`, the class: how one is made, and what the library calls on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from promise import ImmediateScheduler

from sinetstream.spi.delivery import promise_library as library
from sinetstream.spi.delivery.chaining import Chaining
from sinetstream.spi.delivery.gathering import Gathering
from sinetstream.spi.delivery.handlers import as_exception
from sinetstream.spi.delivery.settlement import FULFILLED, OPEN, PENDING, REJECTED, Owner
from sinetstream.spi.delivery.waiting import Waiting

__all__ = ["Delivery"]

T = TypeVar("T")


class Delivery(Chaining[T], Waiting[T]):
    """The promise of one publish: a `promise.Promise` that any thread may settle, chain, wait for and await.

    Every method may be called from every thread at any time. However they race, each handler runs exactly once; what it
    raises (KeyboardInterrupt and SystemExit too) rejects the promise that `then` returned and disturbs nobody else.
    Handlers that were attached before completion run in that order in the completing thread, those attached later at
    once in the caller. Only `get` and `wait` block.

    The first of `fulfil`, `fail`, `do_resolve`, `do_reject` counts. Without an owner it completes the delivery; with one
    (`adopt`) the outcome is held back, and everybody sees a pending promise, until the owner calls `complete`.

    `Delivery.all` gathers deliveries; `Promise.all` and `Promise.for_dict` of pending deliveries are as safe, for they
    return a delivery too. Not promised: promises of the library. Where one thread settles such a promise, a handler that
    another thread attaches in that moment may never run: `Promise.cast(future).then(f)` can lose `f`, while
    `Delivery.cast(future).then(f)` cannot. Nor can it be awaited from another thread than settles it.
    """

    def __init__(self, executor: Callable[..., None] | None = None, scheduler: object = None) -> None:
        """Pending. As with `Promise`, an `executor` is called with (resolve, reject). `scheduler` is not used."""
        self._todo = [OPEN]
        if executor is not None:
            self._resolve_from_executor(executor)

    @classmethod
    def fulfilled(cls, value: T) -> Delivery[T]:
        delivery = cls()
        delivery.fulfil(value)
        return delivery

    @classmethod
    def rejected(cls, error: BaseException, owner: Owner | None = None) -> Delivery[Any]:
        """Complete already; its children, and the rejection as long as nobody looks at it, are the owner's."""
        delivery: Delivery[Any] = cls()
        if owner is None:
            delivery.fail(error)
        else:
            delivery._owner = owner
            delivery._settle(REJECTED, as_exception(error), owner)
        return delivery

    @classmethod
    def wrap(cls, promise: Any) -> Delivery[Any]:
        """A delivery that is settled as `promise` (or an asyncio or concurrent future) is, and that can be adopted.

        A `Delivery` without an owner is returned as it is. A promise of the library may be settled by another thread
        while this is called. Not followed is one whose own callbacks no longer run, and one that itself begins to follow
        another promise just while this is called.
        """
        if isinstance(promise, Delivery) and promise._owner is None:
            return promise
        delivery: Delivery[Any] = cls()
        delivery.follow(promise)
        return delivery

    @classmethod
    def all(cls, promises: Iterable[Any]) -> Delivery[list[Any]]:
        """The promise of the list of all their values, in order; rejected with the first error, whichever that is.

        `promises` are deliveries, other promises, futures, or values, which stand for themselves. It is complete when the
        last of them is, in the thread that completes that one, or at once where there is nothing to wait for. Never
        blocks, and may be called from any thread while the promises are being settled. A rejection that nobody looks at
        is told as that of the first of them is.
        """
        items = list(promises)
        gathered: Delivery[list[Any]] = Delivery()
        waited_for = {i: cls._try_convert_to_promise(item) for i, item in enumerate(items) if library.is_thenable(item)}
        if waited_for:
            gathering = Gathering(gathered, items, len(waited_for))
            for i, promise in waited_for.items():
                gathering.add(i, promise)
        else:
            gathered.fulfil(items)
        return gathered

    def __repr__(self) -> str:
        state = {PENDING: "pending", FULFILLED: "fulfilled", REJECTED: "rejected"}[self._state]
        return f"<{type(self).__name__} {state} at {id(self):#x}>"

    # -- what the library calls or reads

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
    fulfill = _resolve_callback = Chaining.do_resolve
    _reject_callback = Chaining.do_reject
    _then = Chaining.then
    _wait = Waiting.wait

    def _fulfill(self, value: Any) -> None:
        self._settle(FULFILLED, value)

    def _reject(self, reason: BaseException, traceback: object = None) -> None:
        self.fail(reason)

    def _settle_promise(self, promise: Any, handler: Any, value: object, traceback: object) -> None:
        library.attach(self, handler, handler, promise, Delivery)

    def _add_callbacks(self, fulfill: Any, reject: Any, promise: Any) -> int:
        library.attach(self, fulfill, reject, promise, Delivery)
        return 0


Delivery._kind = Delivery
