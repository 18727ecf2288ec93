"""Encoding and decoding messages without a broker."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Generic, Literal, Self, Unpack

from sinetstream import config, plugins
from sinetstream.clock import microseconds, now_us
from sinetstream.codec.build import build
from sinetstream.codec.codec import MessageCodec
from sinetstream.config.file import default_paths
from sinetstream.derivation_log import DerivationLog
from sinetstream.errors import UnsupportedServiceTypeError
from sinetstream.message import Message
from sinetstream.options import DecoderOptions, EncoderOptions
from sinetstream.source import Source
from sinetstream.values import T

__all__ = ["SINETStreamMessageDecoder", "SINETStreamMessageEncoder"]


_NO_TYPE = "none"


class _Coder:
    """Takes service, file and keywords as a reader or writer does; parameters of brokers and topics are not used.

    Without `service` and `config_file`, where there is no default file either, the keywords alone are taken.

    There is nothing to open or close: `open`, `close` and `with` are for programs written for the published versions.
    """

    _codec: MessageCodec

    def open(self) -> Self:
        """Nothing to do."""
        return self

    def close(self, *_: object) -> None:
        """Nothing to do; arguments are ignored."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


class SINETStreamMessageEncoder(_Coder, Generic[T]):
    """From values to the bytes that a writer with the same parameters would send."""

    def __init__(
        self,
        service: str | None = None,
        *,
        config: str | None = None,
        config_file: str | os.PathLike[str] | None = None,
        **kwargs: Unpack[EncoderOptions],
    ) -> None:
        self._codec = _codec("writer", Source(service, None, config, config_file, kwargs))

    def encode(self, msg: T, timestamp: float | None = None) -> bytes:
        """The message; `timestamp` as in `MessageWriter.publish`. May be called from several threads at once.

        Raises `InvalidMessageError` or `InvalidArgumentError`.
        """
        return self._codec.encode(msg, now_us() if timestamp is None else microseconds(timestamp))[0]


class SINETStreamMessageDecoder(_Coder, Generic[T]):
    """From received bytes to what a reader with the same parameters would hand out."""

    def __init__(
        self,
        service: str | None = None,
        *,
        config: str | None = None,
        config_file: str | os.PathLike[str] | None = None,
        **kwargs: Unpack[DecoderOptions],
    ) -> None:
        self._codec = _codec("reader", Source(service, None, config, config_file, kwargs))

    def decode(self, bs: bytes) -> Message[T]:
        """The message, its topic None. May be called from several threads at once. Raises `InvalidMessageError`."""
        value, timestamp_us, _, _ = self._codec.decode(bs)
        return Message(value, None, timestamp_us, bs)


def _codec(role: Literal["reader", "writer"], source: Source) -> MessageCodec:
    without_file = source.no_config or _has_no_file(source)
    settings = config.load(
        role=role,
        service=source.service,
        topics=None,
        config=source.config_name,
        config_file=source.config_file,
        no_config=without_file,
        kwargs={"type": _NO_TYPE, **source.kwargs} if without_file else source.kwargs,
        plugin_parameters=lambda name: _parameters(role, name),
    )
    with config.placed(settings.path):
        derived = DerivationLog(f"service {settings.service!r}" if settings.service else "a decoder")
        return build(settings.codec, plugins.load, writing=role == "writer", on_derived=derived)


def _has_no_file(source: Source) -> bool:
    """Whether none is asked for, and there is none where one is looked for: the keywords are all there is then."""
    if source.service is not None or source.config_file is not None:
        return False
    return not any(os.path.lexists(file) for file in default_paths())


def _parameters(role: str, name: str) -> frozenset[str] | None:
    """What the plugin for this type declares; None where it is not installed: messages can be had without it."""
    if name == _NO_TYPE:
        return frozenset()
    try:
        _, plugin_class = plugins.find(name, f"sinetstream.{role}", f"sinetstream.async_{role}")
    except UnsupportedServiceTypeError:
        return None
    parameters: frozenset[str] | None = getattr(plugin_class, "parameters", None)
    return parameters
