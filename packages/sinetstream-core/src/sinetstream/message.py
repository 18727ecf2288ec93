"""What a reader hands to the application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic

from sinetstream.values import T

__all__ = ["Attributes", "Message"]

Attributes = tuple[bytes | None, Mapping[str, bytes]]


class Message(Generic[T]):
    """One message as it was received. It never changes; any thread may read it.

    `value` is what was published, `topic` the topic it came from (None where there is none), `timestamp_us` its time in
    microseconds since the Unix epoch (`Message.NOTSTAMP`, 0, where the sender gave none), `timestamp` the same in
    seconds, `raw` the messaging system's own object. `key` and `headers` are None and `{}` where the messaging system
    has none; they are asked of the plugin when they are read.
    """

    __slots__ = ("_attributes", "_raw", "_timestamp_us", "_topic", "_value")

    NOTSTAMP = 0

    def __init__(
        self,
        value: T,
        topic: str | None,
        timestamp_us: int,
        raw: Any,
        attributes: Callable[[Any], Attributes] | None = None,
    ) -> None:
        self._value = value
        self._topic = topic
        self._timestamp_us = timestamp_us
        self._raw = raw
        self._attributes = attributes

    if TYPE_CHECKING:

        @property
        def value(self) -> T: ...
        @property
        def topic(self) -> str | None: ...
        @property
        def timestamp_us(self) -> int: ...
        @property
        def raw(self) -> Any: ...
    else:
        value = property(attrgetter("_value"))
        topic = property(attrgetter("_topic"))
        timestamp_us = property(attrgetter("_timestamp_us"))
        raw = property(attrgetter("_raw"))

    @property
    def timestamp(self) -> float:
        """Seconds since the Unix epoch; 0.0 where the sender gave none."""
        return self._timestamp_us / 1_000_000

    @property
    def key(self) -> bytes | None:
        """The key it was published with."""
        return None if self._attributes is None else self._attributes(self._raw)[0]

    @property
    def headers(self) -> Mapping[str, bytes]:
        """The headers it was published with."""
        return {} if self._attributes is None else self._attributes(self._raw)[1]

    def __repr__(self) -> str:
        return f"Message(value={self._value!r}, topic={self._topic!r}, timestamp_us={self._timestamp_us})"
