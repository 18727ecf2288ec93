"""What the wheel alone can do: run in an environment that has nothing else.

One message goes through the broker at SINETSTREAM_TEST_KAFKA (host:port); without that, nobody is reached, and said so.
"""

import os
import socket
from uuid import uuid4

from sinetstream import MessageReader, MessageWriter
from sinetstream.errors import ConnectionError

service = {"no_config": True, "type": "kafka", "topic": f"smoke-{uuid4().hex}", "value_type": "text"}
if broker := os.environ.get("SINETSTREAM_TEST_KAFKA"):
    service |= {"brokers": broker}
    with MessageReader(**service) as reader, MessageWriter(**service) as writer:
        writer.publish("hello")
        assert next(reader).value == "hello"
else:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        address = "{}:{}".format(*nobody.getsockname())
        said = ""
        try:
            MessageReader(**service, brokers=address).open()
        except ConnectionError as error:
            said = str(error)

    assert address in said
