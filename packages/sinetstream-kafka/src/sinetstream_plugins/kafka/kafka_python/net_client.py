"""kafka-python's network client: bootstrapped so that it can be stopped, or asked whether one broker lets us in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any

from kafka.net.compat import KafkaNetClient
from sinetstream.errors import ConnectionError

from sinetstream_plugins.kafka.kafka_python import speed

__all__ = ["KafkaNetClient", "bootstrap_until", "connect_steps", "last_refresh_ms", "net_client_maker"]

_SLICE_MS = 200

Make = Callable[..., Any]


def net_client_maker(settings: Mapping[str, Any]) -> Make:
    """What makes the network client: the user's, else one that receives large chunks, else kafka-python's own."""
    given: Make | None = settings.get("kafka_client")
    if given is not None:
        return given
    if speed.is_available("recv_buffer"):
        from sinetstream_plugins.kafka.kafka_python.recv_buffer import make_net_client

        return make_net_client
    own: Make = KafkaNetClient
    return own


def bootstrap_until(stop: threading.Event, make: Make, **config: Any) -> Any:
    """A client that knows the cluster. Raises `ConnectionError` soon after `stop` is set."""
    client = make(**config)
    manager = client._manager
    if manager.broker_version_data is None:
        future = manager.bootstrap_async(config["bootstrap_timeout_ms"])
        while not future.is_done and not stop.is_set():
            client.poll(timeout_ms=_SLICE_MS, future=future)
        if not future.succeeded():
            client.close()
            raise future.exception or ConnectionError("the writer was closed while it was connecting")
    return client


def connect_steps(settings: Mapping[str, Any], timeout: float) -> Generator[Callable[[], None]]:
    """Connect to the one broker of these settings: first the connection, then the cluster's metadata.

    Each step is a function that waits for so many seconds. It raises `TimeoutError` where that was too short, to be called
    again, and kafka-python's error.
    """
    with closing(net_client_maker(settings)(**settings)) as client:
        manager = client._manager

        def wait_for(future: Any) -> None:
            if not future.is_done:
                client.poll(timeout_ms=1000 * timeout, future=future)
            if not future.is_done:
                raise TimeoutError("no answer")
            if future.exception is not None:
                raise future.exception

        limit_ms = settings["bootstrap_timeout_ms"]
        node = manager.cluster.bootstrap_brokers()[0].node_id
        connection = manager.get_connection(node, timeout_ms=limit_ms, refresh_metadata_on_err=False)
        yield lambda: wait_for(connection.init_future)
        metadata = manager.bootstrap_async(limit_ms)
        yield lambda: wait_for(metadata)


def last_refresh_ms(cluster: Any) -> float:
    """When a broker has last told about the cluster."""
    at_ms: float = cluster._last_successful_refresh_ms
    return at_ms
