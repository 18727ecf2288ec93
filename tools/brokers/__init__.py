"""Test brokers: Apache Kafka and Eclipse Mosquitto, started, stopped and made to fail."""

from tools.brokers.broker import Broker
from tools.brokers.certificates import KEY_PASSWORD
from tools.brokers.errors import BrokerError, UnavailableError
from tools.brokers.kafka_broker import KafkaBroker
from tools.brokers.mosquitto_broker import MosquittoBroker
from tools.brokers.proxy import CutProxy
from tools.brokers.users import USERS, User, unsecured_token

__all__ = [
    "KEY_PASSWORD",
    "USERS",
    "Broker",
    "BrokerError",
    "CutProxy",
    "KafkaBroker",
    "MosquittoBroker",
    "UnavailableError",
    "User",
    "unsecured_token",
]
