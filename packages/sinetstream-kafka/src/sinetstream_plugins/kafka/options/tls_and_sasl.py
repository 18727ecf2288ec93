"""TLS and authentication."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from sinetstream.errors import ConnectionError, InvalidArgumentError

from sinetstream_plugins.kafka.kafka_python.log_masking import mask_logs
from sinetstream_plugins.kafka.kafka_python.option_values import SASL_MECHANISMS, AbstractTokenProvider
from sinetstream_plugins.kafka.options.types import check, error

__all__ = ["settings"]

_TLS = {
    "ca_certs": "ssl_cafile",
    "certfile": "ssl_certfile",
    "keyfile": "ssl_keyfile",
    "keyfile_password": "ssl_password",
    "keyfilePassword": "ssl_password",
    "ciphers": "ssl_ciphers",
    "check_hostname": "ssl_check_hostname",
}
_SSL = (*dict.fromkeys(_TLS.values()), "ssl_crlfile", "ssl_context")
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_WITH_PASSWORD = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


def settings(params: Mapping[str, Any], given: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    """`security_protocol` and what it needs: one TLS context, loaded now, and credentials as kafka-python wants them.

    `paths` are the places of what was given. Where there are credentials, kafka-python's logs are kept from telling them.
    """
    tls = _tls(params) | {name: given[name] for name in _SSL if name in given}
    protocol = _protocol(params, given, tls, paths)
    result: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        result |= dict.fromkeys(("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile", "ssl_password"))
        result["ssl_context"] = tls.get("ssl_context") or _context(tls, paths)
    if protocol.startswith("SASL"):
        result |= _sasl(params, given, paths)
        mask_logs()
    return result


def _tls(params: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for place, path in ((params, "tls"), (params.get("type_spec") or {}, "type_spec.tls")):
        tls = place.get("tls")
        if isinstance(tls, Mapping):
            for name, value in tls.items():
                if name not in _TLS:
                    near = get_close_matches(str(name), _TLS, 1)
                    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_TLS)}"
                    raise InvalidArgumentError(f"{path}.{name}: unknown; {hint}", path=f"{path}.{name}")
                check(_TLS[name], value, f"{path}.{name}", "reader")  # a writer's are the same
                result[_TLS[name]] = value
        elif tls not in (None, True, False):
            raise InvalidArgumentError(f"{path}: must be true, false or a mapping", path=path)
        if tls:
            result.setdefault("ssl_check_hostname", True)
    return result


def _protocol(
    params: Mapping[str, Any], given: Mapping[str, Any], tls: Mapping[str, Any], paths: Mapping[str, str]
) -> str:
    with_tls, with_sasl = bool(tls), given.get("sasl_mechanism") is not None
    protocol = given.get("security_protocol")
    if protocol is None:
        return ("SASL_" if with_sasl else "") + ("SSL" if with_tls else "PLAINTEXT")
    path = paths["security_protocol"]
    if protocol not in _PROTOCOLS:
        raise error(path, f"must be one of {', '.join(_PROTOCOLS)}")
    if with_tls and not protocol.endswith("SSL"):
        raise error(path, f"{protocol} sends in the clear, but TLS is configured")
    if with_sasl and not protocol.startswith("SASL"):
        raise error(path, f"{protocol} does not authenticate, but sasl_mechanism is configured")
    if protocol.endswith("SSL") and params.get("tls") is False:
        raise error("tls", f"false contradicts security_protocol {protocol}")
    return str(protocol)


def _context(tls: Mapping[str, Any], paths: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = tls.get("ssl_check_hostname", True)
    step = "ssl_cafile"
    try:
        if tls.get("ssl_cafile"):
            context.load_verify_locations(cafile=tls["ssl_cafile"])
        else:
            context.load_default_certs()
        step = "ssl_certfile"
        if tls.get("ssl_certfile"):
            password = tls.get("ssl_password")
            context.load_cert_chain(
                tls["ssl_certfile"],
                tls.get("ssl_keyfile"),
                password if password is not None else _no_password,
            )
        elif tls.get("ssl_keyfile"):
            path = paths.get("ssl_keyfile", "tls.keyfile")
            raise error(path, "needs certfile, the certificate of the key")
        step = "ssl_crlfile"
        if tls.get("ssl_crlfile"):
            context.load_verify_locations(cafile=tls["ssl_crlfile"])
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        step = "ssl_ciphers"
        if tls.get("ssl_ciphers"):
            context.set_ciphers(tls["ssl_ciphers"])
    except (OSError, TypeError, ValueError) as failed:  # ssl.SSLError is an OSError
        name = next((key for key, option in _TLS.items() if option == step), step)
        raise error(paths.get(step, f"tls.{name}"), str(failed)) from failed
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted: give keyfile_password")


def _sasl(params: Mapping[str, Any], given: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    def at(name: str) -> str:
        return paths.get(name, f"type_spec.{name}")

    mechanism = given.get("sasl_mechanism")
    if not isinstance(mechanism, str) or mechanism not in SASL_MECHANISMS:
        raise error(at("sasl_mechanism"), f"must be one of {', '.join(sorted(SASL_MECHANISMS))}")
    result: dict[str, Any] = {"sasl_mechanism": mechanism}
    if mechanism in _WITH_PASSWORD:
        for name in ("sasl_plain_username", "sasl_plain_password"):
            value = given.get(name)
            if value is None:
                raise error(at(name), f"sasl_mechanism {mechanism} needs one")
            result[name] = bytes(value).decode() if isinstance(value, bytes) else value
    if mechanism == "OAUTHBEARER":
        name = "sasl_oauth_token_provider"
        result[name] = _token_provider(given.get(name), at(name), allow_code=params.get("allow_code") is True)
    return result


def _token_provider(provider: Any, path: str, *, allow_code: bool) -> AbstractTokenProvider:
    if isinstance(provider, str):
        if not allow_code:
            raise error(path, "names code to run, which needs allow_code=True")
        provider = _named(provider, path)
    if callable(getattr(provider, "token", None)) and not isinstance(provider, type):
        return _Provider(provider.token, getattr(provider, "extensions", dict))
    if callable(provider):
        return _Provider(provider, dict)
    raise error(path, "must be an object with token(), or a function that gives a token")


def _named(name: str, path: str) -> Any:
    """What the callable of this name makes, or itself where that is a token."""
    module, _, attribute = name.partition(":")
    try:
        named = getattr(import_module(module), attribute)
        made = named()
    except Exception as failed:
        raise error(path, f"cannot use {name!r}: {failed}") from failed
    return named if isinstance(made, str) else made


class _Provider(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no type information
    """Any function that gives a token. What it raises may tell one: only the kind of it is told."""

    def __init__(self, token: Callable[[], Any], extensions: Callable[[], Any]) -> None:
        super().__init__()
        self._token = token
        self._extensions = extensions

    def token(self) -> str:
        return str(_provided(self._token))

    def extensions(self) -> dict[str, str]:
        return dict(_provided(self._extensions))


def _provided(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as failed:
        raise ConnectionError(f"authentication: the token provider failed: {type(failed).__name__}") from failed
