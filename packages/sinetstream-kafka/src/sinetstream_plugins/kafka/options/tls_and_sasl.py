"""TLS and authentication: what follows from `tls`, and from kafka-python's options for both."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, TypeVar

from sinetstream.errors import InvalidArgumentError
from sinetstream.spi.options import Values
from sinetstream.spi.tls import TlsMaterial, as_file, tls_material

from sinetstream_plugins.kafka.kafka_python.log_masking import mask_logs
from sinetstream_plugins.kafka.options.token_provider import token_provider

__all__ = ["settings"]

_KEYS = {
    "ssl_cafile": "ca_certs",
    "ssl_certfile": "certfile",
    "ssl_keyfile": "keyfile",
    "ssl_password": "keyfile_password",
    "ssl_ciphers": "ciphers",
    "ssl_check_hostname": "check_hostname",
    "ssl_cafile_data": "ca_certs_data",
    "ssl_certfile_data": "certfile_data",
    "ssl_keyfile_data": "keyfile_data",
}
"""kafka-python's options as keys of `tls`."""

T = TypeVar("T")

_WITH_PASSWORD = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


def settings(params: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """`security_protocol` and what it needs: one TLS context, loaded now, and credentials as kafka-python wants them.

    `params` is read for `tls`, beside `brokers` or in `type_spec`, and for `allow_code`. Where there are credentials, kafka-python's
    logs are kept from telling them.
    """
    material = _material(params, values)
    protocol = _protocol(params, values, with_tls=material is not None)
    result: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        result |= dict.fromkeys(("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile", "ssl_password"))
        result["ssl_context"] = _context(material or tls_material((True, "tls")), values)
    if protocol.startswith("SASL"):
        result |= _sasl(params, values)
        mask_logs()
    return result


def _material(params: Mapping[str, Any], values: Values) -> TlsMaterial | None:
    given = {key: values[name] for name, key in _KEYS.items() if name in values}
    options: list[tuple[object, str]] = [(given or None, ""), (values["ssl_context"], "type_spec.ssl_context")]
    if "ssl_crlfile" in values or "ssl_crlfile_data" in values:
        options.append((True, ""))
    type_spec = params.get("type_spec") or {}
    return _renamed(
        lambda: tls_material((params.get("tls"), "tls"), (type_spec.get("tls"), "type_spec.tls"), *options), values
    )


def _context(material: TlsMaterial | None, values: Values) -> ssl.SSLContext | None:
    if material is None:
        return None
    context = _renamed(material.context, values)
    name = next((name for name in ("ssl_crlfile_data", "ssl_crlfile") if name in values), None)
    if name is not None:
        try:
            with as_file(values[name]) if name == "ssl_crlfile_data" else nullcontext(values[name]) as file:
                context.load_verify_locations(cafile=file)
        except OSError as failed:  # ssl.SSLError is one
            raise values.error(name, str(failed)) from failed
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _renamed(call: Callable[[], T], values: Values) -> T:
    """With the names of kafka-python's options in errors about them."""
    try:
        return call()
    except InvalidArgumentError as error:
        name = next((name for name, key in _KEYS.items() if key == error.path), None)
        if name is None:
            raise
        raise values.error(name, str(error).partition(": ")[2]) from error.__cause__


def _protocol(params: Mapping[str, Any], values: Values, *, with_tls: bool) -> str:
    with_sasl = values["sasl_mechanism"] is not None
    protocol: str | None = values["security_protocol"]
    if protocol is None:
        return ("SASL_" if with_sasl else "") + ("SSL" if with_tls else "PLAINTEXT")
    if with_tls and not protocol.endswith("SSL"):
        raise values.error("security_protocol", f"{protocol} sends in the clear, but TLS is configured")
    if with_sasl and not protocol.startswith("SASL"):
        raise values.error("security_protocol", f"{protocol} does not authenticate, but sasl_mechanism is configured")
    if protocol.endswith("SSL") and params.get("tls") is False:
        raise InvalidArgumentError(f"tls: false contradicts security_protocol {protocol}", path="tls")
    return protocol


def _sasl(params: Mapping[str, Any], values: Values) -> dict[str, Any]:
    mechanism = values["sasl_mechanism"]
    if mechanism is None:
        raise values.error("sasl_mechanism", f"security_protocol {values['security_protocol']} needs one")
    result: dict[str, Any] = {"sasl_mechanism": mechanism}
    if mechanism in _WITH_PASSWORD:
        for name in ("sasl_plain_username", "sasl_plain_password"):
            if name not in values:
                raise values.error(name, f"sasl_mechanism {mechanism} needs one")
            result[name] = values[name]
    if mechanism == "OAUTHBEARER":
        name = "sasl_oauth_token_provider"
        result[name] = token_provider(values, allow_code=params.get("allow_code") is True)
    return result
