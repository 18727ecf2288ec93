"""The client_id that is sent to the broker."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sinetstream.spi import Consistency
from sinetstream.spi.options import Checked, Role, Text, Values, wrong
from sinetstream_plugins.mqtt.options.declare import option
from sinetstream_plugins.mqtt.options.utf8_rules import fault

__all__ = ["WRITER_CLIENT_ID", "ClientId", "client_id"]

log = logging.getLogger("sinetstream.mqtt")

_SUFFIX = "-writer"

WRITER_CLIENT_ID = option(
    "writer_client_id",
    Checked("a string", fault, Text()),
    None,
    "the `client_id` that the broker gets, exactly; another than that of each reader at this broker",
    side="writer",
    default_words="`client_id` and `-writer`; in configuration versions 1 and 2 `client_id`",
)


@dataclass(frozen=True, slots=True)
class ClientId:
    """`sent` is what the broker gets. `is_generated`: no other client can have it. `advice` ends the error for a refusal."""

    sent: str
    is_generated: bool
    advice: str


def client_id(params: Mapping[str, Any], values: Values, role: Role) -> ClientId:
    """The client_id of a reader as configured, that of a writer with an end of its own.

    A broker ends the connection of a client whose client_id another one connects with. A writer with the client_id of
    a reader would end the reader's session, too.
    """
    configured, is_generated = params["client_id"], bool(params.get("client_id_generated", False))
    if (why := fault(configured)) is not None:
        raise wrong("client_id", why)
    given = values[WRITER_CLIENT_ID]
    if role == "reader":
        return ClientId(configured, is_generated, "it is the `client_id` of the configuration")
    if given is not None:
        return ClientId(given, False, f"it is set by `{values.at(WRITER_CLIENT_ID)}`")
    if is_generated:
        return ClientId(configured, True, "it was generated: `client_id` or `type_spec.writer_client_id` sets another")
    if params.get("config_version", 3) < 3:
        if params["consistency"] is not Consistency.AT_MOST_ONCE:
            _warn(configured)
        return ClientId(configured, False, "`type_spec.writer_client_id` sets another for writers")
    sent = configured + _SUFFIX
    if (why := fault(sent)) is not None:
        raise wrong("client_id", f"with {_SUFFIX!r}, which writers send behind it, {why}")
    words = f"writers send the `client_id` {configured!r} with {_SUFFIX!r}; `type_spec.writer_client_id` sets what they send"
    return ClientId(sent, False, words)


@cache
def _warn(configured: str) -> None:
    log.warning(
        "a writer connects with the client_id %r: where a reader of the same client_id keeps a session at the broker, the "
        "writer ends it, and what waits for the reader is lost; give the writer one of its own with writer_client_id",
        configured,
    )
