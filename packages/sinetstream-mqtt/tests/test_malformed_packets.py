"""Packets that no real broker sends stop nothing: the connection is dropped and made again."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sinetstream import MessageReader

sys.path.append(str(Path(__file__).parent))

from scripted_server import Server

pytestmark = pytest.mark.mqtt

GOOD = b"\x30\x07\0\1tgood"


@pytest.fixture
def reading(parameters: Callable[..., dict[str, Any]]) -> Callable[[Server], Any]:
    @contextlib.contextmanager
    def made(server: Server) -> Iterator[MessageReader[str]]:
        delay = {"min_delay": 0.01, "max_delay": 0.05}
        given = parameters(server.address, "AT_MOST_ONCE", reconnect_delay=delay) | {"user_data_only": True}
        with MessageReader(topics="t", receive_timeout_ms=5000, **given) as reader:
            server.opened.set()
            yield reader

    return made


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xf0\0",
        b"\x30\1\0",
        b"\x30\xff\xff\xff\xff\x7f",
        b"\x40\0",
        b"\x62\0",
        b"\x90\0",
        b"\x36\5\0\1tx\0",
        b"\x20\0",
        b"\xe0\3abc",
    ],
)
def test_after_a_malformed_packet_reading_goes_on(reading: Callable[[Server], Any], garbage: bytes) -> None:
    with Server(garbage + GOOD, GOOD) as server, reading(server) as reader:
        message = next(reader)  # either is fine: of the same connection, or of the next

        assert ("good", "t") == (message.value, message.topic)


def test_a_topic_that_is_not_utf_8_is_shown_as_well_as_it_can_be(reading: Callable[[Server], Any]) -> None:
    with Server(b"\x30\x08\0\2\xff\xfegood") as server, reading(server) as reader:
        message = next(reader)

        assert ("good", "\ufffd\ufffd") == (message.value, message.topic)
