"""TLS, verified unless the user says otherwise."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from sinetstream.errors import InvalidArgumentError
from sinetstream_plugins.mqtt.options.options import Options

__all__ = ["context"]

_COMMON = ("ca_certs", "certfile", "keyfile", "ciphers", "check_hostname")
_SPECIFIC = ("ca_certs", "certfile", "keyfile", "ciphers", "cert_reqs", "tls_version", "keyfile_password")


def context(common: Any, specific: Options) -> ssl.SSLContext | None:
    """The context for the common `tls` overlaid with MQTT's own, key by key; None where TLS is off.

    MQTT's own, where there is one, decides whether TLS is on.
    """
    own = specific.values.get("tls")
    insecure = specific.section("tls_insecure", ("value",))
    if (common if own is None else own) in (None, False):
        if insecure.flag("value", default=False):
            raise insecure.error("value", "is given, and TLS is off: add `tls: true`")
        return None
    above = _mapping(Options({"tls": common}, ""), _COMMON)
    near = _mapping(specific, _SPECIFIC)
    options = Options({**above, **near}, "", {name: f"{specific.at('tls')}.{name}" for name in near})
    check_hostname = options.flag("check_hostname", default=True)
    if "value" in insecure:
        check_hostname = not insecure.flag("value", default=False)
    try:
        return _context(options, check_hostname=check_hostname)
    except InvalidArgumentError:
        raise
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise specific.error("tls", f"{type(error).__name__}: {error}") from error


def _mapping(around: Options, known: tuple[str, ...]) -> Mapping[str, Any]:
    if around.values.get("tls") in (None, True, False):
        return {}
    return around.section("tls", known).values


def _context(options: Options, *, check_hostname: bool) -> ssl.SSLContext:
    made = ssl.SSLContext(_constant(options, "tls_version", "PROTOCOL_", ssl.PROTOCOL_TLS_CLIENT))
    required = _constant(options, "cert_reqs", "CERT_", ssl.CERT_REQUIRED)
    made.check_hostname = check_hostname and required != ssl.CERT_NONE
    made.verify_mode = required
    ciphers = options.text("ciphers", None)
    if ciphers is not None:
        made.set_ciphers(ciphers)
    certificate, key = options.text("certfile", None), options.text("keyfile", None)
    if certificate is not None:
        password = options.text("keyfile_password", None)
        made.load_cert_chain(certificate, key, password if password is not None else _refuse_to_ask)
    elif key is not None:
        raise options.error("keyfile", "needs certfile beside it")
    authorities = options.text("ca_certs", None)
    if authorities is not None:
        made.load_verify_locations(authorities)
    else:
        made.load_default_certs()
    return made


def _constant(options: Options, name: str, prefix: str, default: Any) -> Any:
    value = options.values.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.startswith(prefix) and hasattr(ssl, value):
        return getattr(ssl, value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise options.error(name, f"must be a constant of Python's ssl or its name, {prefix}..., not {value!r}")
    return type(default)(value)


def _refuse_to_ask() -> str:
    raise ValueError("the key is encrypted: give keyfile_password")
