"""Whether what a call raises is one of our errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sinetstream import SinetError
from sinetstream.testing.leaks import Descriptors, Threads
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import within

__all__ = ["check_open_raises", "check_ours"]


def check_ours(trial: Trial, errors: Sequence[Exception]) -> None:
    """`Broken` unless the error is one of ours and the plugin, not the core, translated it."""
    for error in errors:
        if not isinstance(error, SinetError):
            raise Broken(f"{type(error).__name__} leaked, which is none of sinetstream.errors: {error}") from error
        cause = error.__cause__
        if trial.declared.declares and type(error) is SinetError and not isinstance(cause, SinetError | None):
            raise Broken(
                f"{type(cause).__name__} leaked from the plugin: it is neither one of sinetstream.errors nor in the "
                f"plugin's table `errors`: {cause}"
            ) from error


def check_open_raises(trial: Trial, end: str, params: Any, expected: type[SinetError]) -> None:
    threads = Threads()
    _open_raises(trial, end, params, expected)
    threads.check_none_left(trial.patience_s)
    if Descriptors.visible():
        descriptors = Descriptors()
        _open_raises(trial, end, params, expected)
        descriptors.check_none_left(trial.patience_s)


def _open_raises(trial: Trial, end: str, params: Any, expected: type[SinetError]) -> None:
    api = getattr(trial, end)(**params)
    try:
        within(trial.patience_s + 1, f"{end}.open", api.open)
    except expected as error:
        hidden = error.__context__
        if trial.declared.declares and error.__cause__ is None and not isinstance(hidden, SinetError | None):
            raise Broken(f"{end}.open raised {error!r} and hid its cause, which was {hidden!r}") from error
    except Broken:
        raise
    except Exception as error:
        check_ours(trial, [error])
        raise Broken(f"{end}.open raised {error!r}, not {expected.__name__}") from error
    else:
        raise Broken(f"{end}.open returned, although it was to raise {expected.__name__}")
