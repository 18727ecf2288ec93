"""Free ports, below those that the system hands out to outgoing connections."""

import os
import random
import re
import socket

__all__ = ["HOST", "free_ports"]

HOST = "127.0.0.1"
# An outgoing connection must not take the port of a broker that is just being restarted, nor may a client that
# retries on the port of a dead broker be connected to itself: both happen among the ephemeral ports.
_RANGE = range(20_000, 32_000)
_SHARES = 8  # of the range: processes that test side by side do not choose from the same one
_chosen: set[int] = set()  # by this process: some are listened on only later, and must not be chosen again


def _share() -> range:
    worker = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))
    number = 0 if worker is None else 1 + int(worker[1]) % (_SHARES - 1)
    return _RANGE[number::_SHARES]


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
    share = _share()
    ports = random.sample(share, len(share))
    for port in sorted(ports, key=_chosen.__contains__):  # those that were not chosen before come first
        if len(chosen) == count:
            break
        if _is_free(port):
            chosen.append(port)
    _chosen.update(chosen)
    return chosen
