"""What may stand in a `tls` section."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sinetstream.masked import MaskedBytes
from sinetstream.spelling import did_you_mean
from sinetstream.spi.tls.material import Settings, TlsMaterial
from sinetstream.spi.tls.pem import Pem
from sinetstream.wording import joined, kind, shown, wrong

__all__ = ["TLS_KEYS", "tls_material"]

_FILES = ("ca_certs", "certfile", "keyfile")
TLS_KEYS = (
    "ca_certs",
    "certfile",
    "keyfile",
    "keyfile_password",
    "ciphers",
    "check_hostname",
    "alpn",
    *(f"{name}_data" for name in _FILES),
)
"""The keys of `tls`, for every plugin."""

_OLDER = {"keyfilePassword": "keyfile_password"}


def tls_material(*sections: tuple[object, str]) -> TlsMaterial | None:
    """What the sections, each a value and its path, say together; None where TLS is off.

    A section is absent (None), true, false, a mapping, or an `ssl.SSLContext`. The last one that is not None decides
    whether TLS is on; the keys of a later mapping replace those of an earlier one. Raises `InvalidArgumentError` for
    unknown keys and wrong values; the files are read by `TlsMaterial.context`.
    """
    values: dict[str, Any] = {}
    paths: dict[str, str] = {}
    given: ssl.SSLContext | None = None
    is_on = False
    for section, path in sections:
        if section is None:
            continue
        is_on = section is not False
        if isinstance(section, ssl.SSLContext):
            given = section
        elif isinstance(section, Mapping):
            for key, value in section.items():
                name = _OLDER.get(key, key)
                if name not in TLS_KEYS:
                    raise wrong(joined(path, key), f"unknown parameter{did_you_mean(key, TLS_KEYS)}")
                values[name], paths[name] = value, joined(path, key)
        elif not isinstance(section, bool):
            raise wrong(path, f"must be true, false, a mapping, or in code an ssl.SSLContext, not {kind(section)}")
    if not is_on:
        return None
    if given is not None and values:
        raise wrong(next(iter(paths.values())), "stands beside an ssl.SSLContext, which has all that it needs")
    return TlsMaterial(_settings(values, paths), given)


def _settings(values: Mapping[str, Any], paths: dict[str, str]) -> Settings:
    check_hostname = values.get("check_hostname", True)
    if not isinstance(check_hostname, bool):
        raise wrong(paths["check_hostname"], f"must be true or false, not {shown(check_hostname)}")
    password = values.get("keyfile_password")
    if password is not None and not isinstance(password, str | bytes) and not callable(password):
        raise wrong(paths["keyfile_password"], f"must be a string, not {kind(password)}")
    files = {name: _pem(name, values, paths) for name in _FILES}
    if files["keyfile"] is not None and files["certfile"] is None:
        raise wrong(files["keyfile"].path, "needs certfile beside it, the certificate of the key")
    ciphers = None if values.get("ciphers") is None else _text(values["ciphers"], paths["ciphers"])
    return Settings(
        **files,
        keyfile_password=password,
        ciphers=ciphers,
        check_hostname=check_hostname,
        alpn=_alpn(values, paths),
        paths=paths,
    )


def _pem(name: str, values: Mapping[str, Any], paths: Mapping[str, str]) -> Pem | None:
    content = f"{name}_data"
    if values.get(content) is not None:
        return Pem(paths[content], content=_bytes(values[content], paths[content]))
    if values.get(name) is None:
        return None
    value = values[name]
    file = os.fspath(value) if isinstance(value, os.PathLike) else value
    return Pem(paths[name], file=_text(file, paths[name]))


def _bytes(value: object, path: str) -> bytes:
    if isinstance(value, str):
        content = None
        with suppress(UnicodeEncodeError):  # which holds the text, and so is not to be the context of ours
            content = MaskedBytes(value.encode())
        if content is None:
            raise wrong(path, "has characters that UTF-8 does not have")
        return content
    if not isinstance(value, bytes):
        raise wrong(path, f"must be the content of a file, text or bytes, not {kind(value)}")
    return MaskedBytes(value)


def _text(value: object, path: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise wrong(path, "must be a string; quote it")
    if not isinstance(value, str):
        raise wrong(path, f"must be a string, not {kind(value)}")
    if not value:
        raise wrong(path, "must not be empty")
    return str(value)


def _alpn(values: Mapping[str, Any], paths: Mapping[str, str]) -> tuple[str, ...]:
    given = values.get("alpn")
    listed = [] if given is None else [given] if isinstance(given, str) else given
    if not isinstance(listed, list | tuple):
        raise wrong(paths["alpn"], f"must be a list of the names of protocols, not {kind(given)}")
    for name in listed:
        if not isinstance(name, str) or not name.isascii() or not 0 < len(name) < 256:
            raise wrong(paths["alpn"], "each name of a protocol must be 1 to 255 ASCII characters")
    return tuple(map(str, listed))
