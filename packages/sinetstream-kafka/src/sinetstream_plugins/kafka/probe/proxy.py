"""Whether a broker answers where a proxy is in between: kafka-python itself tries, for it speaks with the proxy."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from kafka.errors import SaslAuthenticationFailedError, UnsupportedSaslMechanismError
from sinetstream.errors import ConnectionError
from sinetstream.spi import Deadline
from sinetstream.spi.addresses import Address

from sinetstream_plugins.kafka.kafka_python.net_client import connect_steps
from sinetstream_plugins.kafka.probe.connecting import SLICE_S, STEP_S
from sinetstream_plugins.kafka.probe.permanent import PermanentConnectionError

__all__ = ["probe", "proxy_option"]

_REFUSED = (SaslAuthenticationFailedError, UnsupportedSaslMechanismError)


def proxy_option(client: Mapping[str, Any]) -> str | None:
    """The name of the option that says which proxy, None where there is none."""
    return next((name for name in ("proxy_url", "socks5_proxy") if client.get(name) is not None), None)


def probe(address: Address, client: Mapping[str, Any], deadline: Deadline) -> None:
    """Raises `ConnectionError` where the broker does not let us in through the proxy."""
    at = str(address)
    settings = {**client, "bootstrap_servers": [at]}
    with closing(connect_steps(settings, SLICE_S)) as steps:
        try:
            for step in steps:
                deadline.within(STEP_S).retry(step)
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
