"""One API over many messaging systems."""

from typing import TYPE_CHECKING, Any

from sinetstream.__about__ import __version__
from sinetstream.consistency import AT_LEAST_ONCE, AT_MOST_ONCE, EXACTLY_ONCE, Consistency
from sinetstream.errors import (
    AlreadyConnectedError,
    AuthorizationError,
    BufferFullError,
    BusyError,
    ConnectionError,
    InvalidArgumentError,
    InvalidConfigError,
    InvalidMessageError,
    NoConfigError,
    NoServiceError,
    NotOpenError,
    PublishManyError,
    PublishTimeoutError,
    SinetError,
    UnsupportedOperationError,
    UnsupportedServiceTypeError,
)
from sinetstream.names import BYTE_ARRAY, DEFAULT_CLIENT_ID, TEXT

if TYPE_CHECKING:
    from sinetstream.async_reader import AsyncMessageReader
    from sinetstream.async_writer import AsyncMessageWriter
    from sinetstream.coder import SINETStreamMessageDecoder, SINETStreamMessageEncoder
    from sinetstream.message import Message
    from sinetstream.metrics import Metrics
    from sinetstream.reader import MessageReader
    from sinetstream.writer import MessageWriter

__all__ = [
    "AT_LEAST_ONCE",
    "AT_MOST_ONCE",
    "BYTE_ARRAY",
    "DEFAULT_CLIENT_ID",
    "EXACTLY_ONCE",
    "TEXT",
    "AlreadyConnectedError",
    "AsyncMessageReader",
    "AsyncMessageWriter",
    "AuthorizationError",
    "BufferFullError",
    "BusyError",
    "ConnectionError",
    "Consistency",
    "InvalidArgumentError",
    "InvalidConfigError",
    "InvalidMessageError",
    "Message",
    "MessageReader",
    "MessageWriter",
    "Metrics",
    "NoConfigError",
    "NoServiceError",
    "NotOpenError",
    "PublishManyError",
    "PublishTimeoutError",
    "SINETStreamMessageDecoder",
    "SINETStreamMessageEncoder",
    "SinetError",
    "UnsupportedOperationError",
    "UnsupportedServiceTypeError",
    "__version__",
]

_ON_FIRST_USE = {  # what importing them costs, programs that only look for an error class need not pay
    "AsyncMessageReader": "async_reader",
    "AsyncMessageWriter": "async_writer",
    "Message": "message",
    "MessageReader": "reader",
    "MessageWriter": "writer",
    "Metrics": "metrics",
    "SINETStreamMessageDecoder": "coder",
    "SINETStreamMessageEncoder": "coder",
}


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_ON_FIRST_USE[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
