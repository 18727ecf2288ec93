"""The properties that readers and writers share."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from typing import Any

from sinetstream import config
from sinetstream.consistency import Consistency
from sinetstream.forks import keep, watch
from sinetstream.metrics import Metrics
from sinetstream.session import Session
from sinetstream.spi.abilities import Ability

__all__ = ["Endpoint", "session_of"]


class Endpoint(ABC):
    """Properties that may be read at any time, from any thread, also after `close`."""

    _session: Session

    def _open_session(self, ready: Callable[[Any], None]) -> None:
        watch(self, type(self)._forked)  # noqa: SLF001  unbound: a bound method would keep the object
        self._session.open(ready)

    def _forked(self) -> None:
        """In a forked child: let go of what the parent has open, and take no lock."""
        keep(self)
        self._session.forked()

    @property
    def service(self) -> str | None:
        """The service's name, as it was given or as the only one in the configuration file; None where there is none."""
        return self._session.settings.service

    @property
    def client_id(self) -> str:
        """As configured, or generated."""
        return self._session.settings.client_id

    @property
    def consistency(self) -> Consistency:
        """The consistency that was asked for. Of a plugin that declares no abilities only `AT_MOST_ONCE` is guaranteed."""
        return self._session.settings.consistency

    @property
    def value_type(self) -> str:
        """The name of the type of values."""
        return self._session.settings.codec.value_type.name

    @property
    def message_format(self) -> int:
        """The format that is written, 3 or 2; readers accept both."""
        return self._session.settings.codec.message_format

    @property
    def user_data_only(self) -> bool:
        """Whether messages go without header, timestamp and envelope."""
        return self._session.settings.codec.user_data_only

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters after merging, a copy; secrets in it print as `***`."""
        params: dict[str, Any] = config.copied(self._session.settings.params)
        return params

    @property
    def metrics(self) -> Metrics:
        """The counts up to now."""
        return self._session.metrics()

    def reset_metrics(self, reset_raw: bool = False) -> None:
        """Set the counts to 0; with `reset_raw` the plugin's too, where it has any."""
        self._session.reset_metrics(reset_raw)

    def info(self, name: str = "", **kwargs: Any) -> Any:
        """The value under a dotted name, None where there is none.

        `"client_id"`, `"metrics"`, `"durable"` (whether the subscription outlives this process) and `"<type>"` followed
        by what the plugin offers; `""` gives all of these in a dict.
        """
        session = self._session
        first, *rest = name.rstrip(".").split(".")
        answers: dict[str, Callable[[], Any]] = {
            "client_id": lambda: session.settings.client_id,
            "durable": lambda: Ability.DURABLE in session.abilities,
            "metrics": session.metrics,
            session.settings.type: lambda: session.ask_plugin(rest, kwargs),
        }
        if not first:
            return {key: answer() for key, answer in answers.items()}
        return answers[first]() if first in answers else None

    @classmethod
    def usage(cls) -> str:
        """The signature and the description of the class, as text."""
        from inspect import getdoc, signature

        how = f"{cls.__name__}{signature(cls)}".replace("'", "")  # around the types
        return f"{how}\n\n{getdoc(cls)}"


def session_of(endpoint: Endpoint) -> Session:
    """The session of a reader or writer, for this package only: applications have no access to it."""
    return endpoint._session  # noqa: SLF001  this module owns the attribute
