"""What setting up a Kafka test broker asks of it, by kafka-python's admin client."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from kafka.errors import GroupIdNotFoundError, KafkaError, TransactionalIdNotFoundError

from tools.brokers.errors import BrokerError
from tools.brokers.users import Acl

__all__ = ["Admin", "connected"]

_TIMEOUT = 10.0
_MECHANISMS = (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512)


class Admin:
    """Calls raise BrokerError where the broker refuses, and the client library's errors where it is not reached."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def coordinates(self, name: str) -> bool:
        """Whether it coordinates groups and transactions. The first question makes it create its logs for both."""
        group = self._client.describe_groups([name])[name]
        try:
            self._client.describe_transactions([name])
        except TransactionalIdNotFoundError:
            return not group["error"] or GroupIdNotFoundError.__name__ in group["error"]
        return True

    def create_topic(self, name: str, partitions: int, settings: Mapping[str, str]) -> None:
        """Return when every partition has a leader."""
        wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": dict(settings)}
        self._client.create_topics({name: wanted}, wait_for_metadata=True)

    def leaders(self, topic: str) -> int:
        """Count the partitions of the topic that have a leader."""
        (found,) = self._client.describe_topics([topic])
        return sum(partition["leader_id"] >= 0 for partition in found["partitions"])

    def create_acls(self, acls: Iterable[Acl]) -> None:
        failed = self._client.create_acls([_converted(acl) for acl in acls])["failed"]
        if failed:
            raise BrokerError(f"creating ACLs: {failed}")

    def create_scram_users(self, passwords: Mapping[str, str]) -> None:
        for mechanism in _MECHANISMS:  # Kafka takes a user once in a request
            users = [UserScramCredentialUpsertion(user, mechanism, password) for user, password in passwords.items()]
            for user, error in self._client.alter_user_scram_credentials(users).items():
                if error:
                    raise BrokerError(f"creating the user {user}: {error}")


@contextmanager
def connected(address: str) -> Iterator[Admin]:
    """Connect to a plaintext listener; OSError where nobody listens, BrokerError where it is not answered in time."""
    host, port = address.rsplit(":", 1)
    socket.create_connection((host, int(port)), _TIMEOUT).close()  # the client library would try again and again
    client = None
    try:
        client = KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=_TIMEOUT * 1000)
        yield Admin(client)
    except KafkaError as error:
        raise BrokerError(f"{type(error).__name__}: {error}") from error
    finally:
        if client is not None:
            client.close()


def _converted(acl: Acl) -> Any:
    resource = ResourcePattern(ResourceType[acl.resource.upper().replace("-", "_")], acl.name)
    permission = ACLPermissionType.ALLOW if acl.allowed else ACLPermissionType.DENY
    return ACL(f"User:{acl.user}", "*", ACLOperation[acl.operation.upper()], permission, resource)
