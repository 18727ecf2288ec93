"""What is only speed: left out where a release of kafka-python lacks a name that it needs."""

from __future__ import annotations

import logging
from importlib.metadata import version

from sinetstream_plugins.kafka.kafka_python.surface import SPEED, missing

__all__ = ["is_available"]

log = logging.getLogger("sinetstream.kafka")

_told: set[str] = set()


def is_available(feature: str) -> bool:
    """Whether every name that the feature needs is there. Where not, one line at INFO says so, once in a process."""
    lacking = missing(SPEED[feature])
    if lacking and feature not in _told:
        _told.add(feature)
        log.info(
            "kafka-python %s lacks %s: works without %s, and is slower", version("kafka-python"), lacking[0], feature
        )
    return not lacking
