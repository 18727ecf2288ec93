"""A transaction in asyncio."""

from __future__ import annotations

from types import TracebackType

from sinetstream.aio.blocking import in_thread
from sinetstream.errors import SinetError
from sinetstream.transaction import Step

__all__ = ["Transaction"]


class Transaction:
    """Entered once. See `sinetstream.MessageWriter.transaction`. Never blocks the event loop."""

    def __init__(self, step: Step) -> None:
        self._step = step

    async def __aenter__(self) -> None:
        await in_thread(self._step.begin, lambda _: self._step.abort(None))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            await self._back(error)
            return
        try:
            await in_thread(self._step.commit)
        except SinetError as failed:
            await self._back(failed)
            raise

    async def _back(self, because: BaseException | None) -> None:
        self._step.forget()
        await in_thread(lambda: self._step.abort(because))
