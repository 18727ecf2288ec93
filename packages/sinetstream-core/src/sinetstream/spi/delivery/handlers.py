"""Running the handlers of a settled `Delivery`, whatever they do."""

from __future__ import annotations

import logging
from typing import Any

from promise.promise import STATE_FULFILLED as FULFILLED
from promise.promise import STATE_REJECTED as REJECTED

from sinetstream.errors import InvalidArgumentError, SinetError
from sinetstream.spi.delivery.promise_library import is_thenable

Entry = tuple[Any, Any, Any]  # the delivery of the handler's result or None, did_fulfill, did_reject


def run(*batch: Any) -> None:  # noqa: C901  one flat loop: a call per step would cost on every message
    """Of a batch (delivery, its state, its outcome, entries) run each entry that is still in the list, in order."""
    batches = [batch]
    for parent, state, outcome, todo in batches:  # grows: a child that is settled here brings its own handlers
        if len(todo) > 1:
            todo.reverse()
        while todo:
            try:
                child, did_fulfill, did_reject = todo.pop()
            except IndexError:  # its attacher took it
                break
            handler = did_fulfill if state == FULFILLED else did_reject
            if not callable(handler):
                if child is not None:
                    child._settle(state, outcome, parent._owner, batches)
                continue
            try:
                result, handled = handler(outcome), FULFILLED
            except BaseException as error:  # noqa: BLE001  one handler's SystemExit must not end the dispatch of all
                traceback = error.__traceback__  # without this frame, which would keep `child`
                result, handled = as_exception(error.with_traceback(traceback and traceback.tb_next)), REJECTED
            if child is None:
                if handled == REJECTED:
                    log(result)
            elif result is not None and handled == FULFILLED and is_thenable(result):
                child.follow(result)
            else:
                child._settle(handled, result, parent._owner, batches)


def removed(entries: list[Entry], entry: Entry) -> bool:
    try:
        entries.remove(entry)
    except ValueError:
        return False
    return True


def as_exception(error: BaseException) -> Exception:
    if isinstance(error, Exception):
        return error
    if not isinstance(error, BaseException):
        raise InvalidArgumentError(f"a promise is rejected with an exception, not with {error!r}")
    wrapped = SinetError(f"ended by {type(error).__name__}")
    wrapped.__cause__ = error
    return wrapped


def log(error: Exception) -> None:
    logging.getLogger("sinetstream").error("a promise ended with an error that nobody handled", exc_info=error)
