"""What a plugin author imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sinetstream.clock import in_seconds
from sinetstream.consistency import AT_LEAST_ONCE, AT_MOST_ONCE, EXACTLY_ONCE, Consistency
from sinetstream.spi.abilities import Ability
from sinetstream.spi.parameters import COMMON_PARAMETERS
from sinetstream.spi.plugin import (
    PluginAsyncMessageReader,
    PluginAsyncMessageWriter,
    PluginMessageReader,
    PluginMessageWriter,
)
from sinetstream.spi.protocols import (
    Acknowledging,
    PluginTransaction,
    Seekable,
    SeekableByTime,
    TakingHeaders,
    TakingKey,
    TakingTimestamp,
    Transactional,
    WithAttributes,
    WithTimestamp,
)
from sinetstream.spi.translation import Translation
from sinetstream.spi.value_type import PluginCompression, PluginValueType

if TYPE_CHECKING:
    from sinetstream.spi.adapters import (
        AsyncReaderFromReader,
        AsyncWriterFromWriter,
        ReaderFromAsyncReader,
        WriterFromAsyncWriter,
    )
    from sinetstream.spi.byte_budget import ByteBudget
    from sinetstream.spi.deadline import Deadline
    from sinetstream.spi.delivery import Delivery

__all__ = [
    "AT_LEAST_ONCE",
    "AT_MOST_ONCE",
    "COMMON_PARAMETERS",
    "EXACTLY_ONCE",
    "Ability",
    "Acknowledging",
    "AsyncReaderFromReader",
    "AsyncWriterFromWriter",
    "ByteBudget",
    "Consistency",
    "Deadline",
    "Delivery",
    "PluginAsyncMessageReader",
    "PluginAsyncMessageWriter",
    "PluginCompression",
    "PluginMessageReader",
    "PluginMessageWriter",
    "PluginTransaction",
    "PluginValueType",
    "ReaderFromAsyncReader",
    "Seekable",
    "SeekableByTime",
    "TakingHeaders",
    "TakingKey",
    "TakingTimestamp",
    "Transactional",
    "Translation",
    "WithAttributes",
    "WithTimestamp",
    "WriterFromAsyncWriter",
    "in_seconds",
]

_ON_FIRST_USE = {
    "AsyncReaderFromReader": "adapters",
    "AsyncWriterFromWriter": "adapters",
    "ByteBudget": "byte_budget",
    "Deadline": "deadline",
    "Delivery": "delivery",  # imports `promise`, which takes 60 ms
    "ReaderFromAsyncReader": "adapters",
    "WriterFromAsyncWriter": "adapters",
}


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ON_FIRST_USE[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
