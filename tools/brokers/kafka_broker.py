"""Apache Kafka: ready when it coordinates groups and transactions for users who have been created."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tools.brokers.broker import Broker
from tools.brokers.control import Control
from tools.brokers.proxy import CutProxy
from tools.brokers.users import KAFKA_ACLS, USERS

__all__ = ["KafkaBroker"]

if TYPE_CHECKING:
    from tools.brokers.kafka_admin import Admin


def _connected(address: str) -> "AbstractContextManager[Admin]":
    from tools.brokers.kafka_admin import connected  # noqa: PLC0415  there is no kafka-python where MQTT alone is tested

    return connected(address)


class KafkaBroker(Broker):
    kind: ClassVar[str] = "kafka"

    def __init__(self, addresses: Mapping[str, str], secrets: Path | None, control: Control, *, ours: bool) -> None:
        """`ours`: it starts without users, and gets them here."""
        super().__init__(addresses, secrets, control)
        self._needs_users = ours

    def create_topic(self, name: str, partitions: int = 2, **settings: str) -> str:
        """Returns its name when every partition has a leader. Settings as Kafka's, with `_` for `.`."""
        entries = {key.replace("_", "."): value for key, value in settings.items()}
        with _connected(self.address()) as admin:
            admin.create_topic(name, partitions, entries)
        return name

    def proxy(self, listener: str = "proxied") -> CutProxy:
        """A client goes where a broker is advertised: the line stands there, so there is one at a time."""
        if listener != "proxied":
            raise ValueError("Kafka is reached through a proxy by its listener `proxied` only")
        return CutProxy(self.address("behind_proxy"), address=self.address("proxied"))

    def _probe(self) -> bool:
        with _connected(self.address()) as admin:
            if self._needs_users:
                # Before the question for coordinators: when it is answered the broker has taken note of both.
                admin.create_acls(KAFKA_ACLS)
                admin.create_scram_users({user.name: user.password for user in USERS.values()})
                self._needs_users = False
            return admin.coordinates("tools-brokers")
