"""Reading, with callbacks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import inf
from typing import Any, Generic, Self

from sinetstream.ack_policy import AckPolicy, choose_ack_policy
from sinetstream.errors import AlreadyConnectedError, InvalidMessageError
from sinetstream.message import Message
from sinetstream.message_decoder import MessageDecoder
from sinetstream.plugin_selection import callback_reader
from sinetstream.reader_base import Seekable
from sinetstream.spi.reader_thread import ReaderThread
from sinetstream.values import T
from sinetstream.with_block import WithBlock

__all__ = ["AsyncMessageReader"]

log = logging.getLogger("sinetstream")

_PAUSES_S = (0.05, 5.0)


class AsyncMessageReader(Seekable, WithBlock, Generic[T]):
    """Calls `on_message(message)` for each message of a service, in order, one at a time, on one thread of its own.

    `on_failure(exception)` is called on the same thread for bytes that are no message, for what a callback raised and for
    what went wrong while reading; reading goes on. Without an `on_failure` such an error is logged. Both may be set
    before or after `open`; without an `on_message` nothing is taken from the broker. A message is finished, and
    acknowledged from at-least-once on, when `on_message` has returned; one whose callback raised when `on_failure` has
    returned, unless that closed the reader. A message that could not be decoded for want of memory is tried again, after
    `on_failure` was told.

    Constructing it raises what is wrong with the parameters, which docs/configuration.md lists.
    """

    _plugin_class = staticmethod(callback_reader)
    _own_thread = True

    def _set_up(self) -> None:
        self._decoder: MessageDecoder[T] = MessageDecoder(self._session, self._session.meter)
        self._ack_policy = choose_ack_policy(self._session)
        self._ack: AckPolicy  # there is one while there is a plugin
        self._on_message: Callable[[Message[T]], Any] | None = None
        self._deliver_to: Callable[[Message[T]], Any]
        self._on_failure: Callable[[Any], Any] | None = None
        self._plugin: Any = None
        self._reader_thread: ReaderThread  # there is one while there is a plugin

    @property
    def on_message(self) -> Callable[[Message[T]], Any] | None:
        """Called with each message."""
        return self._on_message

    @on_message.setter
    def on_message(self, callback: Callable[[Message[T]], Any] | None) -> None:
        self._on_message = callback
        if callback is not None:
            self._deliver_to = callback
        if self._plugin is not None:
            self._pause_or_read()

    @property
    def on_failure(self) -> Callable[[Exception], Any] | None:
        """Called with each error."""
        return self._on_failure

    @on_failure.setter
    def on_failure(self, callback: Callable[[Exception], Any] | None) -> None:
        self._on_failure = callback

    def open(self) -> Self:
        """Connect; returns when the broker has accepted the subscription, so that nothing published later is missed.

        Raises `AlreadyConnectedError`, `ConnectionError` or `AuthorizationError`; then it is closed.
        """
        if self._plugin is not None and self._reader_thread.in_thread():
            raise AlreadyConnectedError(
                "in a callback the reader is open: close takes effect when the callback returns"
            )
        self._open_session(self._start)
        return self

    def close(self) -> None:
        """Disconnect, after the callback that is running has returned. Idempotent, from any thread and any callback.

        It can be opened again.
        """
        with self._session.translating():  # around it all: Ctrl-C in here must not leave out what follows `begin_close`
            if self._session.begin_close() is None:
                if self._plugin is not None and not self._reader_thread.in_thread():
                    self._session.wait_until_closed()
                return
            try:
                self._reader_thread.stop()
            finally:
                self._session.hand_over_close()  # interrupted, the reader thread closes it

    def _forked(self) -> None:
        super()._forked()
        self._plugin = None

    def _start(self, plugin: Any) -> None:
        self._decoder.start(plugin)
        self._ack = self._ack_policy(plugin)
        self._reader_thread = ReaderThread(
            plugin,
            on_item=self._deliver,
            on_error=self._fail,
            on_end=self._session.closed,
            closable_while_reading=self._session.declares_abilities,
        )
        self._plugin = plugin
        self._pause_or_read()
        self._reader_thread.start()

    def _pause_or_read(self) -> None:
        if self._on_message is None:
            self._reader_thread.pause()
        else:
            self._reader_thread.request(inf)

    def _deliver(self, payload: bytes, topic: str | None, raw: Any) -> None:
        try:
            self._ack.received(raw)
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is reported
            self._fail(error)
            return
        processed = True
        try:
            try:
                message = self._decode(payload, topic, raw)
            except InvalidMessageError as error:
                self._decoder.handle_invalid(error, payload, topic, raw)
            else:
                if message is None:
                    return
                self._call_back(message)
        except BaseException as error:  # noqa: BLE001  a callback must not stop the stream
            processed = self._report(error)
        try:
            if processed:
                self._ack.processed()
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is reported
            self._fail(error)

    def _decode(self, payload: bytes, topic: str | None, raw: Any) -> Message[T] | None:
        """Decode, again and again where memory is short; None where the reader was closed meanwhile."""
        pause_s, longest_s = _PAUSES_S
        while True:
            try:
                return self._decoder.decode(payload, topic, raw)
            except MemoryError as error:
                self._session.meter.record_error()
                self._report(error)
            if self._reader_thread.wait_for_stop(pause_s):
                return None
            pause_s = min(2 * pause_s, longest_s)

    def _call_back(self, message: Message[T]) -> None:
        try:
            self._deliver_to(message)
        except BaseException:
            self._session.meter.record_error()
            raise

    def _fail(self, error: Exception) -> None:
        self._session.meter.record_error()
        self._report(self._session.translate(error))

    def _report(self, error: BaseException) -> bool:
        """Give the error to `on_failure`, or log it; False where `on_failure` closed the reader."""
        stopping = self._reader_thread.stopping
        if self._on_failure is None:
            # What the decoder or a deserializer said may quote the payload.
            trace = None if isinstance(error, InvalidMessageError) else error
            log.error("reading %r failed and there is no on_failure: %s", self.service, error, exc_info=trace)
            return True
        try:
            self._on_failure(error)
        except BaseException:
            log.exception("on_failure of %r raised", self.service)
        return self._reader_thread.stopping == stopping
