"""Whether a broker answers where a proxy is in between: kafka-python itself tries, for it speaks with the proxy."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from kafka.errors import SaslAuthenticationFailedError, UnsupportedSaslMechanismError
from kafka.net.compat import KafkaNetClient
from sinetstream.errors import ConnectionError

from sinetstream_plugins.kafka.kafka_python.recv_buffer import receive_large_chunks
from sinetstream_plugins.kafka.options.bootstrap_servers import Address
from sinetstream_plugins.kafka.probe.deadline import SLICE_S, Deadline, PermanentConnectionError

__all__ = ["probe", "proxy_option"]

_REFUSED = (SaslAuthenticationFailedError, UnsupportedSaslMechanismError)


def proxy_option(client: Mapping[str, Any]) -> str | None:
    """The name of the option that says which proxy, None where there is none."""
    return next((name for name in ("proxy_url", "socks5_proxy") if client.get(name) is not None), None)


def probe(address: Address, client: Mapping[str, Any], deadline: Deadline) -> None:
    """Raises `ConnectionError` where the broker does not let us in through the proxy."""
    host, port = address
    at = f"{host}:{port}"
    settings = {**client, "bootstrap_servers": [f"[{host}]:{port}" if ":" in host else at]}
    with closing(client.get("kafka_client", KafkaNetClient)(**settings)) as net:
        manager = net._manager
        receive_large_chunks(manager)
        node = manager.cluster.bootstrap_brokers()[0].node_id
        timeout_ms = client["bootstrap_timeout_ms"]

        def finished(future: Any) -> None:
            if not future.is_done:
                net.poll(timeout_ms=1000 * SLICE_S, future=future)
            if not future.is_done:
                raise TimeoutError("no answer")
            if future.exception is not None:
                raise future.exception

        try:
            connection = manager.get_connection(node, timeout_ms=timeout_ms, refresh_metadata_on_err=False)
            deadline.wait(lambda: finished(connection.init_future))
            metadata = manager.bootstrap_async(timeout_ms)
            deadline.wait(lambda: finished(metadata))
        except ConnectionError as error:  # ours
            raise PermanentConnectionError(f"{at}: {error}") from error.__cause__
        except _REFUSED as error:
            raise PermanentConnectionError(f"{at}: authentication: {error}") from error
        except Exception as error:
            option = proxy_option(client)
            raise ConnectionError(
                f"{at}: not reached through the proxy ({error}): check that the proxy of {option} is up and lets us "
                f"through to {at}, and that a listener for security_protocol {client['security_protocol']} is there"
            ) from error
