"""Free ports, below those that the system hands out to outgoing connections."""

import random
import socket

__all__ = ["HOST", "free_ports"]

HOST = "127.0.0.1"
# An outgoing connection must not take the port of a broker that is just being restarted, nor may a client that
# retries on the port of a dead broker be connected to itself: both happen among the ephemeral ports.
_RANGE = range(20_000, 32_000)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    chosen: list[int] = []
    for port in random.sample(_RANGE, len(_RANGE)):
        if len(chosen) == count:
            break
        if _is_free(port):
            chosen.append(port)
    return chosen
