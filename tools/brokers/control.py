"""Power over a broker: start, stop, kill, freeze. What a broker is run by decides how."""

from abc import ABC, abstractmethod

from tools.brokers.errors import UnavailableError

__all__ = ["Control", "ExternalControl"]


class Control(ABC):
    """Each call returns when it is done, but `start`: the broker says itself when it is ready."""

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def kill(self) -> None: ...

    @abstractmethod
    def freeze(self) -> None: ...

    @abstractmethod
    def thaw(self) -> None: ...

    @abstractmethod
    def is_running(self) -> bool: ...

    @abstractmethod
    def log(self) -> str:
        """The last lines of what it wrote."""


class ExternalControl(Control):
    """Of an external broker, which is used as it is: every call is refused."""

    def _refuse(self) -> None:
        raise UnavailableError("this broker was given by its address: it cannot be started or stopped from here")

    start = stop = kill = freeze = thaw = _refuse

    def is_running(self) -> bool:
        return True

    def log(self) -> str:
        return "(given by its address: its log is not here)"
