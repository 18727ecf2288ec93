"""A broker as tests see it: where it listens, what it knows of its users, and power over it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tools.brokers.control import Control
from tools.brokers.errors import BrokerError, UnavailableError
from tools.brokers.proxy import CutProxy

__all__ = ["Broker"]

_PATIENCE = 60.0
_PAUSE = 0.05


class Broker(ABC):
    kind: ClassVar[str]

    def __init__(self, addresses: Mapping[str, str], secrets: Path | None, control: Control) -> None:
        self.addresses = dict(addresses)
        self._secrets = secrets
        self._control = control

    def address(self, listener: str = "plain") -> str:
        """`host:port` of a listener; those there are: `addresses`."""
        if listener not in self.addresses:
            raise UnavailableError(f"{self.kind}: no address is known of the listener {listener!r}")
        return self.addresses[listener]

    def host(self, listener: str = "plain") -> str:
        return self.address(listener).rsplit(":", 1)[0]

    def port(self, listener: str = "plain") -> int:
        return int(self.address(listener).rsplit(":", 1)[1])

    def secret(self, file: str) -> Path:
        """A file of certificates.py: ca.crt, client.crt, client.key, client-encrypted.key, stranger.crt, ..."""
        if self._secrets is None:
            raise UnavailableError(f"{self.kind}: no certificates are known of a broker given by its address")
        return self._secrets / file

    def start(self) -> None:
        """Returns when it is ready, within a minute."""
        self._control.start()
        self.wait_ready()

    def stop(self) -> None:
        """In good order, and from a frozen state as well; does nothing to a stopped one."""
        self._control.stop()

    def restart(self) -> None:
        """With the same ports and the same data."""
        self.stop()
        self.start()

    def kill(self) -> None:
        self._control.kill()

    def freeze(self) -> None:
        """It is there, connections to it are accepted by the system, and nothing is answered."""
        self._control.freeze()

    def thaw(self) -> None:
        self._control.thaw()

    def heal(self) -> None:
        """Whatever was done to it: it runs and is ready."""
        if self.is_running():
            self.thaw()
            self.wait_ready()
        else:
            self.start()

    def is_running(self) -> bool:
        return self._control.is_running()

    def is_ready(self) -> bool:
        try:
            return self._probe()
        except (OSError, BrokerError):
            return False

    def wait_ready(self, patience: float = _PATIENCE) -> None:
        deadline = time.monotonic() + patience
        cause = "it does not answer as one that is ready"
        while time.monotonic() < deadline:
            try:
                if self._probe():
                    return
            except (OSError, BrokerError) as error:
                cause = str(error)
            if not self.is_running():
                cause = "its process has ended"
                break
            time.sleep(_PAUSE)
        raise BrokerError(f"{self.kind}: not ready: {cause}. Its last words:\n{self._control.log()}")

    def proxy(self, listener: str = "plain") -> CutProxy:
        """A line to the broker that can be cut, on a port of its own."""
        return CutProxy(self.address(listener))

    @abstractmethod
    def _probe(self) -> bool:
        """Whether one real request is answered as by a broker that is ready."""
