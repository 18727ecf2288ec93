"""TLS: the common section, and what MQTT has of its own since SINETStream 1."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from sinetstream.spi.options import Boolean, Checked, Group, Kind, Values, wrong
from sinetstream.spi.tls import TlsMaterial, tls_material
from sinetstream_plugins.mqtt.options.declare import option

__all__ = ["TLS", "TLS_INSECURE", "Tls", "tls"]

_OWN_KEYS = ("cert_reqs", "tls_version")
_ANY: Kind[Any] = Checked("true, false, or a mapping")
_INSECURE = Group(option("value", Boolean(), default=False, help="the name in the certificate is not checked"))
_VERSIONS = {
    "PROTOCOL_TLSv1": ssl.TLSVersion.TLSv1,
    "PROTOCOL_TLSv1_1": ssl.TLSVersion.TLSv1_1,
    "PROTOCOL_TLSv1_2": ssl.TLSVersion.TLSv1_2,
}
_NEGOTIATED = ("PROTOCOL_TLS", "PROTOCOL_TLS_CLIENT", "PROTOCOL_SSLv23")

TLS = option(
    "tls",
    _ANY,
    None,
    "as the common `tls`, before which it counts, key by key; also `cert_reqs` and `tls_version`, constants of Python's `ssl`",
    older="tls_set",
    default_words="the common `tls`",
)
TLS_INSECURE = option(
    "tls_insecure", _INSECURE, _INSECURE.absent, "as `check_hostname` of the common `tls`", older="tls_insecure_set"
)


class Tls:
    """What connections are secured with."""

    def __init__(self, material: TlsMaterial, required: ssl.VerifyMode | None, version: ssl.TLSVersion | None) -> None:
        self._material = material
        self._required = required
        self._version = version

    def context(self) -> ssl.SSLContext:
        """As `TlsMaterial.context`: a new one for each connection, with what the files contain then."""
        context = self._material.context()
        if self._version is not None:
            context.minimum_version = context.maximum_version = self._version
        if self._required is not None:
            context.check_hostname = context.check_hostname and self._required is not ssl.CERT_NONE
            context.verify_mode = self._required
        return context


def tls(common: object, values: Values) -> Tls | None:
    """The common `tls` overlaid with MQTT's own; None where TLS is off. What is wrong with the files is said now."""
    own, path = values[TLS], values.at(TLS)
    extra = {key: own[key] for key in _OWN_KEYS if isinstance(own, Mapping) and own.get(key) is not None}
    if isinstance(own, Mapping):
        own = {key: value for key, value in own.items() if key not in _OWN_KEYS}
    if extra and isinstance(common, ssl.SSLContext):
        raise wrong(f"{path}.{next(iter(extra))}", "stands beside an ssl.SSLContext, which has all that it needs")
    material = tls_material((common, "tls"), (own, path))
    insecure = values[TLS_INSECURE]
    if "value" in insecure:
        if material is None and insecure["value"]:
            raise insecure.error("value", "is given, and TLS is off: add `tls: true`")
        if material is not None:
            unchecked = {"check_hostname": not insecure["value"]}
            material = tls_material((common, "tls"), (own, path), (unchecked, values.at(TLS_INSECURE)))
    if material is None:
        return None
    made = Tls(material, _required(extra, path), _version(extra, path))
    made.context()
    return made


def _required(given: Mapping[str, Any], path: str) -> ssl.VerifyMode | None:
    value = given.get("cert_reqs")
    if value is None:
        return None
    if isinstance(value, str) and value in ssl.VerifyMode.__members__:
        return ssl.VerifyMode[value]
    if isinstance(value, bool) or not isinstance(value, int) or value not in list(ssl.VerifyMode):
        raise wrong(f"{path}.cert_reqs", f"must be one of {', '.join(ssl.VerifyMode.__members__)}, not {value!r}")
    return ssl.VerifyMode(value)


def _version(given: Mapping[str, Any], path: str) -> ssl.TLSVersion | None:
    value = given.get("tls_version")
    if isinstance(value, int) and not isinstance(value, bool):
        value = next((name for name in (*_VERSIONS, *_NEGOTIATED) if getattr(ssl, name, None) == value), value)
    if value is None or value in _NEGOTIATED:
        return None
    if not isinstance(value, str) or value not in _VERSIONS:
        raise wrong(f"{path}.tls_version", f"must be one of {', '.join((*_VERSIONS, *_NEGOTIATED))}, not {value!r}")
    return _VERSIONS[value]
