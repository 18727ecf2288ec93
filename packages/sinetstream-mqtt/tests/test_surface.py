"""What the plugin uses of paho-mqtt and paho-mqtt does not document: it is all listed, it exists, and it may go."""

import ast
import inspect
import logging
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from sinetstream.spi import Consistency
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.options.parameters import parse
from sinetstream_plugins.mqtt.paho import make_client
from sinetstream_plugins.mqtt.paho.surface import REQUIRED, SPEED, missing

sys.path.append(str(Path(__file__).parent))

from renamed_paho import listed

pytestmark = pytest.mark.mqtt

PACKAGE = Path(__file__).parent.parent
DOOR = PACKAGE / "src/sinetstream_plugins/mqtt/paho"

SIGNATURES = {  # as far as calls and overriding methods rely on them
    "_create_socket": (),
    "_create_socket_connection": (),
    "_do_on_publish": ("mid", "reason_code", "properties"),
    "_get_proxy": (),
    "_handle_on_message": ("message",),
    "_handle_publish": (),
    "_handle_pubrec": (),
    "_handle_pubrel": (),
    "_loop_rc_handle": ("rc",),
    "_messages_reconnect_reset_out": (),
    "_mid_generate": (),
    "_pack_remaining_length": ("packet", "remaining_length"),
    "_packet_handle": (),
    "_packet_queue": ("command", "packet", "mid", "qos", "info"),
    "_packet_read": (),
    "_send_pubcomp": ("mid",),
    "_send_publish": ("mid", "topic", "payload", "qos", "retain", "dup", "info", "properties"),
    "_send_pubrec": ("mid",),
    "_send_pubrel": ("mid",),
}


@pytest.fixture
def client() -> paho.Client:
    """paho's own, with a socket that takes everything."""
    client = paho.Client(CallbackAPIVersion.VERSION2, manual_ack=True)
    client._sock = cast(Any, SimpleNamespace(send=len, close=lambda: None))
    return client


@pytest.mark.parametrize("names", [REQUIRED, *SPEED.values()], ids=["required", *SPEED])
def test_every_name_exists_in_the_installed_release(names: Any) -> None:
    assert [] == missing(names)


def test_every_private_name_that_is_used_is_listed() -> None:
    nodes = [node for file in DOOR.glob("*.py") for node in ast.walk(ast.parse(file.read_text()))]
    methods = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    used |= {name.name for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names}
    used |= {name for name in methods if hasattr(paho.Client, name)}
    ours = {name for name in methods if not hasattr(paho.Client, name)} | {"_parameters", "_connector", "_on_released"}
    private = {name for name in used - ours if re.match("_[^_]", name)}

    assert {name for _, name in listed() if name.startswith("_")} == private


def test_every_method_that_is_listed_has_a_signature_here() -> None:
    assert set(SIGNATURES) == {name for _, name in listed() if callable(getattr(paho.Client, name, None))}


@pytest.mark.parametrize("name", SIGNATURES)
def test_what_is_called_or_overridden_has_the_parameters_that_are_relied_on(name: str) -> None:
    assert ("self", *SIGNATURES[name]) == tuple(inspect.signature(getattr(paho.Client, name)).parameters)


def test_the_socket_for_websockets_has_the_parameters_that_are_relied_on() -> None:
    expected = ["self", "socket", "host", "port", "is_ssl", "path", "extra_headers"]

    assert expected == list(inspect.signature(paho._WebsocketWrapper.__init__).parameters)


def test_a_new_connection_calls_what_is_overridden() -> None:
    called: list[str] = []

    class Recording(paho.Client):
        def _create_socket(self) -> Any:
            called.append("_create_socket")
            return SimpleNamespace(send=len, close=lambda: None, setblocking=lambda _: None)

        def _messages_reconnect_reset_out(self) -> None:
            called.append("_messages_reconnect_reset_out")

    client = Recording(CallbackAPIVersion.VERSION2)
    client.connect_async("localhost")
    client.reconnect()

    assert ["_messages_reconnect_reset_out", "_create_socket"] == called


