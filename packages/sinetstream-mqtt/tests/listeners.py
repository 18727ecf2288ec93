"""What a client needs for each listener of the broker."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

__all__ = ["ALICE", "reach"]

ALICE = {"username": "alice", "password": "alice-test-only"}


def reach(broker: "MosquittoBroker", listener: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What MQTT's own parameters and the common ones must be for a listener."""
    own: dict[str, Any] = {}
    common: dict[str, Any] = {}
    if "tls" in listener or listener == "wss":
        common["tls"] = {"ca_certs": str(broker.secret("ca.crt"))}
    if listener == "mtls":
        common["tls"] |= {
            name: str(broker.secret(f"client.{end}")) for name, end in (("certfile", "crt"), ("keyfile", "key"))
        }
    if listener.startswith("ws"):
        own["transport"] = "websockets"
    if listener.startswith("password"):
        own["username_pw"] = ALICE
    return own, common
