"""The four classes that a messaging system is plugged in with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from sinetstream.spi.abilities import Ability
from sinetstream.spi.translation import ErrorTable

if TYPE_CHECKING:
    from promise import Promise

    from sinetstream.spi.options import Options

__all__ = [
    "OnFailure",
    "OnMessage",
    "Plugin",
    "PluginAsyncMessageReader",
    "PluginAsyncMessageWriter",
    "PluginMessageReader",
    "PluginMessageWriter",
]

OnMessage = Callable[[bytes, str | None, Any], None]
OnFailure = Callable[[Exception], None]


class Plugin(ABC):
    """What all four have in common. Inheriting is optional: any class with the methods will do.

    The class is constructed with one argument, `params` (a dict of its own; docs/writing-a-plugin.md lists what is in
    it), and says there what is wrong with it: constructing must not connect. `open` and `close` are never called at the
    same time, and each object is opened once. `close` must be safe when `open` failed half-way.
    """

    abilities: frozenset[Ability]
    """Declared on the class, or in `__init__` where it follows from `params`. Absent: an old plugin."""

    ability_hints: ClassVar[Mapping[Ability, str]] = {}
    """For abilities that follow from `params`: what the user has to configure. It ends the error for a missing ability."""

    parameters: ClassVar[frozenset[str]]
    """The plugin's own keys beside the common ones. Absent: any key is passed on."""

    options: ClassVar[Options]
    """The options under `type_spec`, where they are declared with `sinetstream.spi.options`; it documents them."""

    common_parameters: ClassVar[frozenset[str]] = frozenset()
    """The common parameters that the plugin honours, of those that the core would refuse otherwise: `tls`."""

    refused_parameters: ClassVar[Mapping[str, str]] = {}
    """Why the plugin does without a common parameter, for the error that refuses it."""

    encoded_parameters: ClassVar[tuple[str, ...]] = ()
    """Dotted paths of values that the core encodes as messages before it builds `params`."""

    errors: ClassVar[ErrorTable] = {}
    """From the client library's exceptions to ours, or to a `Translation`; the nearest base class counts."""

    @abstractmethod
    def open(self) -> None:
        """Connect. A reader returns when it is subscribed: nothing published afterwards is missed."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect promptly; no thread and no descriptor is left. Called from any thread, also while one iterates."""

    def metrics(self) -> Any:
        """What the client library counts, or None."""
        return None

    def reset_metrics(self) -> None:  # noqa: B027  optional on purpose
        """Begin counting anew."""

    def info(self, path: list[str], kwargs: Mapping[str, Any]) -> Any:
        """The answer to `info("<type>.a.b")`, or None."""
        return None


class PluginMessageReader(Plugin):
    """Reads, one message at a time."""

    @abstractmethod
    def __iter__(self) -> Iterator[tuple[bytes, str | None, Any]]:
        """Yield `(payload, topic, raw)`.

        Ends after `params["receive_timeout_ms"]` without a message, blocks for ever where that is infinite, and ends
        when `close` is called from another thread. It is iterated again after it ended or raised; one thread iterates.
        """

    def acknowledge(self, raw: Any) -> None:
        """The application has finished the message that came with `raw`.

        Called once per message, in the order of delivery, never two at a time, from any thread, also while `close` was
        not called yet but another thread iterates. Must not wait for the network.
        """


class PluginMessageWriter(Plugin):
    """Writes, and returns when the message is final."""

    @abstractmethod
    def publish(self, message: bytes) -> Any:
        """Send one message; called from several threads at once.

        Returns when it is final for `params["consistency"]`, after at most `params["publish_timeout_ms"]`. A plugin that
        declares KEY, HEADERS or TIMESTAMP takes `key`, `headers` and `timestamp_us` as keywords.
        """


class PluginAsyncMessageReader(Plugin):
    """Reads, and calls back."""

    @property
    @abstractmethod
    def on_message(self) -> OnMessage | None:
        """Called with `(payload, topic, raw)` for each message, in order, never two at a time. Set before `open`."""

    @on_message.setter
    @abstractmethod
    def on_message(self, callback: OnMessage | None) -> None: ...

    @property
    @abstractmethod
    def on_failure(self) -> OnFailure | None:
        """Called with the exception when reading fails. Set before `open`."""

    @on_failure.setter
    @abstractmethod
    def on_failure(self, callback: OnFailure | None) -> None: ...

    def acknowledge(self, raw: Any) -> None:
        """As `PluginMessageReader.acknowledge`."""


class PluginAsyncMessageWriter(Plugin):
    """Writes, and returns a promise."""

    max_pending_bytes: float
    """How much may wait to be confirmed, where that is less than the user's `max_pending_bytes`. Set in `__init__`, or absent."""

    @abstractmethod
    def publish(self, message: bytes) -> Promise[Any]:
        """Take one message without blocking; called from several threads at once.

        The promise (a `Delivery`, or any `promise.Promise`) ends when the message is final or failed, and at the latest
        in `close`. Keywords as `PluginMessageWriter.publish`.
        """
