"""Which options and values kafka-python knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.net.sasl import SASL_MECHANISMS, get_sasl_mechanism
from kafka.net.sasl.oauth import AbstractTokenProvider

__all__ = [
    "ASSIGNORS",
    "COMPRESSORS",
    "CONSUMER_DEFAULTS",
    "PRODUCER_DEFAULTS",
    "SASL_MECHANISMS",
    "AbstractPartitionAssignor",
    "AbstractTokenProvider",
    "get_sasl_mechanism",
]

CONSUMER_DEFAULTS: Mapping[str, Any] = KafkaConsumer.DEFAULT_CONFIG
PRODUCER_DEFAULTS: Mapping[str, Any] = KafkaProducer.DEFAULT_CONFIG

COMPRESSORS: Mapping[Any, tuple[Callable[[], bool], int]] = KafkaProducer._COMPRESSORS
"""By the name of a compression: whether its library is installed, and its number."""

ASSIGNORS: Mapping[str, Any] = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}
"""By the name that Kafka gives to a strategy."""
