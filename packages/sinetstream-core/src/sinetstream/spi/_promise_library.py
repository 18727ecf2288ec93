"""The places where promise 2.3 trusts in one thread, made safe where a `Delivery` meets them.

The library writes `_state` and then the outcome, and reads `_state` and then attaches, with no lock; its callbacks run
through a queue per thread that one BaseException stops for good. But it looks every method and every attribute up
on an object's class at the moment of use. So the class is changed of the objects that meet a `Delivery`.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import sys
import threading
from inspect import iscoroutine
from typing import Any, Protocol

from promise import ImmediateScheduler, Promise
from promise.promise import BASE_TYPES, STATE_FULFILLED, STATE_PENDING, STATE_REJECTED
from promise.promise_list import PromiseList

# The library keeps the outcome where the first callback was: the value in place of its did_reject, and vice versa.
_VALUE, _REASON = "_rejection_handler0", "_fulfillment_handler0"


class Follower(Protocol):
    def do_resolve(self, value: Any) -> None: ...
    def fulfil(self, value: Any) -> bool: ...
    def fail(self, error: BaseException) -> bool: ...
    def follow(self, thenable: Any) -> None: ...


_whole = threading.RLock()


def _fields(promise: Any) -> Any:
    """Its `__dict__`, which is made when it is first asked for, as it is when the class changes.

    CPython 3.11 may collect garbage half-way through making it, finalizers switch threads, and an attribute that another
    thread then writes crashes the interpreter. From 3.12 on collections wait for the end of the instruction.
    """
    if sys.version_info >= (3, 12):
        return vars(promise)
    with _whole:
        collecting = gc.isenabled()
        gc.disable()
        try:
            return vars(promise)
        finally:
            if collecting:
                gc.enable()


def _can_be_taken_over(promise: Any) -> bool:
    return type(promise) is Promise and promise._state == STATE_PENDING and not promise._is_following


def _take_over(promise: Any, kind: Any) -> list[tuple[Any, Any, Any]]:
    """Make a pending plain promise a `kind`, and return its callbacks so far, which are to be attached again."""
    if not _can_be_taken_over(promise):
        return []
    callbacks = [(promise._fulfillment_handler0, promise._rejection_handler0, promise._promise0)][: promise._length]
    for i in range(1, promise._length):
        callbacks.append((promise._fulfillment_handler_at(i), promise._rejection_handler_at(i), promise._promise_at(i)))
    _fields(promise)
    promise._length = 0
    promise._handlers = promise._promise0 = promise._fulfillment_handler0 = promise._rejection_handler0 = None
    promise.__class__ = kind
    kind.__init__(promise)
    return callbacks


class _Results(list[Any]):
    """The list that one `Promise.all` fills, which counts what arrives from any thread.

    The library's own list counts without a lock, and notes a pending promise in the place of its value *after* attaching
    to it, which may be after the value came.
    """

    def __init__(self, gathering: Any) -> None:
        super().__init__(gathering._values)
        self._promise = gathering.promise
        self._missing = gathering._length - gathering._total_resolved
        self._lock = threading.Lock()

    def __setitem__(self, index: Any, value: Any) -> None:
        if not isinstance(value, Promise):
            self.put(value, index)

    def put(self, value: Any, i: int) -> None:
        with self._lock:
            super().__setitem__(i, value)
            self._missing -= 1
            complete = not self._missing
        if complete:
            self._promise._fulfill(list(self))


class _Parents:
    """The owner of what `Promise.all` gives: it holds nothing back, but knows where a wait for it would never end."""

    def __init__(self) -> None:
        self._parents: list[Any] = []

    def add(self, parent: Any) -> None:
        if hasattr(parent._owner, "in_dispatch"):
            self._parents.append(parent)

    def post(self, _: object) -> bool:
        return False

    def in_dispatch(self) -> bool:
        return any(parent.is_pending and parent._owner.in_dispatch() for parent in self._parents)


def attach(target: Any, did_fulfill: Any, did_reject: Any, promise: Any, kind: Any) -> None:
    """Attach to `target`, a `kind`, what the library would attach to a plain promise.

    The plain promises that will be settled by it become `kind`s: those of the handlers' results, and that of `Promise.all`.
    """
    todo: list[tuple[Any, Any, Any, Any]] = [(target, did_fulfill, did_reject, promise)]
    for parent, fulfill, reject, child in todo:  # grows: a promise taken over brings its own callbacks
        if child is None:
            gathering = _gathering(fulfill)
            if gathering is not None:
                todo += [(gathering.promise, *callback) for callback in _take_over(gathering.promise, kind)]
            if gathering is None or not isinstance(gathering.promise, kind):
                parent._attach((None, fulfill, reject))
                continue
            if not isinstance(gathering._values, _Results):
                gathering._values = _Results(gathering)
                gathering.promise._owner = gathering.promise._owner or _Parents()
            if isinstance(gathering.promise._owner, _Parents):
                gathering.promise._owner.add(parent)
            put = functools.partial(gathering._values.put, i=fulfill.keywords["i"])
            parent._attach((None, put, gathering.promise._reject))
        elif _can_be_taken_over(child):
            todo += [(child, *callback) for callback in _take_over(child, kind)]
            child._owner = parent._owner
            parent._attach((child, fulfill, reject))
        else:
            parent.then(fulfill, reject)._attach((None, child._resolve_callback, child._reject_callback))


def _gathering(callback: Any) -> Any:
    """The unfinished `Promise.all` whose callback this is, or None."""
    gathering = getattr(getattr(callback, "func", None), "__self__", None)
    return gathering if type(gathering) is PromiseList and gathering._values is not None else None


class _Slot:
    """An attribute that tells a promise's followers when the outcome is written to it, in the writing thread."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, promise: Any, kind: type | None = None) -> Any:
        return None if promise is None else _fields(promise).get(self._name)

    def __set__(self, promise: Any, value: Any) -> None:
        _fields(promise)[self._name] = value
        for follower in _fields(promise).get("_followers", ()):
            _tell(promise, follower)


