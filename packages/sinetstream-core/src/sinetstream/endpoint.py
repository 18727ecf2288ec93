"""What readers and writers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinetstream import config
from sinetstream.consistency import Consistency
from sinetstream.metrics import Metrics
from sinetstream.session import Session

__all__ = ["Endpoint", "session_of"]


class Endpoint:
    """The properties that all have; they may be read at any time, from any thread, also after close."""

    _session: Session

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
        """What was asked for. A plugin that declares no abilities is promised `AT_MOST_ONCE`, whatever was asked for."""
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
        """What was counted up to now."""
        return self._session.metrics()

    def reset_metrics(self, reset_raw: bool = False) -> None:
        """Begin counting anew; with `reset_raw` in the plugin too, where it can."""
        self._session.reset_metrics(reset_raw)

    def info(self, name: str = "", **kwargs: Any) -> Any:
        """The value under a dotted name, None where there is none.

        `"client_id"`, `"metrics"`, `"durable"` (whether the subscription outlives this process) and `"<type>"` followed
        by what the plugin offers; `""` gives all of these in a dict.
        """
        return self._session.info(name, kwargs)

    @classmethod
    def usage(cls) -> str:
        """How the class is called, and what it does, as text."""
        from inspect import getdoc, signature

        how = f"{cls.__name__}{signature(cls)}".replace("'", "")  # around the types
        return f"{how}\n\n{getdoc(cls)}"


def session_of(endpoint: Endpoint) -> Session:
    """The session of a reader or writer, for this package only: applications have no access to it."""
    return endpoint._session  # noqa: SLF001  this module owns the attribute
