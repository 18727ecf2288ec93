"""A crash reporter that shows the local variables of a plugin's frames shows no secret."""

import traceback
from typing import Any

import pytest
from sinetstream import AsyncMessageWriter, MessageReader, MessageWriter, SinetError

NOWHERE = "127.0.0.1:1"
TLS = {"certfile_data": "hunter2", "keyfile_data": "hunter2"}
LOGIN = {"sasl_mechanism": "PLAIN", "sasl_plain_username": "u"}
MQTT: list[dict[str, Any]] = [
    {"type_spec": {"username_pw": {"username": "u", "password": "hunter2"}}},
    {"type_spec": {"username_pw": {"username": "u", "password": "hunter2\udcff"}}},
    {"type_spec": {"username_pw": {"username": "u", "password": b"hunter2"}, "qos": 9}},
    {"type_spec": {"transport": "websockets", "ws_options": {"headers": {"Authorization": "hunter2"}}}},
    {"tls": {"ca_certs": "/nowhere", "keyfile_password": "hunter2"}},
    {"tls": TLS},
    {"brokers": "mqtt://u:hunter2@127.0.0.1:1"},
]
KAFKA: list[dict[str, Any]] = [
    {"type_spec": {**LOGIN, "sasl_plain_password": "hunter2"}, "tls": True},
    {"type_spec": {**LOGIN, "sasl_plain_password": "hunter2\udcff"}, "tls": True},
    {"type_spec": {"proxy_url": "socks5://u:hunter2@nowhere.invalid:1080"}},
    {"type_spec": {"socks5_proxy": "socks5://u:hunter2@nowhere.invalid:1080"}},
    {"type_spec": {"proxy_url": "socks6://u:hunter2@127.0.0.1:x"}},
    {"type_spec": {"acks": 7, "ssl_password": "hunter2"}},
    {"tls": TLS},
    {"tls": {**TLS, "keyfile_data": "hunter2\udcff"}},
    {"brokers": "kafka://u:hunter2@127.0.0.1:1"},
]
CASES = [
    *(pytest.param("mqtt", given, marks=pytest.mark.mqtt, id=f"mqtt-{n}") for n, given in enumerate(MQTT)),
    *(pytest.param("kafka", given, marks=pytest.mark.kafka, id=f"kafka-{n}") for n, given in enumerate(KAFKA)),
]


def shown_by(error: BaseException | None) -> list[str]:
    """The local variables of each frame of ours, and each exception that the error came from."""
    seen: list[str] = []
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if "sinetstream" in frame.f_globals.get("__name__", ""):
                seen += [f"{frame.f_code.co_qualname} {name}: {value!r}" for name, value in frame.f_locals.items()]
        seen += [repr(error), *map(repr, vars(error).values())]
        error = error.__cause__ or error.__context__
    return seen


@pytest.mark.parametrize("api", [MessageReader, MessageWriter, AsyncMessageWriter])
@pytest.mark.parametrize(("plugin", "given"), CASES)
def test_what_a_plugin_raises_comes_without_secrets(api: Any, plugin: str, given: dict[str, Any]) -> None:
    params: dict[str, Any] = {"type": plugin, "brokers": NOWHERE, "no_config": True, **given}
    if plugin == "kafka":
        params["type_spec"] = {"bootstrap_timeout_ms": 200, **params.get("type_spec", {})}
    with pytest.raises(SinetError) as caught:
        api(**{"topics" if api is MessageReader else "topic": "t"}, **params).open()

    shown = shown_by(caught.value)
    assert [] != shown
    assert [] == [line[:150] for line in shown if "hunter2" in line]
