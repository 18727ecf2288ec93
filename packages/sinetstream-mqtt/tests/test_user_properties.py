"""Keys and headers in user properties of MQTT 5."""

from typing import Any

import pytest
from sinetstream.errors import InvalidArgumentError
from sinetstream_plugins.mqtt.packets.user_properties import pack, unpack

pytestmark = pytest.mark.mqtt

STRANGE = [text.encode() for text in ("a\nb", "\x07", "\x7f", "\x85", "\ufefftext", "\uffff", "\ufdd0", "\U0001fffe")]


@pytest.mark.parametrize(
    "value", [b"", b"text", b"\xff\0", b"a\0b", b"base64:", b"base64:YQ==", "été".encode(), *STRANGE]
)
def test_keys_and_headers_come_back_as_they_were(value: bytes) -> None:
    assert (value, {"name": value}) == unpack(pack(value, {"name": value}))


def test_another_client_s_text_is_a_header_as_it_is() -> None:
    properties = pack(None, {})
    properties.UserProperty = [("a", "base64:no base 64"), ("b", "plain")]

    assert (None, {"a": b"base64:no base 64", "b": b"plain"}) == unpack(properties)


@pytest.mark.parametrize("value", STRANGE)
def test_what_brokers_or_clients_stumble_over_does_not_travel_as_text(value: bytes) -> None:
    packed: Any = pack(value, {"name": value})

    assert all(text.isascii() and text.isprintable() for pair in packed.UserProperty for text in pair)


@pytest.mark.parametrize(
    "headers",
    [
        {"sinetstream-key": b""},
        {"": b""},
        {"a": b"x" * 65536},
        *({name: b""} for name in ("a\0", "a\n", "\x85", "\ufeff", "\uffff", "\ud800", "x" * 65536)),
    ],
)
def test_what_no_user_property_can_carry_is_refused(headers: dict[str, bytes]) -> None:
    with pytest.raises(InvalidArgumentError, match="headers"):
        pack(None, headers)
