"""Apache Kafka: ready when it coordinates groups and transactions for users who have been created."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tools.brokers.broker import Broker
from tools.brokers.control import Control
from tools.brokers.errors import BrokerError
from tools.brokers.proxy import CutProxy
from tools.brokers.users import USERS
from tools.brokers.wire import Acl, Connection

__all__ = ["KafkaBroker"]

_ANYTHING = ("topic", "group", "transactional-id", "cluster")
_PATIENCE = 10.0


def _acls() -> list[Acl]:
    """Everybody may do everything, but for what a user is refused: Kafka lets the refusal win."""
    allowed = [Acl("*", thing, "kafka-cluster" if thing == "cluster" else "*", "all", True) for thing in _ANYTHING]
    refused = [(user.name, user.refused) for user in USERS.values() if user.refused]
    return allowed + [Acl(name, *refusal, allowed=False) for name, refusal in refused]


class KafkaBroker(Broker):
    kind: ClassVar[str] = "kafka"

    def __init__(self, addresses: Mapping[str, str], secrets: Path | None, control: Control, *, ours: bool) -> None:
        """`ours`: it starts without users, and gets them here."""
        super().__init__(addresses, secrets, control)
        self._needs_users = ours

    def create_topic(self, name: str, partitions: int = 2, **settings: str) -> str:
        """Returns its name when every partition has a leader. Settings as Kafka's, with `_` for `.`."""
        entries = {key.replace("_", "."): value for key, value in settings.items()}
        deadline = time.monotonic() + _PATIENCE
        with Connection(self.address()) as connection:
            connection.create_topic(name, partitions, entries)
            while connection.leaders(name) < partitions:
                if time.monotonic() > deadline:
                    raise BrokerError(f"the topic {name} has no leaders")
                time.sleep(0.01)
        return name

    def proxy(self, listener: str = "proxied") -> CutProxy:
        """A client goes where a broker is advertised: the line stands there, so there is one at a time."""
        if listener != "proxied":
            raise ValueError("Kafka is reached through a proxy by its listener `proxied` only")
        return CutProxy(self.address("behind_proxy"), address=self.address("proxied"))

    def _probe(self) -> bool:
        with Connection(self.address()) as connection:
            if self._needs_users:
                # Before the question for coordinators: when it is answered the broker has taken note of both.
                connection.create_acls(_acls())
                connection.create_scram_users([(user.name, user.password) for user in USERS.values()])
                self._needs_users = False
            return all(connection.coordinator_is_ready("tools/brokers", kind) for kind in (0, 1))
