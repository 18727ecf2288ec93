"""A fake broker's exchange, reached from another process."""

from __future__ import annotations

import threading
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from sinetstream.testing.fake.exchange import Exchange

__all__ = ["RemoteExchange", "Server"]


class Server:
    """Answers calls over a local socket, one connection for each, until `close`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._listener = Listener()
        self.address = str(self._listener.address)
        self._thread = threading.Thread(target=self._accept, name="fake-broker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; calls that wait are abandoned."""
        with Client(self.address) as last:
            last.send(None)
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            connection = self._listener.accept()
            call = connection.recv()
            if call is None:
                connection.close()
                return
            threading.Thread(
                target=self._answer, args=(connection, *call), name="fake-broker-call", daemon=True
            ).start()

    def _answer(self, connection: Connection[Any, Any], method: str, args: tuple[Any, ...]) -> None:
        with connection:
            answer: tuple[Any, Exception | None]
            try:
                answer = getattr(self._exchange, method)(*args), None
            except Exception as error:  # noqa: BLE001  it is raised where the call came from
                answer = None, error
            try:
                connection.send(answer)
            except OSError:  # who asked has been killed
                return


class RemoteExchange:
    """The same calls, in another process."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)

        def call(*args: Any) -> Any:
            with Client(self._address) as connection:
                connection.send((method, args))
                result, error = connection.recv()
            if error is not None:
                raise error
            return result

        return call
