"""A broker that says what it is told to."""

import contextlib
import socket
import threading
from typing import Self

__all__ = ["Server"]


class Server:
    """Accepts a client, confirms its subscription, sends one script per connection, and hangs up at the end of all."""

    def __init__(self, *scripts: bytes, connack: bytes = b"\x20\2\0\0", suback: bytes = b"\0") -> None:
        self._scripts = scripts
        self._connack = connack
        self._suback = suback  # what follows the identifier
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        self._thread = threading.Thread(target=self._run)
        self.opened = threading.Event()
        self.connects: list[bytes] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept, which close does not
        self._listener.close()
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            for script in self._scripts:
                connection = self._listener.accept()[0]
                with connection:
                    self.connects.append(connection.recv(1000))
                    connection.sendall(self._connack)
                    identifier = connection.recv(1000)[2:4]
                    connection.sendall(bytes((0x90, 2 + len(self._suback))) + identifier + self._suback)
                    self.opened.wait(10)
                    connection.sendall(script)
                    while connection.recv(1000):
                        pass
