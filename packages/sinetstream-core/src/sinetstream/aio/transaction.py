"""A transaction in asyncio."""

from __future__ import annotations

from types import TracebackType

from sinetstream.aio.threads import shielded_in_thread
from sinetstream.transaction import Step

__all__ = ["Transaction"]


class Transaction:
    """Entered once. See `sinetstream.MessageWriter.transaction`. Never blocks the event loop.

    Cancelled while it begins, commits or aborts, it first finds out how that ends (each waits for about
    `publish_timeout_ms` at most), goes back where nothing was committed, and is cancelled then.
    """

    def __init__(self, step: Step) -> None:
        self._step = step

    async def __aenter__(self) -> None:
        ended = await shielded_in_thread(self._step.begin)
        if ended.cancelled is not None and ended.failed is None:
            await self._back(ended.cancelled)
        ended.check()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            await self._back(error)
            return
        ended = await shielded_in_thread(self._step.commit)
        if ended.failed is not None:
            await self._back(ended.failed)
        ended.check()

    async def _back(self, because: BaseException | None) -> None:
        self._step.forget()
        (await shielded_in_thread(lambda: self._step.abort(because))).check()
