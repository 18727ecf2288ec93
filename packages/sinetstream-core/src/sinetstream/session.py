"""One service as one reader or writer has it: settings, codec, meter and the plugin, joined."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from sinetstream import config, plugins
from sinetstream.codec.build import build
from sinetstream.config import inline
from sinetstream.consistency import Consistency
from sinetstream.errors import AlreadyConnectedError, NotOpenError, SinetError, UnsupportedOperationError
from sinetstream.message import Message
from sinetstream.metrics import Meter, Metrics
from sinetstream.spi._locks import lock_and_condition
from sinetstream.spi.abilities import Ability
from sinetstream.spi.declared import declared
from sinetstream.spi.feed import SLICE_MS

if TYPE_CHECKING:
    from sinetstream.codec.codec import MessageCodec

__all__ = ["Session", "Source"]

log = logging.getLogger("sinetstream")

_NEEDED = {
    Consistency.AT_LEAST_ONCE: Ability.AT_LEAST_ONCE,
    Consistency.EXACTLY_ONCE: Ability.EXACTLY_ONCE,
}

State = Enum("State", "CLOSED OPENING OPEN CLOSING")


class Source:
    """Where a service's parameters come from, as the constructor was given them."""

    def __init__(
        self,
        service: str | None,
        topics: str | list[str] | None,
        config_name: str | None,
        config_file: str | os.PathLike[str] | None,
        kwargs: Mapping[str, Any],
    ) -> None:
        self.service = service
        self.topics = topics
        self.config_name = config_name
        self.config_file = config_file
        self.kwargs = {name: value for name, value in kwargs.items() if name != "no_config"}
        self.no_config = kwargs.get("no_config", False)


