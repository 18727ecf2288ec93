"""A proxy to a broker on which chosen kinds of packets get lost, and which can be closed."""

import contextlib
import socket
import threading
from typing import Literal, Self

__all__ = ["PUBREC", "PUBREL", "LossyProxy"]

PUBREC, PUBREL = 0x50, 0x62  # how a packet of the kind begins


class LossyProxy:
    """Forwards from the beginning on; what arrives and begins as one of `losing` is dropped and counted.

    Packets are told by what one `recv` begins with: good for packets that are sent one at a time.
    """

    def __init__(self, to: str, *, version: Literal[4, 6] = 4) -> None:
        host, port = to.rsplit(":", 1)
        self._to = host, int(port)
        self._ends: list[socket.socket] = []
        self._is_open = True
        self._words = b""
        here, family = ("127.0.0.1", socket.AF_INET) if version == 4 else ("::1", socket.AF_INET6)
        self._listener = socket.create_server((here, 0), family=family)
        self._threads = [threading.Thread(target=self._accept)]
        self.address = f"{here if version == 4 else f'[{here}]'}:{self._listener.getsockname()[1]}"
        self.losing: frozenset[int] = frozenset()
        self.lost = 0
        self.turned_away = 0

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept, which close does not
        self._listener.close()
        self._threads[0].join()
        self.close()
        for thread in self._threads[1:]:
            thread.join()

    def open(self) -> None:
        self._is_open = True

    def close(self, words: bytes = b"") -> None:
        """Hang up, and on newcomers at once, or when they have said something and got these words for an answer."""
        self._words = words
        self._is_open = False
        self.cut()

    def cut(self) -> None:
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here = self._listener.accept()[0]
                if not self._is_open:
                    self._turn_away(here)
                    continue
                there = socket.create_connection(self._to)
                self._ends += [here, there]
                both = [threading.Thread(target=self._pump, args=ends) for ends in ((here, there), (there, here))]
                self._threads += both
                for thread in both:
                    thread.start()

    def _turn_away(self, newcomer: socket.socket) -> None:
        with newcomer, contextlib.suppress(OSError):
            if self._words:
                newcomer.recv(1 << 16)
                newcomer.sendall(self._words)
        self.turned_away += 1

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if data[0] in self.losing:
                    self.lost += len(data)
                else:
                    target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()
