"""The parameter `brokers`: the same forms for every plugin."""

from __future__ import annotations

import re
from typing import NamedTuple

from sinetstream.errors import InvalidArgumentError
from sinetstream.wording import kind, wrong

__all__ = ["Address", "addresses"]

_FORM = "a list, or a text with commas, of host, host:port or [IPv6]:port"
_MOST = 1000
_LONGEST = 253  # of a host's name, as DNS has it
_BEFORE_AT = re.compile(r"(?s)^([\w+.-]*://)?.*@")


class Address(NamedTuple):
    """Where one broker is. `str(address)` is `host:port`, with brackets around an IPv6 address."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def addresses(brokers: object, default_port: int, *, path: str = "brokers", login: str = "") -> tuple[Address, ...]:
    """The addresses in the order given: a list of texts, or one text with commas, each `host`, `host:port` or `[IPv6]:port`.

    An IPv6 address without a port needs no brackets. `login` says, for an error, where user and password belong; whatever
    stands before an `@` is never shown. Raises `InvalidArgumentError` with `path`.
    """
    if isinstance(brokers, str) and "@" in brokers:
        raise _error(path, brokers, login)  # as one text: a password may have a comma
    listed = brokers.split(",") if isinstance(brokers, str) else brokers
    if not isinstance(listed, list | tuple) or not listed:
        found = "" if isinstance(listed, list | tuple) else f", not {kind(brokers)}"
        raise wrong(path, f"must be {_FORM}, at least one{found}")
    if len(listed) > _MOST:
        raise wrong(path, f"must be at most {_MOST} addresses, not {len(listed)}")
    return tuple(_address(each, default_port, path, login) for each in listed)


def _address(given: object, default_port: int, path: str, login: str) -> Address:
    text = given.strip() if isinstance(given, str) else ""
    if not text or "@" in text or "/" in text or "," in text or any(c.isspace() for c in text):
        raise _error(path, given, login)
    port = ""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        colon, port = rest[:1], rest[1:]
        well_formed = bool(bracket) and colon in ("", ":") and _is_ipv6(host)
    elif text.count(":") > 1:
        host, colon, well_formed = text, "", _is_ipv6(text)
    else:
        host, colon, port = text.partition(":")
        well_formed = 0 < len(host) <= _LONGEST
    if not well_formed:
        raise _error(path, given, login)
    if colon and not (port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65_536):
        raise wrong(path, f"{_shown(text)} must end in a port from 1 to 65535")
    return Address(host, int(port) if colon else default_port)


def _is_ipv6(host: str) -> bool:
    from ipaddress import IPv6Address  # few need it

    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def _error(path: str, given: object, login: str) -> InvalidArgumentError:
    if not isinstance(given, str):
        return wrong(path, f"{kind(given)} is not an address; {path} is {_FORM}")
    hint = f"; {login}" if login and "@" in given else ""
    return wrong(path, f"{_shown(given)} is not an address; {path} is {_FORM}{hint}")


def _shown(given: str) -> str:
    text = _BEFORE_AT.sub(r"\1***@", given)
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
