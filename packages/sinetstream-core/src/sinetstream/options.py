"""The keywords of readers and writers, for editors and type checkers.

A keyword of a plugin's own belongs to `type_spec`. At run time one that the plugin declares in `parameters` is accepted
beside the common ones too; a type checker, which does not know the plugin, refuses it there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict

from sinetstream.consistency import Consistency
from sinetstream.settings import OnInvalid

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = ["DecoderOptions", "EncoderOptions", "ReaderOptions", "WriterOptions"]


class NamedValueType(Protocol):
    """An object in the place of a value type's name."""

    @property
    def name(self) -> str: ...


class _Options(TypedDict, total=False):
    allow_code: bool
    brokers: str | Sequence[str] | None
    client_id: str | None
    compression: Mapping[str, Any] | None
    consistency: Consistency | Literal[0, 1, 2, "AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"]
    crypto: Mapping[str, Any] | None
    data_compression: bool
    data_encryption: bool
    message_format: Literal[2, 3]
    no_config: bool
    tls: bool | Mapping[str, Any] | SSLContext | None
    type: str | None
    type_spec: Mapping[str, Any] | None
    use_realtime_clock: bool
    user_data_only: bool
    value_type: str | Mapping[str, Any] | NamedValueType | None


class ReaderOptions(_Options, total=False):
    """What a reader takes beside `service`, `topics`, `config` and `config_file`; docs/configuration.md says what it means."""

    on_invalid: OnInvalid
    receive_timeout_ms: float | None
    topic: str | Sequence[str] | None
    value_deserializer: Callable[[bytes], Any] | None


class WriterOptions(_Options, total=False):
    """What a writer takes beside `service`, `topic`, `config` and `config_file`; docs/configuration.md says what it means."""

    close_timeout_ms: float
    max_pending_bytes: int
    publish_timeout_ms: float
    topics: str | Sequence[str] | None
    value_serializer: Callable[[Any], bytes] | None


class DecoderOptions(ReaderOptions, total=False):
    """What a decoder takes: as a reader with the same parameters."""

    topics: str | Sequence[str] | None


class EncoderOptions(WriterOptions, total=False):
    """What an encoder takes: as a writer with the same parameters."""

    topic: str | Sequence[str] | None
