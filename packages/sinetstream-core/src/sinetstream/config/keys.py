"""The keys and passwords of a `crypto` section, by version."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from sinetstream.config.section import Section
from sinetstream.masked import MaskedBytes, MaskedStr
from sinetstream.settings import Secret
from sinetstream.wording import kind, shown

__all__ = ["secrets"]

_WAYS = ("password", "key", "keys", "_keys")
_HIGHEST = 32767  # the version is a signed 16-bit number in Java; 0 marks plain text
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "latin-1": "latin-1", "latin1": "latin-1", "iso-8859-1": "latin-1"}


def secrets(crypto: Section, key_bits: int) -> dict[int, Secret]:
    """Each key version with its secret: version 1 alone for `password` and `key`.

    `InvalidArgumentError` where there is none, several, or one is wrong; it never shows a secret.
    """
    named = [way for way in _WAYS if crypto.get(way) is not None]
    encoding = crypto.choice("encoding", _ENCODINGS, "utf-8")
    if not named:
        raise crypto.error("password", "is required for data_encryption, or key, or keys")
    if len(named) > 1:
        raise crypto.error(named[1], f"stands beside {named[0]}; give one of password, key, keys")
    way = named[0]
    if way == "password":
        return {1: _password(crypto, way, encoding)}
    if way == "key":
        return {1: _raw(crypto, way, key_bits)}
    return _versions(crypto.section(way), key_bits, None if way == "_keys" else encoding)


def _versions(keys: Section, key_bits: int, encoding: str | None) -> dict[int, Secret]:
    result: dict[int, Secret] = {}
    for version, value in keys.values.items():
        if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= _HIGHEST:
            raise keys.error(version, f"a key version must be an integer from 1 to {_HIGHEST}, not {shown(version)}")
        is_password = encoding is not None and not isinstance(value, bytes)
        secret = _password(keys, version, encoding or "") if is_password else _raw(keys, version, key_bits)
        for other, known in result.items():
            if secret == known:
                words = f"is the same secret as version {other}; each version must have one of its own"
                raise keys.error(version, words)
        result[version] = secret
    if not result:
        where, _, key = keys.path.rpartition(".")
        raise Section({}, where).error(key, "must hold at least one key version")
    return result


def _raw(section: Section, key: object, key_bits: int) -> Secret:
    value = section.values[key]
    if not isinstance(value, bytes):
        hint = "; write it as !!binary and base64 (text is a password)" if isinstance(value, str) else ""
        raise section.error(key, f"must be bytes, not {kind(value)}{hint}")
    if len(value) * 8 != key_bits:
        raise section.error(key, f"must have {key_bits // 8} bytes, as key_length {key_bits} says, not {len(value)}")
    return Secret(bytes(value))


def _password(section: Section, key: object, encoding: str) -> Secret:
    value, place = section.values[key], section
    if isinstance(value, Mapping):
        place = section.section(key)
        place.only(("value", "path"))
        if (place.get("value") is None) == (place.get("path") is None):
            raise section.error(key, "must have one of value and path")
        if place.get("path") is not None:
            return Secret(_from_file(place, encoding), is_password=True)
        key, value = "value", place.values["value"]
    secret: bytes
    if isinstance(value, bytes):
        secret = MaskedBytes(value)
    elif isinstance(value, str):
        secret = _encoded(place, key, value, encoding)
    else:
        raise place.error(key, f"must be a string, or a mapping with value or path, not {kind(value)}")
    if not secret:
        raise place.error(key, "must not be empty")
    return Secret(bytes(secret), is_password=True)


def _from_file(place: Section, encoding: str) -> bytes:
    from sinetstream.config.password_file import content  # on first use

    password = content(place, "path")
    if encoding != "utf-8":
        with suppress(UnicodeDecodeError):  # not UTF-8: it is in that encoding already
            text = MaskedStr(password.decode())
            return _encoded(place, "path", text, encoding)
    return password


def _encoded(place: Section, key: object, text: str, encoding: str) -> bytes:
    data = None
    with suppress(UnicodeEncodeError):  # which holds the text, and so is not to be the context of ours
        data = MaskedBytes(text.encode(encoding))
    if data is None:
        raise place.error(key, f"has characters that {encoding} does not have")
    return data
