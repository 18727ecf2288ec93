"""One API over many messaging systems."""

from sinetstream.__about__ import __version__
from sinetstream.async_reader import AsyncMessageReader
from sinetstream.async_writer import AsyncMessageWriter
from sinetstream.coder import SINETStreamMessageDecoder, SINETStreamMessageEncoder
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
from sinetstream.message import Message
from sinetstream.metrics import Metrics
from sinetstream.names import BYTE_ARRAY, DEFAULT_CLIENT_ID, TEXT
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