class Session:
    """What is wrong with parameters is said when this is constructed; nothing is connected before `open`.

    `plugin_class` finds the class to construct for a `type`. `own_thread` says that a thread of ours iterates
    the reader: it has no receive timeout then, or a short one where `close` does not wake it.
    """

    def __init__(
        self,
        role: Literal["reader", "writer"],
        source: Source,
        plugin_class: Callable[[str], type[Any]],
        *,
        own_thread: bool = False,
    ) -> None:
        self._role = role
        self.settings = config.load(
            role=role,
            service=source.service,
            topics=source.topics,
            config=source.config_name,
            config_file=source.config_file,
            no_config=source.no_config,
            kwargs=source.kwargs,
            plugin_parameters=lambda name: getattr(plugin_class(name), "parameters", None),
        )
        self.plugin_class = plugin_class(self.settings.type)
        self._receive_timeout_ms = self.settings.receive_timeout_ms
        if own_thread:
            self._receive_timeout_ms = inf if hasattr(self.plugin_class, "abilities") else SLICE_MS
        self._errors: Mapping[type[BaseException], type[SinetError]] = getattr(self.plugin_class, "errors", {})
        self.meter = Meter()
        self._state = State.CLOSED
        self._opener = self._closer = 0
        self._lock, self._changed = lock_and_condition()
        self._plugin: Any = None
        with config.placed(self.settings.path):
            self.codec: MessageCodec = build(self.settings.codec, plugins.load, writing=False)
            self._params = self._plugin_params()
            with inline.files(self._params) as params:
                first = self._construct(params)
            self.declares_abilities = hasattr(first, "abilities")
            self.abilities: frozenset[Ability] = declared(first, self.settings.type, role)
            self._check_consistency()
        self._unopened: Any = None if inline.has_inline(self._params) else first

    def open(self, ready: Callable[[Any], None]) -> Any:
        """Open the plugin, give it to `ready` before anybody can close it, and return it; after an error it is closed.

        Raises `AlreadyConnectedError` when it is open or being opened; waits while it is being closed.
        """
        with self._lock:
            self._changed.wait_for(lambda: not self._closing_elsewhere())
            if self._state is not State.CLOSED:
                raise AlreadyConnectedError(f"{self._label()} is open already")
            self._state = State.OPENING
            self._opener = threading.get_ident()
        opened = State.CLOSED
        try:
            with config.placed(self.settings.path):
                if self._role == "writer":  # derives the key, so that no publish has to
                    self.codec = build(self.settings.codec, plugins.load, writing=True)
                with inline.files(self._params) as params:
                    plugin = self._open_one(params, ready)
            opened = State.OPEN
            return plugin
        finally:
            self._become(opened)

    def take(self, only: Any = None) -> Any:
        """Begin to close: the plugin, for the caller to close before it calls `released`.

        None where nothing is open, or another plugin than `only`.
        """
        with self._lock:
            if self._state is State.OPENING and self._opener == threading.get_ident():
                raise SinetError(f"{self._label()} is being opened by this very thread: it cannot be closed meanwhile")
            self._changed.wait_for(lambda: self._state is not State.OPENING)
            if self._state is not State.OPEN or (only is not None and only is not self._plugin):
                return None
            self._state = State.CLOSING
            self._closer = threading.get_ident()
            plugin, self._plugin = self._plugin, None
        return plugin

    def wait_released(self) -> None:
        """Wait while another thread closes it.

        Not where this one does, and was interrupted by the signal handler that asks.
        """
        with self._lock:
            self._changed.wait_for(lambda: not self._closing_elsewhere())

    def leave(self) -> None:
        """The thread that called `take` goes its way; another closes, and calls `released`."""
        with self._lock:
            if self._closer == threading.get_ident():
                self._closer = 0

    def released(self) -> None:
        """What `take` gave is closed."""
        self._become(State.CLOSED)

    def _become(self, state: State) -> None:
        with self._lock:
            self._state = state
            self._changed.notify_all()

    def _closing_elsewhere(self) -> bool:
        return self._state is State.CLOSING and self._closer != threading.get_ident()

    def plugin(self) -> Any:
        """The open plugin. Raises `NotOpenError`."""
        if self._plugin is None:
            raise self.not_open()
        return self._plugin

    def not_open(self) -> NotOpenError:
        """The error for use before `open` and after `close`."""
        return NotOpenError(f"{self._label()} is not open: call open(), or use it in a `with` block")

    def require(self, ability: Ability, what: str) -> None:
        """Refuse what the plugin does not declare."""
        if ability not in self.abilities:
            raise UnsupportedOperationError(f"{what}: plugin {self.settings.type!r} does not declare {ability!r}")

    def translated(self, error: Exception) -> SinetError:
        """What the application gets for what the plugin raised, with the original as its cause."""
        if isinstance(error, SinetError):
            return error
        ours = next((self._errors[cls] for cls in type(error).__mro__ if cls in self._errors), SinetError)
        try:
            translated = ours(f"{self.settings.type}: {type(error).__name__}: {error}")
        except Exception:  # noqa: BLE001  an error without words, or a class in the table that takes none
            translated = SinetError(f"{self.settings.type}: {type(error).__name__}")
        translated.__cause__ = error
        return translated

    def metrics(self) -> Metrics:
        """A snapshot, with the plugin's own where it is open."""
        plugin = self._plugin
        try:
            raw = plugin.metrics() if hasattr(plugin, "metrics") else None
        except Exception as error:  # noqa: BLE001  our own counts are there all the same
            log.warning("plugin %r has no metrics: %s: %s", self.settings.type, type(error).__name__, error)
            raw = None
        return self.meter.snapshot(raw)

    def reset_metrics(self, reset_raw: bool) -> None:
        """Begin counting anew, in the plugin too where asked."""
        plugin = self._plugin
        self.meter.reset()
        if reset_raw and hasattr(plugin, "reset_metrics"):
            self._asked(plugin.reset_metrics)

    def info(self, name: str, kwargs: Mapping[str, Any]) -> Any:
        """The answer to a dotted path, None where there is none."""
        first, *rest = name.rstrip(".").split(".")
        plugin = self._plugin
        answers: dict[str, Callable[[], Any]] = {
            "client_id": lambda: self.settings.client_id,
            "durable": lambda: Ability.DURABLE in self.abilities,
            "metrics": self.metrics,
            self.settings.type: lambda: self._asked(plugin.info, rest, kwargs) if hasattr(plugin, "info") else None,
        }
        if not first:
            return {key: answer() for key, answer in answers.items()}
        return answers[first]() if first in answers else None

    def _asked(self, method: Callable[..., Any], *args: Any) -> Any:
        try:
            return method(*args)
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is translated
            raise self.translated(error)  # noqa: B904  it has its cause

    def _label(self) -> str:
        return f"service {self.settings.service!r}" if self.settings.service else f"this {self._role}"

    def _open_one(self, params: dict[str, Any], ready: Callable[[Any], None]) -> Any:
        plugin, self._unopened = self._unopened, None
        if plugin is None:
            plugin = self._construct(params)
        try:
            plugin.open()
            self._plugin = plugin
            ready(plugin)
        except BaseException as error:
            self._plugin = None
            _close_after(error, plugin)
            if isinstance(error, Exception):
                raise self.translated(error)  # noqa: B904  it has its cause
            raise
        return plugin

    def _construct(self, params: dict[str, Any]) -> Any:
        try:
            return self.plugin_class(params)
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is translated
            raise self.translated(error)  # noqa: B904  it has its cause

    def _check_consistency(self) -> None:
        asked = self.settings.consistency
        if asked not in _NEEDED or _NEEDED[asked] in self.abilities:
            return
        if self.declares_abilities:
            words = f"consistency: plugin {self.settings.type!r} does not promise {asked!r}"
            raise UnsupportedOperationError(words, path="consistency")
        log.warning(
            "plugin %r declares no abilities: AT_MOST_ONCE is promised, %r is only passed on to it",
            self.settings.type,
            asked,
        )

    def _plugin_params(self) -> dict[str, Any]:
        settings = self.settings
        params: dict[str, Any] = config.copied(settings.params, settings.path)
        for name in ("topic", "topics"):
            params.pop(name, None)
        if len(settings.topics) == 1:
            params["topic"] = settings.topics[0]
        if self._role == "reader":
            params["topics"] = list(settings.topics)
            params["receive_timeout_ms"] = self._receive_timeout_ms
        params["type_spec"] = params.get("type_spec") or {}
        for path in getattr(self.plugin_class, "encoded_parameters", ()):
            self._encode_parameter(params, path)
        params.update(
            type=settings.type,
            consistency=settings.consistency,
            client_id=settings.client_id,
            client_id_generated=settings.params.get("client_id") in (None, ""),
            publish_timeout_ms=settings.publish_timeout_ms,
            close_timeout_ms=settings.close_timeout_ms,
            max_pending_bytes=settings.max_pending_bytes,
        )
        return params

    def _encode_parameter(self, params: dict[str, Any], path: str) -> None:
        *place, name = path.split(".")
        around: Any = params
        for part in place:
            around = around.get(part) if isinstance(around, dict) else None
        if not isinstance(around, dict) or name not in around:
            return
        at = ".".join(filter(None, (self.settings.path, *place)))
        settings = config.codec_settings({**self.settings.params, **around}, at)
        with config.placed(at):
            codec = build(settings, plugins.load, writing=True)
        around[name] = codec.encode(around[name], Message.NOTSTAMP)[0]


def _close_after(error: BaseException, plugin: Any) -> None:
    try:
        plugin.close()
    except Exception as second:  # noqa: BLE001  the first error is the one to report
        error.add_note(f"closing it then failed too: {type(second).__name__}: {second}")
