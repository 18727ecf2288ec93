"""A writer for a server of lines: its options, addresses, TLS and time limits come from the toolbox of `sinetstream.spi`."""

import contextlib
import socket
import socketserver
import threading
from typing import Any

from sinetstream import MessageWriter, plugins
from sinetstream.errors import ConnectionError, InvalidArgumentError
from sinetstream.spi import Deadline, PluginMessageWriter
from sinetstream.spi.addresses import addresses
from sinetstream.spi.options import Choice, Duration, Option, Options, Secret, Text
from sinetstream.spi.tls import tls_material

CONNECT_TIMEOUT = Option("connect_timeout", Duration(positive=True), 10.0, "for all brokers together")
LINE_END = Option("line_end", Choice({"lf": b"\n", "crlf": b"\r\n"}), b"\n", "of each message", side="writer")
TOKEN = Option("token", Secret(Text()), None, "sent as the first line", default_words="none")
OPTIONS = Options(CONNECT_TIMEOUT, LINE_END, TOKEN)


class LinesWriter(PluginMessageWriter):
    abilities = frozenset()
    parameters = frozenset[str]()
    options = OPTIONS
    common_parameters = frozenset({"tls"})

    def __init__(self, params: dict[str, Any]) -> None:
        self._options = OPTIONS.read(params, "writer")
        self._brokers = addresses(params.get("brokers"), default_port=7000)
        self._tls = tls_material((params.get("tls"), "tls"))
        if self._tls is not None:
            self._tls.context()  # what is wrong with the files is said now
        self._stop = threading.Event()

    def open(self) -> None:
        deadline = Deadline(self._options[CONNECT_TIMEOUT], self._stop)
        while True:
            for broker in self._brokers:
                with contextlib.suppress(OSError):
                    self._socket = self._connected(broker.host, broker.port, deadline.left_s)
                    return
            if not deadline.pause(0.1):
                raise ConnectionError(f"none of {', '.join(map(str, self._brokers))} can be reached")

    def close(self) -> None:
        self._stop.set()
        if hasattr(self, "_socket"):
            self._socket.close()

    def publish(self, message: bytes) -> None:
        self._socket.sendall(message + self._options[LINE_END])

    def _connected(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout)
        if self._tls is not None:
            sock = self._tls.context().wrap_socket(sock, server_hostname=host)
        if (token := self._options[TOKEN]) is not None:
            sock.sendall(token.encode() + self._options[LINE_END])
        return sock


class Lines(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            print("the server got", line)


if __name__ == "__main__":
    with socketserver.TCPServer(("127.0.0.1", 0), Lines) as server, plugins.register("lines", writer=LinesWriter):
        serving = threading.Thread(target=server.handle_request)
        serving.start()
        address = f"127.0.0.1:{server.server_address[1]}"
        service: dict[str, Any] = {"type": "lines", "topic": "t", "brokers": address, "user_data_only": True}
        with MessageWriter(no_config=True, type_spec={"token": "s3cret", "line_end": "crlf"}, **service) as writer:
            writer.publish(b"hello")
        serving.join()

        for wrong in ({"line_ends": "lf"}, {"line_end": "cr"}, {"connect_timeout": 0}):
            try:
                MessageWriter(no_config=True, type_spec=wrong, **service)
            except InvalidArgumentError as error:
                print(error)
