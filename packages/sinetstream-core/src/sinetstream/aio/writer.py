"""Writing in asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sized
from functools import partial
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self

from sinetstream.aio.reader import MessageReader
from sinetstream.aio.threads import in_thread
from sinetstream.aio.transaction import Transaction
from sinetstream.errors import InvalidArgumentError, NotOpenError, SinetError
from sinetstream.plugin_selection import async_writer
from sinetstream.reader_base import participant_of
from sinetstream.spi.byte_budget import ByteBudget
from sinetstream.transaction import TransactionSteps
from sinetstream.values import T
from sinetstream.writer_base import WriterEndpoint, results_or_raise

if TYPE_CHECKING:
    from sinetstream.pending_publishes import PendingPublishes
    from sinetstream.publish_many import Encoded
    from sinetstream.spi.delivery import Delivery

__all__ = ["MessageWriter"]

_LARGE_BYTES = 65_536
_ITEM_BYTES = 64  # a guess at the size of an item of a list or mapping
_SLOW_S = 0.002
_ENCODE_IN_THREAD_S = 10.0


class MessageWriter(WriterEndpoint, Generic[T]):
    """`sinetstream.MessageWriter` for asyncio. Several tasks may publish at once.

    Large values are encoded in a thread, and so are all values for ten seconds after one whose encoding took more than
    2 ms. Only that one (deeply nested, or with a slow serializer) blocks the event loop.
    """

    _plugin_class = staticmethod(async_writer)

    def _set_up(self) -> None:
        self._slow_until = 0.0
        self._pending: PendingPublishes | None = None
        self._send_lock: asyncio.Lock

    async def open(self) -> Self:
        """Connect. Raises as `sinetstream.MessageWriter.open`."""
        await in_thread(lambda: self._open_session(self._start), self._stop)
        return self

    async def publish(
        self,
        value: T,
        timestamp: float | None = None,
        *,
        key: bytes | str | None = None,
        headers: Mapping[str, bytes] | None = None,
    ) -> Any:
        """Send one message; returns when it is final for `consistency`, with what the plugin returns.

        Waits while `max_pending_bytes` would be exceeded. Messages are sent in the order of the calls. Cancelled while
        it waits for room, nothing was sent; cancelled later, the message may arrive all the same. Use `asyncio.timeout`
        for a deadline. Raises as `sinetstream.MessageWriter.publish`.
        """
        delivery = await self._send(value, timestamp, key, headers)
        return await delivery

    async def publish_many(self, values: Iterable[T] | AsyncIterable[T], timestamp: float | None = None) -> list[Any]:
        """Send all messages, waiting while `max_pending_bytes` would be exceeded; returns when all are final, with the
        results in order.

        Raises `PublishManyError` when all have ended and some failed; it says which.
        """
        deliveries: list[Any] = []
        async for value in _iterate(values):
            try:
                deliveries.append(await self._send(value, timestamp))
            except NotOpenError:
                raise
            except SinetError as error:
                deliveries.append(error)
        if deliveries:
            await _await_outcome(deliveries[-1])  # with one wake-up in place of one for each
        return results_or_raise([await _await_outcome(delivery) for delivery in deliveries])

    def transaction(self, reader: MessageReader[Any] | None = None) -> Transaction:
        """As `sinetstream.MessageWriter.transaction`, for an `async with` block."""
        if reader is not None and not isinstance(reader, MessageReader):
            raise InvalidArgumentError(
                f"transaction: needs a sinetstream.aio.MessageReader, not {type(reader).__name__}"
            )
        return Transaction(TransactionSteps(self._session, None if reader is None else participant_of(reader)))

    async def close(self) -> None:
        """Let pending publishes finish, for at most `close_timeout_ms`, reject the rest, and disconnect.

        Idempotent; it can be opened again.
        """
        await in_thread(self._stop)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(
        self,
        value: T,
        timestamp: float | None,
        key: bytes | str | None = None,
        headers: Mapping[str, bytes] | None = None,
    ) -> Delivery[Any]:
        pending = self._pending
        if pending is None:
            raise self._session.not_open_error()
        try:
            time_us = self._time_us(timestamp)
            attributes = self._attributes(key, headers, time_us)
            async with self._send_lock:
                encode = partial(self._session.codec.encode, value, time_us)
                began = monotonic()
                if began < self._slow_until or _estimate_size(value) > _LARGE_BYTES:
                    encoded, took_s = await in_thread(lambda: _time_call(encode))
                else:
                    encoded, took_s = _time_call(encode)
                if took_s > _SLOW_S:
                    self._slow_until = began + _ENCODE_IN_THREAD_S
                if not pending.budget.try_take(len(encoded[0])):
                    await _wait_for_room(pending.budget, len(encoded[0]))
                return pending.send(encoded, attributes, reserved=True)
        except SinetError as error:
            self._session.meter.record_error()
            raise self._session.translate_publishing(error, "not_sent")  # noqa: B904  the same error, with its outcome

    def _forked(self) -> None:
        super()._forked()
        self._pending = None

    def _start(self, plugin: Any) -> None:
        from sinetstream.pending_publishes import PendingPublishes  # imports `promise`, which takes 60 ms

        self._send_lock = asyncio.Lock()  # one for each event loop
        self._pending = PendingPublishes(self._session, plugin)
        self._session.watch(self, plugin, self._pending.close)

    def _stop(self, only: Any = None) -> None:
        if self._session.begin_close(only) is None or self._pending is None:
            self._session.wait_until_closed()
            return
        pending, self._pending = self._pending, None
        try:
            with self._session.translating():
                pending.close(self._session.close_deadline())
        finally:
            self._session.closed()


def _estimate_size(value: object) -> int:
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, Sized):
        return _ITEM_BYTES * len(value)
    return int(getattr(value, "nbytes", 0))


def _time_call(encode: Callable[[], Encoded]) -> tuple[Encoded, float]:
    began = monotonic()
    encoded = encode()
    return encoded, monotonic() - began


async def _iterate(values: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    if isinstance(values, AsyncIterable):
        async for value in values:
            yield value
    else:
        for value in values:
            yield value


async def _await_outcome(delivery: Any) -> Any:
    if isinstance(delivery, Exception):
        return delivery
    try:
        return await delivery
    except Exception as error:  # noqa: BLE001  it is the outcome
        return error


async def _wait_for_room(budget: ByteBudget, size: int) -> None:
    loop = asyncio.get_running_loop()
    room: asyncio.Future[None] = loop.create_future()

    def granted() -> None:
        if not room.done():
            room.set_result(None)

    def call() -> None:
        try:
            loop.call_soon_threadsafe(granted)
        except RuntimeError:  # the loop has been closed: no task takes the room
            withdraw()

    withdraw = budget.take_later(size, call)
    try:
        await room
    except BaseException:  # cancelled, or the loop was closed
        withdraw()
        raise
