"""Reading, one message at a time."""

from __future__ import annotations

from collections.abc import Iterator
from threading import get_ident
from types import TracebackType
from typing import Any, Generic, NoReturn, Self

from sinetstream.ack_policy import NOTHING, AckPolicy, choose_ack_policy
from sinetstream.errors import BusyError, InvalidMessageError
from sinetstream.message import Message
from sinetstream.message_decoder import MessageDecoder
from sinetstream.plugin_selection import iterating_reader
from sinetstream.reader_base import Seekable
from sinetstream.spi.abilities import Ability
from sinetstream.spi.interruption import is_interruption
from sinetstream.spi.iteration import Item, is_end
from sinetstream.transaction import Participant
from sinetstream.values import T
from sinetstream.with_block import WithBlock

__all__ = ["MessageReader"]


class MessageReader(Seekable, WithBlock, Generic[T]):
    """Reads the messages of a service: `with MessageReader("lab") as reader: for message in reader: ...`

    One thread iterates; a second one gets `BusyError`. The loop ends after `receive_timeout_ms` without a message
    (default: never) and can be run again; leaving it with `break` loses nothing. A message is finished, and acknowledged
    from at-least-once on, when the next is asked for or the iterating thread closes the reader; not when an exception
    leaves the `with` block. Bytes that are no message raise `InvalidMessageError`, and the next call goes on reading;
    `on_invalid` (`"raise"`, `"skip"` or a callable) changes that. A `MemoryError`, and what a signal handler raises, come out
    as they are, and the message comes with the next call.

    Constructing it raises what is wrong with the parameters, which docs/configuration.md lists.
    """

    _plugin_class = staticmethod(iterating_reader)

    def _set_up(self) -> None:
        self._decoder: MessageDecoder[T] = MessageDecoder(self._session, self._session.meter)
        self._decode = self._decoder.decode
        self._ack_policy = choose_ack_policy(self._session)
        self._participant = Participant(self._session.plugin, self._acknowledge, self._forget, resume=lambda: None)
        self._not_iterating = None  # deleted while a thread iterates; a lock would take three times as long
        self._iterating_thread = 0
        self._looping_thread = 0  # the one that runs a `for` loop
        self._plugin: Any = None
        self._ack: AckPolicy  # there is one while there is a plugin
        self._iterator: Iterator[Item] | None = None
        self._interrupted: Item | None = None  # a message whose decoding was interrupted; it is next

    def open(self) -> Self:
        """Connect; returns when the broker has accepted the subscription, so that nothing published later is missed.

        Raises `AlreadyConnectedError`, `ConnectionError` or `AuthorizationError`; then it is closed.
        """
        self._open_session(self._start)
        return self

    def close(self) -> None:
        """Disconnect; a loop in another thread ends (with an old plugin, when its iteration returns).

        Idempotent, from any thread; it can be opened again.
        """
        self._close(processed=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._looping_thread == get_ident():
            self._looping_thread = 0
        self._close(processed=kind is None)

    def __iter__(self) -> Self:
        self._session.plugin()
        self._looping_thread = get_ident()
        return self

    def __next__(self) -> Message[T]:
        # Ctrl-C strikes in a call or right after one, never between other steps. So there is no call, here and in
        # `_receive_next`, where it would leave `_not_iterating` deleted, or lose a message.
        try:
            del self._not_iterating
        except AttributeError:
            raise BusyError("another thread is reading from this reader: one thread iterates") from None
        try:
            while True:
                payload, topic, raw = (
                    self._receive_next() if self._interrupted is None else self._hand_out_interrupted()
                )
                try:
                    return self._decode(payload, topic, raw)
                except InvalidMessageError as error:
                    self._decoder.handle_invalid(error, payload, topic, raw)
                except BaseException as error:
                    if not isinstance(error, Exception) or is_interruption(error):
                        self._ack.in_flight, self._interrupted = NOTHING, (payload, topic, raw)
                    raise
        finally:
            self._not_iterating = None

    def _forked(self) -> None:
        super()._forked()
        self._plugin = self._iterator = self._interrupted = self._not_iterating = None
        self._iterating_thread = self._looping_thread = 0

    def _start(self, plugin: Any) -> None:
        self._decoder.start(plugin)
        self._ack = self._ack_policy(plugin)
        self._iterator = None
        self._interrupted = None
        self._plugin = plugin
        self._session.watch(self, plugin)

    def _acknowledge(self) -> None:
        self._ack.processed()

    def _forget(self) -> None:
        self._ack.forget()
        self._interrupted = None

    def _receive_next(self) -> Item:
        plugin = self._plugin
        if plugin is None:
            raise self._closed_error()
        ack = self._ack
        try:
            if ack.keeps_in_flight:
                self._iterating_thread = get_ident()
                ack.processed()
            iterator = self._iterator
            if iterator is None:
                iterator = self._iterator = iter(plugin)
            for payload, topic, raw in iterator:  # noqa: B007  `next` would be a call
                break
            else:
                raise StopIteration  # noqa: TRY301  as `next`
            if self._plugin is not plugin and Ability.ACKNOWLEDGE in self._session.abilities:
                raise self._session.not_open_error()  # noqa: TRY301  the plugin took the message back when it was closed
            if ack.keeps_in_flight:
                ack.in_flight = raw  # `received` would be a call
            elif ack.acts_on_receipt:
                ack.received(raw)
        except BaseException as error:  # noqa: BLE001  whatever a plugin raises is translated
            self._iterator = None  # a generator that raised, even by Ctrl-C, has ended
            self._raise(error, plugin)
        return payload, topic, raw

    def _hand_out_interrupted(self) -> Item:
        item, self._interrupted = self._interrupted, None
        if item is None:  # `_forget`, called by a signal handler
            return self._receive_next()
        if self._ack.keeps_in_flight:
            self._ack.in_flight = item[2]
        return item

    def _raise(self, error: BaseException, plugin: Any) -> NoReturn:
        if not isinstance(error, Exception) or is_interruption(error):
            raise error
        if self._plugin is not plugin:
            raise self._closed_error() from None
        if is_end(error):
            self._looping_thread = 0
            raise StopIteration from None
        self._session.meter.record_error()
        raise self._session.translate(error)

    def _closed_error(self) -> Exception:
        """A loop that was running when the reader was closed ends; any other call raises `NotOpenError`."""
        if self._looping_thread == get_ident():
            self._looping_thread = 0
            return StopIteration()
        return self._session.not_open_error()

    def _close(self, *, processed: bool) -> None:
        with self._session.translating():  # around it all: Ctrl-C in here must not leave out what follows `begin_close`
            plugin = self._session.begin_close()
            if plugin is None:
                self._session.wait_until_closed()
                return
            self._plugin = None
            try:
                try:
                    if processed and self._iterating_thread == get_ident():
                        self._ack.processed()
                finally:
                    self._ack.in_flight = NOTHING
                    self._interrupted = None
                    plugin.close()
            finally:
                self._session.closed()