@functools.cache
def _watched(kind: Any) -> type:
    """A `kind` that tells its followers. It says that it is a `kind`, for the library compares and calls classes."""
    return type(
        kind.__name__,
        (kind,),
        {
            "__class__": property(lambda _: kind),
            "_try_convert_to_promise": kind._try_convert_to_promise,
            _VALUE: _Slot(_VALUE),
            _REASON: _Slot(_REASON),
        },
    )


def _tell(promise: Any, follower: Follower) -> None:
    fields, state = _fields(promise), promise._state
    if promise._is_following:
        if isinstance(fields.get(_VALUE), Promise):  # otherwise it is just about to be written
            follower.follow(fields[_VALUE])
    elif state == STATE_FULFILLED:
        if _VALUE in fields:
            follower.fulfil(fields[_VALUE])
    elif state == STATE_REJECTED and isinstance(fields.get(_REASON), BaseException):
        follower.fail(fields[_REASON])


def watch(promise: Any, follower: Follower) -> None:
    """Settle `follower` as this promise of the library is settled, by whatever thread and at whatever moment.

    No callback is attached, since one can be lost (and can overwrite the value): the write of the outcome itself tells.
    What was written before the class changed is seen afterwards, here; seen twice does no harm. (CPython switches no
    thread between the two stores of state and outcome.)
    """
    _fields(promise).setdefault("_followers", []).append(follower)
    if not isinstance(vars(type(promise)).get(_VALUE), _Slot):
        kind: Any = type(promise)
        promise.__class__ = _watched(kind)
    _tell(promise, follower)


def is_thenable(value: object) -> bool:
    return type(value) not in BASE_TYPES and bool(Promise.is_thenable(value))


def follow(thenable: Any, follower: Follower) -> None:
    """Settle `follower` as a promise of the library, a future of asyncio or concurrent.futures, or a coroutine is."""

    def copy(future: Any) -> None:
        try:
            value = future.result()
        except BaseException as error:  # noqa: BLE001  cancelled is an outcome too
            follower.fail(error)
        else:
            follower.do_resolve(value)

    try:
        if isinstance(thenable, Promise):
            watch(thenable, follower)
        elif iscoroutine(thenable):
            asyncio.get_running_loop().create_task(thenable).add_done_callback(copy)
        elif asyncio.isfuture(thenable):  # which only its loop's thread may touch
            thenable.get_loop().call_soon_threadsafe(thenable.add_done_callback, copy)
        else:
            thenable.add_done_callback(copy)
    except RuntimeError as error:  # no event loop, or a closed one
        if iscoroutine(thenable):
            thenable.close()
        follower.fail(error)


class _Scheduler(ImmediateScheduler):
    """How the library waits: a plain promise that follows a `Delivery` waits as that one does."""

    def wait(self, promise: Any, timeout: float | None = None) -> None:
        promise.wait(timeout)


SCHEDULER = _Scheduler()
