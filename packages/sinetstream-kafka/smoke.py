"""What the wheel alone can do: run in an environment that has nothing else, and no broker."""

import socket

from sinetstream import MessageReader
from sinetstream.errors import ConnectionError

with socket.socket() as nobody:
    nobody.bind(("127.0.0.1", 0))  # and does not listen
    address = "{}:{}".format(*nobody.getsockname())
    said = ""
    try:
        MessageReader(no_config=True, type="kafka", brokers=address, topics="t").open()
    except ConnectionError as error:
        said = str(error)

assert address in said
