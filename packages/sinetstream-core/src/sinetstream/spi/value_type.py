"""What a plugin for a type of values, or for a compression, provides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["PluginCompression", "PluginValueType"]


class PluginValueType(ABC):
    """Entry-point group `sinetstream.value_type`; constructed with `value_type.args` as keyword arguments.

    Both functions may be called from several threads at once. What they raise becomes `InvalidMessageError`.
    """

    @property
    @abstractmethod
    def serializer(self) -> Callable[[Any], bytes] | None:
        """From value to bytes; None where the value is bytes already."""

    @property
    @abstractmethod
    def deserializer(self) -> Callable[[bytes], Any] | None:
        """From bytes to value; None where the value is the bytes."""


class PluginCompression(ABC):
    """Entry-point group `sinetstream.compression`.

    Constructed with `level` (None: the default) and `params` (the mapping under `compression.<algorithm>`). The
    functions may be called from several threads at once. What they raise becomes `InvalidMessageError`.
    """

    def __init__(self, level: int | None, params: Mapping[str, Any]) -> None:  # noqa: B027  states the signature
        pass

    @property
    @abstractmethod
    def compressor(self) -> Callable[[bytes], bytes]:
        """From bytes to compressed bytes."""

    @property
    @abstractmethod
    def decompressor(self) -> Callable[[bytes], bytes]:
        """From compressed bytes to bytes."""

    def bounded_decompressor(self, max_bytes: int) -> Callable[[bytes], bytes] | None:
        """A decompressor that stops at `max_bytes` with an error; None where only the result can be measured."""
        return None
