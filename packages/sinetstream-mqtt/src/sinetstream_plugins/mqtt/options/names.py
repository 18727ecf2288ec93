"""What the parameters are called, in configuration version 3 and before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinetstream.spi import COMMON_PARAMETERS
from sinetstream_plugins.mqtt.options.options import Options, did_you_mean, wrong

__all__ = ["CONNECT_PROPERTIES", "specific"]

CONNECT_PROPERTIES = {
    "session_expiry_interval": "SessionExpiryInterval",
    "receive_maximum": "ReceiveMaximum",
    "maximum_packet_size": "MaximumPacketSize",
    "topic_alias_maximum": "TopicAliasMaximum",
    "request_response_info": "RequestResponseInformation",
    "request_problem_info": "RequestProblemInformation",
    "user_property": "UserProperty",
    "auth_method": "AuthenticationMethod",
    "auth_data": "AuthenticationData",
}
"""The parameters of MQTT 5 that go into CONNECT, and what paho calls them."""

_RENAMED = {
    "max_inflight_messages": "max_inflight_messages_set",
    "max_queued_messages": "max_queued_messages_set",
    "message_retry": "message_retry_set",
    "ws_options": "ws_set_options",
    "tls": "tls_set",
    "tls_insecure": "tls_insecure_set",
    "username_pw": "username_pw_set",
    "will": "will_set",
    "reconnect_delay": "reconnect_delay_set",
}
_SAME = (
    "protocol",
    "transport",
    "clean_session",
    "clean_start",
    "qos",
    "retain",
    "keepalive",
    "connection_timeout",
    "lost_limit",
    *CONNECT_PROPERTIES,
)
_BEFORE = {name: name for name in _SAME} | _RENAMED
_NOT_OURS = COMMON_PARAMETERS | {"client_id_generated"}
_NOW = {before: name for name, before in _BEFORE.items()}


def specific(params: Mapping[str, Any]) -> Options:
    """MQTT's own parameters under the names of version 3: from `type_spec`, and from beside the common ones.

    Where both have one, `type_spec` counts. Names that are none are refused.
    """
    type_spec = params.get("type_spec") or {}
    values, paths = {}, {}
    for name, value in params.items():
        if name in _NOT_OURS:
            continue
        if name not in _NOW:
            _refuse(name, name, _NOW, _BEFORE)
        values[_NOW[name]], paths[_NOW[name]] = value, name
    for name, value in type_spec.items():
        if name not in _BEFORE:
            _refuse(f"type_spec.{name}", name, _BEFORE, _NOW)
        values[name], paths[name] = value, f"type_spec.{name}"
    return Options(values, "", paths)


def _refuse(path: str, name: str, known: Mapping[str, str], elsewhere: Mapping[str, str]) -> None:
    if name == "connect":
        raise wrong(
            path, "is no group of parameters: write keepalive, connection_timeout and reconnect_delay without it"
        )
    also = f"; did you mean {elsewhere[name]!r}?" if name in elsewhere else did_you_mean(name, known)
    raise wrong(path, f"unknown parameter{also}")