@pytest.mark.parametrize(
    ("packet", "method"),
    [
        (b"\x34\x06\0\1t\0\1x", "_handle_publish"),
        (b"\x50\2\0\1", "_handle_pubrec"),
        (b"\x62\2\0\1", "_handle_pubrel"),
    ],
)
def test_a_packet_is_handled_by_what_is_overridden_and_is_in_the_place_where_it_is_looked_for(
    client: paho.Client, packet: bytes, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, bytes]] = []

    def handle() -> int:
        seen.append((client._in_packet["command"], bytes(client._in_packet["packet"])))
        return 0

    rest = bytearray(packet)
    client._sock.recv = lambda size: bytes(rest.pop(0) for _ in range(size))  # type: ignore[union-attr, method-assign]
    monkeypatch.setattr(client, method, handle)
    client._packet_read()

    assert [(packet[0], packet[2:])] == seen
    assert 0 == client._in_packet["command"]


def test_a_message_of_qos_2_is_kept_until_pubrel_after_pubrec_was_called_for(
    client: paho.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def send_pubrec(mid: int) -> MQTTErrorCode:
        asked.append(mid)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    monkeypatch.setattr(client, "_send_pubrec", send_pubrec)
    client._in_packet["command"], client._in_packet["packet"] = 0x34, bytearray(b"\0\1t\0\7x")
    client._handle_publish()

    assert [7] == asked
    assert [7] == list(client._in_messages)


def test_publish_goes_by_what_is_overridden(client: paho.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[tuple[int, int, bytes]] = []

    def packet_queue(command: int, packet: bytes, mid: int, qos: int, info: object = None) -> MQTTErrorCode:
        queued.append((command, mid, bytes(packet)))
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    monkeypatch.setattr(client, "_packet_queue", packet_queue)
    mid = client.publish("t", b"x", 1).mid

    assert [(paho.PUBLISH, mid, b"\x32\x06\0\1t" + mid.to_bytes(2) + b"x")] == queued
    assert [mid] == list(client._out_messages)
    assert 1 == client._inflight_messages


@pytest.fixture(scope="module")
def imported_without() -> dict[str, str]:
    program = [sys.executable, str(Path(__file__).with_name("renamed_paho.py"))]
    done = subprocess.run(program, check=True, capture_output=True, text=True, timeout=300)
    return dict(line.split("\t") for line in done.stdout.splitlines())


def test_a_release_that_lacks_a_name_is_refused_with_words(imported_without: dict[str, str]) -> None:
    needed = [name for what, name in listed() if what == "required"]
    others = {name: words for name in needed if "pip install 'paho-mqtt" not in (words := imported_without[name])}

    assert {} == others
    assert all(imported_without[name].startswith("UnsupportedServiceTypeError: paho-mqtt 2.") for name in needed)
    assert all(f".{name}" in imported_without[name] for name in needed)


def test_a_release_that_lacks_what_is_only_speed_is_used_without(imported_without: dict[str, str]) -> None:
    classes = {"fast_sending": "FastSendingClient", "fast_receiving": "FastReceivingClient"}
    without = [(name, classes[what]) for what, name in listed() if what in SPEED]

    assert all("PahoClient" in imported_without[name].split() for name, _ in without)
    assert [] == [name for name, kind in without if kind in imported_without[name].split()]


def test_one_line_tells_what_is_left_out(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.delattr(paho.MQTTMessageInfo, "_set_as_published")
    make_client.client_class.cache_clear()
    params: dict[str, Any] = {"brokers": "localhost", "client_id": "me", "consistency": Consistency.AT_LEAST_ONCE}
    try:
        with caplog.at_level(logging.INFO, "sinetstream.mqtt"):
            for _ in range(2):
                make_client.make_client(parse(params, "writer"), on_released=print, connector=Connector())
    finally:
        make_client.client_class.cache_clear()

    (record,) = caplog.records
    assert ("sinetstream.mqtt", logging.INFO) == (record.name, record.levelno)
    assert "MQTTMessageInfo._set_as_published" in record.getMessage()


def test_the_bound_ends_at_the_next_minor_release_of_paho_and_the_error_names_it() -> None:
    declared = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]["dependencies"]
    (bound,) = (text for text in declared if text.startswith("paho-mqtt"))

    assert re.fullmatch(r"paho-mqtt>=2\.0,<2\.\d+", bound)
    assert {*bound.removeprefix("paho-mqtt").split(",")} == {
        *next(text for text in _required() if text.startswith("paho-mqtt")).removeprefix("paho-mqtt").split(",")
    }


def _required() -> Iterator[str]:
    return (text.replace(" ", "") for text in requires("sinetstream-mqtt") or ())
