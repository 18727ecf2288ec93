"""A TCP listener that accepts connections, records what they send and never answers."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Any, Self

__all__ = ["SilentListener"]

_HOST = "127.0.0.1"
_START_S = 10.0


class SilentListener:
    """Listens on a free port of 127.0.0.1 while its `with` block runs; leaving the block closes all connections."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="silent-listener", daemon=True)
        self._writers: list[asyncio.StreamWriter] = []
        self._received: list[bytearray] = []
        self._lock = threading.Lock()
        self._server: Any = None
        self.address = ""

    @property
    def received(self) -> list[bytes]:
        """What each connection has sent, in the order of connecting."""
        with self._lock:
            return [bytes(data) for data in self._received]

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._accept, _HOST, 0))
        self.address = "{}:{}".format(*self._server.sockets[0].getsockname())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_S)
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_S)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        data = bytearray()
        with self._lock:
            self._received.append(data)
        try:
            while some := await reader.read(65536):
                with self._lock:
                    data += some
        except OSError:
            pass  # the other side has reset the connection
        finally:
            writer.close()

    async def _close(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others)
