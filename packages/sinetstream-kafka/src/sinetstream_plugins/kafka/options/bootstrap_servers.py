"""The addresses to begin with."""

from __future__ import annotations

import re
from typing import Any

from sinetstream.errors import InvalidArgumentError

__all__ = ["Address", "addresses"]

Address = tuple[str, int]

_DEFAULT_PORT = 9092
_BEFORE_AT = re.compile(r"(?s)^([\w+.-]*://)?.*@")
_FORM = "a list, or a text with commas, of host, host:port or [IPv6]:port"


def addresses(brokers: Any) -> list[Address]:
    """From `brokers` as configured. Raises `InvalidArgumentError`."""
    if isinstance(brokers, str) and "@" in brokers:
        raise _wrong(brokers)  # as one: a password may have a comma
    listed = brokers.split(",") if isinstance(brokers, str) else brokers
    if not isinstance(listed, list | tuple) or not listed:
        raise InvalidArgumentError(f"brokers: must be {_FORM}", path="brokers")
    return [_address(text) for text in listed]


def _address(text: Any) -> Address:
    if not isinstance(text, str) or not text.strip() or "://" in text or "@" in text:
        raise _wrong(text)
    text = text.strip()
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise _wrong(text)
        colon, port = rest[:1], rest[1:]
    elif text.count(":") > 1:
        host, colon, port = text, "", ""  # an IPv6 address without a port
    else:
        host, colon, port = text.partition(":")
    if not host or (colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536)):
        raise _wrong(text)
    return host, int(port) if colon else _DEFAULT_PORT


def _wrong(given: object) -> InvalidArgumentError:
    shown = repr(_BEFORE_AT.sub(r"\1***@", given)) if isinstance(given, str) else type(given).__name__
    login = "; the user and the password go under type_spec" if "@" in shown else ""
    return InvalidArgumentError(f"brokers: {shown} is not an address; brokers is {_FORM}{login}", path="brokers")
