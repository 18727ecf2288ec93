"""Who may log in to the test brokers, and what they may do there. Throw-away names on loopback."""

import base64
import json
import time
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["KAFKA_ACLS", "USERS", "Acl", "User", "unsecured_token"]


@dataclass(frozen=True)
class User:
    name: str
    refused: tuple[str, str, str] | None = None  # Kafka: resource type, its name (`*`: any), operation

    @property
    def password(self) -> str:
        return f"{self.name}-test-only"


USERS = {
    user.name: user
    for user in (
        User("alice"),
        User("may-not-read", ("topic", "*", "read")),
        User("may-not-write", ("topic", "*", "write")),
        User("may-not-join", ("group", "*", "read")),
        User("may-not-transact", ("transactional-id", "*", "write")),
        User("may-not-subscribe"),  # Mosquitto's dynamic security only
    )
}


class Acl(NamedTuple):
    """An entry of Kafka's access control list."""

    user: str
    resource: str
    name: str
    operation: str
    allowed: bool


# Everybody may do everything, but for what a user is refused: Kafka lets the refusal win.
KAFKA_ACLS = [
    Acl("*", "topic", "*", "all", allowed=True),
    Acl("*", "group", "*", "all", allowed=True),
    Acl("*", "transactional-id", "*", "all", allowed=True),
    Acl("*", "cluster", "kafka-cluster", "all", allowed=True),
    *(Acl(user.name, *user.refused, allowed=False) for user in USERS.values() if user.refused),
]


def unsecured_token(user: str, *, seconds: float = 3600) -> str:
    """A token for OAUTHBEARER as Kafka's validator for tests accepts it: a JSON web token without a signature."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": user, "iat": now - 1, "exp": now + seconds})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return ".".join((*encoded, ""))
