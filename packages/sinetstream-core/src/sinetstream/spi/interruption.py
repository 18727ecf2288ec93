"""Exceptions that say nothing about what was being done when they came."""

from __future__ import annotations

from types import FrameType, TracebackType

__all__ = ["is_interruption"]


def is_interruption(error: BaseException) -> bool:
    """Whether it is a `MemoryError`, or was raised by a signal handler: doing the same again may well succeed.

    A signal handler is known by its argument: Python gives it the very frame that it interrupted.
    """
    return isinstance(error, MemoryError) or _raised_by_signal_handler(error.__traceback__)


def _raised_by_signal_handler(traceback: TracebackType | None) -> bool:
    while traceback is not None and traceback.tb_next is not None:
        interrupted, traceback = traceback.tb_frame, traceback.tb_next
        if _was_given(traceback.tb_frame, interrupted):
            return True
    return False


def _was_given(frame: FrameType, interrupted: FrameType) -> bool:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & _HAS_VARARGS)
    names = code.co_varnames[:count]
    values = frame.f_locals
    given = [values[name] for name in names if name in values]
    return any(value is interrupted or (type(value) is tuple and interrupted in value) for value in given)


_HAS_VARARGS = 0x04  # inspect.CO_VARARGS, whose import would cost milliseconds
