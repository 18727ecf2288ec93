"""What all kinds of writers share."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Unpack

from sinetstream.clock import microseconds, now_us
from sinetstream.endpoint import Endpoint
from sinetstream.errors import InvalidArgumentError, PublishManyError, SinetError
from sinetstream.options import WriterOptions
from sinetstream.session import Session
from sinetstream.source import Source
from sinetstream.spi.abilities import Ability

__all__ = ["WriterEndpoint", "results_or_raise"]


def results_or_raise(outcomes: list[Any]) -> list[Any]:
    """Return the results, in order; raise `PublishManyError` where an outcome is an error."""
    failures = {index: outcome for index, outcome in enumerate(outcomes) if isinstance(outcome, SinetError)}
    if not failures:
        return outcomes
    first, error = next(iter(failures.items()))
    raise PublishManyError(
        f"{len(failures)} of {len(outcomes)} messages failed, the first at index {first}: {error}",
        failures=failures,
        results=[None if index in failures else outcome for index, outcome in enumerate(outcomes)],
    ) from error


class WriterEndpoint(Endpoint):
    """A writer's topic, and the key, headers and timestamp of a message, where the plugin declares them."""

    _plugin_class: ClassVar[staticmethod[[str], type[Any]]]

    def __init__(
        self,
        service: str | None = None,
        topic: str | list[str] | None = None,
        config: str | None = None,
        config_file: str | os.PathLike[str] | None = None,
        **kwargs: Unpack[WriterOptions],
    ) -> None:
        source = Source(service, topic, config, config_file, kwargs)
        session = self._session = Session("writer", source, self._plugin_class)
        self._carries_time = Ability.TIMESTAMP in session.abilities
        has_envelope = not session.settings.codec.user_data_only
        self._loses_time = session.declares_abilities and not has_envelope and not self._carries_time
        self._set_up()

    @abstractmethod
    def _set_up(self) -> None:
        """Set the attributes of this kind of writer."""

    @property
    def topic(self) -> str | None:
        """The topic that is written to, None where none was given."""
        topics = self._session.settings.topics
        return topics[0] if topics else None

    @property
    def value_serializer(self) -> Callable[[Any], bytes] | None:
        """The function that replaces the value type's, None where there is none."""
        return self._session.settings.codec.serializer

    def _time_us(self, timestamp: float | None) -> int:
        """In microseconds; None is now. Raises `UnsupportedOperationError` where no reader could get the timestamp."""
        if timestamp is None:
            return now_us()
        if timestamp and self._loses_time:
            self._session.require(Ability.TIMESTAMP, "timestamp with user_data_only")
        return microseconds(timestamp)

    def _attributes(self, key: bytes | str | None, headers: Mapping[str, bytes] | None, time_us: int) -> dict[str, Any]:
        attributes: dict[str, Any] = {}
        if key is not None:
            self._session.require(Ability.KEY, "key")
            if not isinstance(key, bytes | str):
                raise InvalidArgumentError(f"key: must be bytes or str, not {type(key).__name__}")
            try:
                attributes["key"] = key.encode() if isinstance(key, str) else key
            except UnicodeEncodeError:
                raise InvalidArgumentError("key: this text cannot be encoded as UTF-8; give bytes") from None
        if headers is not None:
            self._session.require(Ability.HEADERS, "headers")
            attributes["headers"] = _check_headers(headers)
        if self._carries_time:
            attributes["timestamp_us"] = time_us
        return attributes


def _check_headers(headers: object) -> dict[str, bytes]:
    if not isinstance(headers, Mapping):
        raise InvalidArgumentError(f"headers: must map str to bytes, not be {type(headers).__name__}")
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, bytes):
            raise InvalidArgumentError(f"headers: must map str to bytes; {name!r} does not")
    return dict(headers)
