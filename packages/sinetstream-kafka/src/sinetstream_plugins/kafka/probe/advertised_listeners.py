"""Brokers that answer where one looks for them first, and not where they say that they are."""

from __future__ import annotations

from typing import Any

from sinetstream.errors import ConnectionError

from sinetstream_plugins.kafka.kafka_python.net_client import last_refresh_ms

__all__ = ["Advertised"]


class Advertised:
    """Of a cluster that has answered once, at the addresses to begin with."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self._since_ms = last_refresh_ms(cluster)

    def refuse_silent(self) -> None:
        """Raise `ConnectionError` where no broker has answered since this was constructed."""
        places = ", ".join(f"{broker.host}:{broker.port}" for broker in self._cluster.brokers())
        if places and last_refresh_ms(self._cluster) == self._since_ms:
            raise ConnectionError(
                f"the cluster answered, but none of its brokers does at the address that it advertises: {places}; "
                "that cannot be reached from here (advertised.listeners in the broker's settings)"
            )
