"""Who the client says it is."""

from __future__ import annotations

from sinetstream.spi.options import Checked, Group, Secret, Text, Values
from sinetstream_plugins.mqtt.options.declare import TEXT, option
from sinetstream_plugins.mqtt.options.utf8_rules import fault

__all__ = ["USERNAME_PW", "login"]

_USERNAME = option("username", TEXT, None)
_PASSWORD = option(
    "password", Secret(Checked("a string", lambda text: fault(text, binary=True), Text(empty=True))), None
)
_LOGIN = Group(_USERNAME, _PASSWORD)

USERNAME_PW = option("username_pw", _LOGIN, _LOGIN.absent, "who the client says it is", older="username_pw_set")


def login(values: Values) -> tuple[str | None, str | None]:
    """Username and password."""
    given = values[USERNAME_PW]
    if _PASSWORD in given and _USERNAME not in given:
        raise given.error(_USERNAME, "is required beside password")
    return given[_USERNAME], given[_PASSWORD]
