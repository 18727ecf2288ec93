"""Messages as bytes, without a broker."""

from __future__ import annotations

from types import TracebackType
from typing import Generic, Literal, Self, Unpack

from sinetstream import config, plugins
from sinetstream.clock import microseconds, now_us
from sinetstream.codec.build import build
from sinetstream.codec.codec import MessageCodec
from sinetstream.message import Message
from sinetstream.options import DecoderOptions, EncoderOptions
from sinetstream.values import T

__all__ = ["SINETStreamMessageDecoder", "SINETStreamMessageEncoder"]


class _Coder:
    """Takes every parameter that shapes messages; those of brokers and topics are read and not used.

    There is nothing to open or close: `open`, `close` and `with` are for programs written for the published versions.
    """

    _codec: MessageCodec

    def open(self) -> Self:
        """Nothing to do."""
        return self

    def close(self, *_: object) -> None:
        """Nothing to do, whatever it is given."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


class SINETStreamMessageEncoder(_Coder, Generic[T]):
    """From values to the bytes that a writer with the same parameters would send."""

    def __init__(self, service: str | None = None, **kwargs: Unpack[EncoderOptions]) -> None:
        self._codec = _codec("writer", kwargs)

    def encode(self, msg: T, timestamp: float | None = None) -> bytes:
        """The message; `timestamp` as in `MessageWriter.publish`. May be called from several threads at once.

        Raises `InvalidMessageError` or `InvalidArgumentError`.
        """
        return self._codec.encode(msg, now_us() if timestamp is None else microseconds(timestamp))[0]


class SINETStreamMessageDecoder(_Coder, Generic[T]):
    """From received bytes to what a reader with the same parameters would hand out."""

    def __init__(self, service: str | None = None, **kwargs: Unpack[DecoderOptions]) -> None:
        self._codec = _codec("reader", kwargs)

    def decode(self, bs: bytes) -> Message[T]:
        """The message, its topic None. May be called from several threads at once. Raises `InvalidMessageError`."""
        value, timestamp_us, _, _ = self._codec.decode(bs)
        return Message(value, None, timestamp_us, bs)


def _codec(role: Literal["reader", "writer"], options: EncoderOptions | DecoderOptions) -> MessageCodec:
    settings = config.load(
        role=role,
        service=None,
        topics=None,
        config=None,
        config_file=None,
        no_config=True,
        kwargs={"type": "none", **{name: value for name, value in options.items() if name != "no_config"}},
        plugin_parameters=lambda _: frozenset(),
    )
    return build(settings.codec, plugins.load, writing=role == "writer")
