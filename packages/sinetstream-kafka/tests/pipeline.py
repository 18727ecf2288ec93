"""A process that copies one topic to another, in transactions, until it is killed: `python pipeline.py ADDRESS IN OUT`."""

import sys
from itertools import islice
from typing import Any

from sinetstream import ConnectionError, MessageReader, MessageWriter, SinetError

TOGETHER = 5


def main(address: str, source: str, target: str) -> None:
    service: dict[str, Any] = {"no_config": True, "type": "kafka", "brokers": address, "consistency": "EXACTLY_ONCE"}
    reading: dict[str, Any] = {
        "group_id": f"{source}-pipeline",
        "auto_offset_reset": "earliest",
        "session_timeout_ms": 1500,
    }
    reading |= {"heartbeat_interval_ms": 300, "max_poll_records": 50}
    with (
        MessageReader(topics=source, receive_timeout_ms=300, type_spec=reading, **service) as reader,
        MessageWriter(topic=target, type_spec={"transaction_timeout_ms": 5000}, **service) as writer,
    ):
        print("ready", flush=True)
        while True:
            try:
                with writer.transaction(reader):
                    for message in islice(reader, TOGETHER):
                        writer.publish(message.value)
            except ConnectionError as error:
                print("again:", error, flush=True)
            except SinetError as error:
                print("failed:", repr(error), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
