"""A proxy on loopback that records what goes through it: a forwarder to one address, or a SOCKS 5 proxy to any."""

import asyncio
import socket
import threading
from types import TracebackType
from typing import Any, Self

__all__ = ["RecordingProxy"]

_HOST = "127.0.0.1"
_WAIT_S = 10.0


class RecordingProxy:
    """Runs while its `with` block does; `recorded` is what both sides have sent, in any order. `to` is `host:port`."""

    def __init__(self, to: str | None = None) -> None:
        self._to = to
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="recording-proxy", daemon=True)
        self._streams: list[bytearray] = []
        self._lines: set[asyncio.Task[Any]] = set()
        self._server: Any = None
        self.address = ""

    @property
    def recorded(self) -> bytes:
        """Each direction of each connection as it went over the line, one after another."""
        return b"\n".join(bytes(stream) for stream in list(self._streams))

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._accept, _HOST, 0))
        self.address = f"{_HOST}:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WAIT_S)
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_WAIT_S)

    async def _close(self) -> None:
        self._server.close()
        for line in self._lines:
            line.cancel()
        if self._lines:
            await asyncio.wait(self._lines)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        if line is None:
            return
        self._lines.add(line)
        ends = [writer]
        try:
            host, port = await _asked(reader, writer) if self._to is None else _split(self._to)
            there, back = await asyncio.open_connection(host, port)
            ends.append(back)
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # one of the two has gone, or the test is over
        finally:
            for end in ends:
                end.transport.abort()
            self._lines.discard(line)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = bytearray()
        self._streams.append(stream)
        while data := await reader.read(65536):
            stream += data
            writer.write(data)
            await writer.drain()
        writer.write_eof()


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """The address that a SOCKS 5 client asks for; it is told that it is connected."""
    _, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(b"\x05\x00")  # no authentication
    _, _, _, kind = await reader.readexactly(4)
    if kind == 1:
        host = socket.inet_ntoa(await reader.readexactly(4))
    else:
        (length,) = await reader.readexactly(1)
        host = (await reader.readexactly(length)).decode()
    port = int.from_bytes(await reader.readexactly(2), "big")
    writer.write(b"\x05\x00\x00\x01" + bytes(6))
    return host, port
