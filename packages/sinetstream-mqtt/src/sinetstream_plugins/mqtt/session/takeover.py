"""One client_id, several connections of this process: the one that was opened last takes over."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable

from sinetstream.errors import ConnectionError, NotOpenError, SinetError
from sinetstream.spi import Deadline
from sinetstream.spi.addresses import Address
from sinetstream_plugins.mqtt.options.client_id import ClientId
from sinetstream_plugins.mqtt.session.identities import Identities, Identity

__all__ = ["Takeover"]

log = logging.getLogger("sinetstream.mqtt")

_IDENTITIES = Identities()
_numbers = itertools.count()
_POLL_S = 0.05


class Takeover:
    """The part of one connection, from `open` on. `end` closes it, with the error for its user; from any thread."""

    def __init__(self, client_id: ClientId, description: str, end: Callable[[SinetError], None]) -> None:
        self.number = next(_numbers)
        self.description = description
        self._client_id = client_id.sent
        self._end = end

    def before_connect(self, broker: Address) -> None:
        """Raises where a connection that was opened later uses this client_id at this broker."""
        identity = self._identity(broker)
        newer = _IDENTITIES.enter(identity, self)
        if not isinstance(newer, Takeover):
            return
        if _IDENTITIES.is_accepted(identity, newer):
            self._yield_to(newer, identity)
        words = f"{broker}: {newer.description} of this process connects with the same client_id, {self._client_id!r}"
        raise ConnectionError(words, broker=str(broker))

    def accepted(self, broker: Address) -> None:
        """The broker has accepted this connection: close those that were opened before it and use the client_id."""
        identity = self._identity(broker)
        for older in _IDENTITIES.settle(identity, self):
            if isinstance(older, Takeover):
                older._yield_to(self, identity)  # noqa: SLF001  another one of this class

    def failed(self) -> None:
        """The attempt to connect has failed."""
        _IDENTITIES.leave(self, accepted=False)

    def wait_for_rival(self, deadline: Deadline) -> None:
        """The connection is lost: if one that was opened later is about to take over, wait until it has, or failed."""
        while _IDENTITIES.rival(self) is not None and deadline.pause(_POLL_S):
            pass

    def closed(self) -> None:
        """The connection is closed for good."""
        _IDENTITIES.leave(self)

    def _identity(self, broker: Address) -> Identity:
        return Identity(str(broker), self._client_id)

    def _yield_to(self, newer: Takeover, identity: Identity) -> None:
        words = (
            f"{self.description} was closed: {newer.description}, which this process opened later, connects to {identity.broker} "
            f"with the same client_id, {identity.client_id!r}; give each its own, a writer by `type_spec.writer_client_id`"
        )
        log.warning("%s", words)
        self._end(NotOpenError(words, broker=identity.broker))
