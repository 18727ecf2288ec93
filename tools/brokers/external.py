"""External brokers: the environment says where they listen, and they are used as they are.

SINETSTREAM_TEST_KAFKA and SINETSTREAM_TEST_MQTT are `host:port` of the plain listener; SINETSTREAM_TEST_KAFKA_TLS and so on
are those of the others, named as in `tools/brokers status`. SINETSTREAM_TEST_KAFKA_SECRETS is a folder with certificates
(certificates.py says which). The users are those of users.py. What the environment does not name is not tested.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from tools.brokers.broker import Broker
from tools.brokers.control import ExternalControl
from tools.brokers.kafka_broker import KafkaBroker
from tools.brokers.mosquitto_broker import MosquittoBroker

__all__ = ["exports", "external_broker"]

_SECRETS = "SECRETS"


def _prefix(kind: str) -> str:
    return f"SINETSTREAM_TEST_{kind.upper()}"


def external_broker(kind: str, environment: Mapping[str, str] = os.environ) -> Broker | None:
    """Find the broker that the environment names; None where it names none."""
    prefix = _prefix(kind)
    named = {
        key.removeprefix(f"{prefix}_"): value for key, value in environment.items() if key.startswith(f"{prefix}_")
    }
    secrets = Path(named.pop(_SECRETS)) if _SECRETS in named else None
    addresses = {listener.lower(): address for listener, address in named.items() if address}
    if plain := environment.get(prefix):
        addresses["plain"] = plain
    if not addresses:
        return None
    if kind == "kafka":
        return KafkaBroker(addresses, secrets, ExternalControl(), ours=False)
    return MosquittoBroker(addresses, secrets, ExternalControl())


def exports(broker: Broker) -> dict[str, str]:
    """The environment that names this broker: the reverse of `external_broker`."""
    prefix = _prefix(broker.kind)
    named = {f"{prefix}_{listener.upper()}": address for listener, address in broker.addresses.items()}
    named[prefix] = named.pop(f"{prefix}_PLAIN")
    return named | {f"{prefix}_{_SECRETS}": str(broker.secret(""))}
