"""A transaction in asyncio."""

from __future__ import annotations

from types import TracebackType

from sinetstream.aio.threads import shielded_in_thread
from sinetstream.transaction import TransactionSteps

__all__ = ["Transaction"]


class Transaction:
    """Entered once. See `sinetstream.MessageWriter.transaction`. Never blocks the event loop.

    Cancelled while it begins, commits or aborts, it waits for the end of that step (about `publish_timeout_ms` at most),
    aborts where nothing was committed, and raises `CancelledError` then.
    """

    def __init__(self, steps: TransactionSteps) -> None:
        self._steps = steps

    async def __aenter__(self) -> None:
        ended = await shielded_in_thread(self._steps.begin)
        if ended.cancelled is not None and ended.failed is None:
            await self._roll_back(ended.cancelled)
        ended.check()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            await self._roll_back(error)
            return
        ended = await shielded_in_thread(self._steps.commit)
        if ended.failed is not None:
            await self._roll_back(ended.failed)
        ended.check()

    async def _roll_back(self, because: BaseException | None) -> None:
        self._steps.forget()
        (await shielded_in_thread(lambda: self._steps.abort(because))).check()
