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
├── PublishTimeoutError           (TimeoutError)         not confirmed in time; the outcome is unknown
└── PublishManyError                                     some messages of one publish_many failed

Each takes nothing or one sentence; facts are keyword-only attributes.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

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
    "PublishManyError",
    "PublishTimeoutError",
    "SinetError",
    "UnsupportedOperationError",
    "UnsupportedServiceTypeError",
]


class SinetError(Exception):
    """The root: `except SinetError` catches whatever this library raises on purpose.

    What a plugin raises outside our tree and outside its own table arrives as a plain `SinetError`
    with the original as `__cause__`.
    """


class _PlacedError(SinetError):
    def __init__(self, message: str = "", *, path: str | None = None) -> None:
        super().__init__(*([message] if message else []))
        self.path = path


class InvalidArgumentError(_PlacedError, ValueError):
    """A parameter or an argument has a wrong value or type. Nothing was sent.

    `path` is the place in dotted form (`services.lab.crypto.mode`), None where there is none.
    """


class UnsupportedOperationError(InvalidArgumentError, NotImplementedError):
    """The plugin does not declare the ability that this call or parameter needs."""


class InvalidConfigError(_PlacedError, ValueError):
    """A configuration source is malformed. `path` is the place in it, None where there is none."""


class NoConfigError(SinetError, LookupError):
    """There is no configuration file, or it defines several services and none was named."""


class NoServiceError(SinetError, LookupError):
    """The configuration does not define the service."""


class UnsupportedServiceTypeError(_PlacedError, LookupError):
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
    """The object is not open: never opened, or closed."""


class InvalidMessageError(SinetError, ValueError):
    """A value cannot become a message, or bytes received are not a message this reader accepts."""


class BufferFullError(SinetError, BufferError):
    """More than `max_pending_bytes` wait to be confirmed. This message was not sent."""


class PublishTimeoutError(SinetError, TimeoutError):
    """No confirmation came in time. Whether the broker has the message is unknown."""


class PublishManyError(SinetError):
    """Some messages of one `publish_many` failed.

    `failures` maps the index of each failed value to its error; `results` has, at the other indices, what
    publishing gave.
    """

    def __init__(
        self,
        message: str = "",
        *,
        failures: Mapping[int, Exception] | None = None,
        results: Sequence[Any] = (),
    ) -> None:
        super().__init__(*([message] if message else []))
        self.failures: Mapping[int, Exception] = failures or {}
        self.results = results
