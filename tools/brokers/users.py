"""Who may log in to the test brokers, and what they may not do there. Throw-away names on loopback."""

import base64
import json
import time
from dataclasses import dataclass

__all__ = ["USERS", "User", "unsecured_token"]


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


def unsecured_token(user: str, *, seconds: float = 3600) -> str:
    """A token for OAUTHBEARER as Kafka's validator for tests accepts it: a JSON web token without a signature."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": user, "iat": now - 1, "exp": now + seconds})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return ".".join((*encoded, ""))
