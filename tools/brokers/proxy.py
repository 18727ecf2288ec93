"""A line to a broker that can be cut, closed to newcomers, or fall silent."""

import asyncio
import contextlib
import errno
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

from tools.brokers.ports import HOST, free_ports

__all__ = ["CutProxy"]

T = TypeVar("T")
_CHUNK = 1 << 16
_PATIENCE = 10.0
_ATTEMPTS = 10
_TURNS = 10  # of the event loop, after which a connection that the system has accepted is among ours
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def _split(address: str) -> tuple[str, int]:
    host, port = address.rsplit(":", 1)
    return host, int(port)


class CutProxy:
    """Listens on 127.0.0.1 from construction to `close`. Every call returns when it has taken effect.

    A silent line loses nothing: what was under way arrives after `resume`, unless an end has given up meanwhile.
    """

    def __init__(self, to: str, *, address: str | None = None) -> None:
        self._to = _split(to)
        self._port = _split(address)[1] if address else free_ports(1)[0]
        self._lines: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cut-proxy", daemon=True)
        self._thread.start()
        try:
            self._listen(attempts=1 if address else _ATTEMPTS)
        except BaseException:
            self.close()
            raise

    def _listen(self, attempts: int) -> None:
        """Another test run may take a port between the choice and its use: choose again then."""
        for left in reversed(range(attempts)):
            try:
                self.resume()
            except OSError as error:
                if error.errno != errno.EADDRINUSE or not left:
                    raise
                self._port = free_ports(1)[0]
            else:
                return

    @property
    def address(self) -> str:
        return f"{HOST}:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def connections(self) -> int:
        return len(self._lines)

    def resume(self) -> None:
        """Accept and forward, as at first."""
        self._run(self._resume())

    def cut(self) -> None:
        """Reset every connection. New ones are accepted."""
        self._run(self._cut())

    def refuse(self) -> None:
        """Reset every connection, and refuse new ones until `resume`."""
        self._run(self._refuse())

    def silence(self) -> None:
        """Forward nothing either way until `resume`; connections, old and new, stay open and take what is sent."""
        self._run(self._silence())

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def _resume(self) -> None:
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self._port)

    async def _silence(self) -> None:
        self._flowing.clear()

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        if line is None:  # a callback of asyncio's server always runs in a task
            return
        self._lines.add(line)
        ends = [writer]
        try:
            await self._flowing.wait()
            there, back = await asyncio.open_connection(*self._to)
            ends.append(back)
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        except (OSError, asyncio.CancelledError):
            for end in ends:
                with contextlib.suppress(OSError):
                    end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        finally:
            for end in ends:
                end.transport.abort()
            self._lines.discard(line)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        writer.write_eof()
