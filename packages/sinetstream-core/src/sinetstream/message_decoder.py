"""From the bytes that a plugin received to a `Message`, for every kind of reader."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any, Generic

from sinetstream.errors import InvalidMessageError
from sinetstream.message import Attributes, Message
from sinetstream.metrics import Meter
from sinetstream.session import Session
from sinetstream.spi.abilities import Ability
from sinetstream.spi.interruption import is_interruption
from sinetstream.values import T

__all__ = ["MessageDecoder", "Sizes"]


class Sizes:
    """Takes the place of a meter, and keeps the sizes of the last message for it."""

    def __init__(self) -> None:
        self.last = (0, 0, 0)

    def record_message(self, size: int, compressed: int, plain: int, now: float) -> None:
        self.last = size, compressed, plain

    def record_error(self) -> None:
        pass


class MessageDecoder(Generic[T]):
    """Decodes messages, counts them, and applies `on_invalid`.

    `meter` is the session's, or `Sizes` where messages are counted later.
    """

    def __init__(self, session: Session, meter: Meter | Sizes) -> None:
        self._decode = session.codec.decode
        self._meter = meter
        self._count = meter.record_message
        self._on_invalid = session.settings.on_invalid
        self._wants_attributes = bool({Ability.KEY, Ability.HEADERS} & session.abilities)
        self._session = session
        # `user_data_only` messages carry no timestamp: take the messaging system's where it has one.
        self._wants_time = session.settings.codec.user_data_only and Ability.TIMESTAMP in session.abilities
        self._time_of: Callable[[Any], int] | None = None
        self._attributes: Callable[[Any], Attributes] | None = None

    def start(self, plugin: Any) -> None:
        """Ask this plugin for keys, headers and times from now on."""

        def attributes(raw: Any) -> Attributes:
            with self._session.translating():
                key, headers = plugin.attributes(raw)
                return key, headers

        self._attributes = attributes if self._wants_attributes else None
        self._time_of = plugin.timestamp_us if self._wants_time else None

    def decode(self, payload: bytes, topic: str | None, raw: Any) -> Message[T]:
        """Decode and count one message.

        Raises `InvalidMessageError`, to be given to `handle_invalid`; another `SinetError` where the plugin fails to tell
        the timestamp. Both are counted. What is not about the message (`is_interruption`) is raised as it is, and the
        message can be decoded again.
        """
        try:
            value, timestamp_us, compressed, plain = self._decode(payload)
            if self._time_of is not None:
                timestamp_us = self._time_of(raw)
        except Exception as error:
            if is_interruption(error):
                raise
            self._meter.record_error()
            raise self._session.translate(error)  # noqa: B904  it has its cause
        message = Message(value, topic, timestamp_us, raw, self._attributes)
        self._count(len(payload), compressed, plain, time())
        return message

    def handle_invalid(self, error: InvalidMessageError, payload: bytes, topic: str | None, raw: Any) -> None:
        """Apply `on_invalid`: return to skip the message; raise `error`, or what the user's function raises."""
        if self._on_invalid == "raise":
            raise error
        if callable(self._on_invalid):
            self._on_invalid(payload, topic, raw, error)
