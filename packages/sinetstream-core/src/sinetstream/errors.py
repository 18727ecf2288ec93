"""Every exception that SINETStream raises on purpose.

SinetError
├── InvalidArgumentError          (ValueError)           a parameter or argument is wrong
│   └── UnsupportedOperationError (NotImplementedError)  this plugin cannot do what was asked
├── InvalidConfigError            (ValueError)           the configuration source is wrong
├── NoConfigError                 (LookupError)          no configuration to read, or none chosen
├── NoServiceError                (LookupError)          the configuration has no such service
├── UnsupportedServiceTypeError   (LookupError)          no usable plugin of that type is installed
├── ConnectionError               (builtins.ConnectionError)  the broker cannot be reached or hung up
├── AuthorizationError            (PermissionError)      the broker does not allow it
├── AlreadyConnectedError         (RuntimeError)         opened twice
├── BusyError                     (RuntimeError)         a second thread reads from one reader
├── NotOpenError                  (RuntimeError)         used before open() or after close()
├── InvalidMessageError           (ValueError)           a message cannot be encoded or decoded
├── BufferFullError               (BufferError)          too much waits to be confirmed
├── PublishTimeoutError           (TimeoutError)         not confirmed in time; it may have been sent
└── PublishManyError                                     some messages of one publish_many failed

Each takes nothing or one sentence. Facts are attributes, given as keywords: `outcome`, `path`, `size`, `limit`, `broker`.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, Literal

__all__ = [
    "AlreadyConnectedError",
    "AuthorizationError",
    "BufferFullError",
    "BusyError",
    "ConnectionError",
    "InvalidArgumentError",
    "InvalidConfigError",
    "InvalidMessageError",
    "NoConfigError",
    "NoServiceError",
    "NotOpenError",
    "Outcome",
    "PublishManyError",
    "PublishTimeoutError",
    "SinetError",
    "UnsupportedOperationError",
    "UnsupportedServiceTypeError",
]


Outcome = Literal["not_sent", "unknown"]
"""What became of a message whose publish failed.

`"not_sent"`: the broker does not have it and will not get it, so that publishing it again cannot duplicate it.
`"unknown"`: the broker may have it, or get it yet.
"""


class SinetError(Exception):
    """The root: `except SinetError` catches whatever this library raises on purpose.

    What a plugin raises outside our tree and outside its own table arrives as a plain `SinetError`
    with the original as `__cause__`.

    The facts are for programs, each None where there is none: `outcome` (every error of publishing has one), `path` (the
    place of a wrong parameter, dotted: `services.lab.crypto.mode`), `size` and `limit` in bytes, of what was too much,
    and `broker`, the `host:port` that it is about.
    """

    outcome: Outcome | None = None
    path: str | None = None
    size: int | None = None
    limit: float | None = None
    broker: str | None = None

    def __init__(
        self,
        message: str = "",
        *,
        outcome: Outcome | None = None,
        path: str | None = None,
        size: int | None = None,
        limit: float | None = None,
        broker: str | None = None,
    ) -> None:
        super().__init__(*([message] if message else []))
        facts = {"outcome": outcome, "path": path, "size": size, "limit": limit, "broker": broker}
        vars(self).update((name, fact) for name, fact in facts.items() if fact is not None)


class InvalidArgumentError(SinetError, ValueError):
    """A parameter or an argument has a wrong value or type. Nothing was sent."""


class UnsupportedOperationError(InvalidArgumentError, NotImplementedError):
    """The plugin does not declare the ability that this call or parameter needs."""


class InvalidConfigError(SinetError, ValueError):
    """A configuration source is malformed. `path` is the place in it."""


class NoConfigError(SinetError, LookupError):
    """There is no configuration file, or it defines several services and none was named."""


class NoServiceError(SinetError, LookupError):
    """The configuration does not define the service."""


class UnsupportedServiceTypeError(SinetError, LookupError):
    """No plugin of this `type` is installed, or the one installed is unusable. `path` is where it was asked for."""


class ConnectionError(SinetError, builtins.ConnectionError):
    """The broker cannot be reached, refused the connection, or hung up."""


class AuthorizationError(SinetError, PermissionError):
    """The broker knows who asks and does not allow it."""


class AlreadyConnectedError(SinetError, RuntimeError):
    """`open()` was called on an object that is open."""


class BusyError(SinetError, RuntimeError):
    """Another thread is reading from this reader: one thread iterates."""


class NotOpenError(SinetError, RuntimeError):
    """The object is not open: never opened, or closed. Nothing was sent."""

    outcome: Outcome | None = "not_sent"


class InvalidMessageError(SinetError, ValueError):
    """A value cannot become a message, or bytes received are not a message this reader accepts."""


class BufferFullError(SinetError, BufferError):
    """More than `max_pending_bytes` wait to be confirmed. This message was not sent."""

    outcome: Outcome | None = "not_sent"


class PublishTimeoutError(SinetError, TimeoutError):
    """No confirmation came in time. `outcome` says whether the broker may have the message."""

    outcome: Outcome | None = "unknown"


class PublishManyError(SinetError):
    """Some messages of one `publish_many` failed.

    `failures` maps the index of each failed value to its error; `results` has, at the other indices, what
    publishing gave. `outcome` is `"not_sent"` where that is certain of all that failed.
    """

    def __init__(
        self,
        message: str = "",
        *,
        failures: Mapping[int, SinetError] | None = None,
        results: Sequence[Any] = (),
    ) -> None:
        self.failures: Mapping[int, SinetError] = failures or {}
        outcomes = {error.outcome for error in self.failures.values()}
        super().__init__(message, outcome="not_sent" if outcomes == {"not_sent"} else "unknown" if outcomes else None)
        self.results = results
