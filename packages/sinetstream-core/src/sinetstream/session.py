"""What one reader or writer works with: settings, codec, meter and plugin."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from sinetstream import config, plugins
from sinetstream.codec.build import build
from sinetstream.config import inline
from sinetstream.consistency import Consistency
from sinetstream.derivation_log import DerivationLog
from sinetstream.errors import Outcome, SinetError, UnsupportedOperationError
from sinetstream.lifecycle import Lifecycle
from sinetstream.metrics import Meter, Metrics
from sinetstream.open_endpoints import Opening
from sinetstream.plugin_params import plugin_params
from sinetstream.source import Source
from sinetstream.spi.abilities import Ability
from sinetstream.spi.deadline import Deadline
from sinetstream.spi.declared import declared
from sinetstream.spi.reader_thread import SLICE_MS
from sinetstream.spi.unhonoured import refuse_unhonoured
from sinetstream.translator import Translator

if TYPE_CHECKING:
    from sinetstream.codec.codec import MessageCodec

__all__ = ["Session"]

log = logging.getLogger("sinetstream")

_NEEDED = {
    Consistency.AT_LEAST_ONCE: Ability.AT_LEAST_ONCE,
    Consistency.EXACTLY_ONCE: Ability.EXACTLY_ONCE,
}


class Session(Lifecycle):
    """The settings of one service, its codec, and the plugin that is opened and closed.

    Constructing it raises what is wrong with parameters, and connects nothing. `plugin_class` finds the class to construct
    for a `type`. `own_thread` says that a thread of ours iterates the reader: the plugin gets no receive timeout then, or
    a short one where `close` does not wake it.
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
        self.settings = source.load(role, plugin_class)
        self.plugin_class = plugin_class(self.settings.type)
        receive_timeout_ms = self.settings.receive_timeout_ms
        if own_thread:
            receive_timeout_ms = inf if hasattr(self.plugin_class, "abilities") else SLICE_MS
        self._translator = Translator(self.settings.type, getattr(self.plugin_class, "errors", {}))
        self.meter = Meter()
        super().__init__(f"service {self.settings.service!r}" if self.settings.service else f"this {role}")
        with config.placed(self.settings.path):
            derived = DerivationLog(self._label)
            self.codec: MessageCodec = build(self.settings.codec, plugins.load, writing=False, on_derived=derived)
            self._params = plugin_params(role, self.settings, self.plugin_class, receive_timeout_ms)
            # A plugin with declared options reads content itself, and again for each connection (`sinetstream.spi.tls`).
            self._needs_files = inline.has_inline(self._params) and not hasattr(self.plugin_class, "options")
            with self._own_params() as params:
                first = self._construct(params)
            self.declares_abilities = hasattr(first, "abilities")
            refuse_unhonoured(first, self.settings.type, self._params)
            self.abilities: frozenset[Ability] = declared(first, self.settings.type, role)
            self._check_consistency()
        self._opening: Opening | None = None
        self._unopened: Any = None if self._needs_files else first

    def watch(self, endpoint: object, plugin: Any, close: Callable[[Deadline], int] | None = None) -> None:
        """Close this opening when nothing refers to `endpoint` any more, and a writer's when the interpreter exits.

        `close` must not refer to `endpoint`. It closes the plugin, in place of `plugin.close`, and returns how many pending
        publishes it gave up.
        """

        def close_once(deadline: Deadline) -> int:
            if self.begin_close(plugin) is None:
                self.wait_until_closed()
                return 0
            try:
                with self.translating():
                    if close is not None:
                        return close(deadline)
                    plugin.close()
                    return 0
            finally:
                self.closed()

        named = f"service {self.settings.service!r}" if self.settings.service else ", ".join(self.settings.topics)
        self._opening = Opening(
            endpoint,
            f"the {self._role} of {named} ({self.settings.type})",
            close_once,
            close_timeout_s=self.settings.close_timeout_ms / 1000,
            at_exit=self._role == "writer",
        )

    def close_deadline(self) -> Deadline:
        """`close_timeout_ms` from now."""
        return Deadline.in_ms(self.settings.close_timeout_ms)

    def closed(self) -> None:
        """The plugin that `begin_close` returned is closed."""
        self._end_opening()
        super().closed()

    def forked(self) -> None:
        """In a forked child: it is closed here, and nothing is done to the plugin that the parent has open."""
        super().forked()
        self.meter.forked()
        self._end_opening()

    def require(self, ability: Ability, what: str) -> None:
        """Raise `UnsupportedOperationError` where the plugin does not declare this ability."""
        if ability not in self.abilities:
            hint = getattr(self.plugin_class, "ability_hints", {}).get(ability)
            words = f"{what}: plugin {self.settings.type!r} does not declare {ability!r}"
            raise UnsupportedOperationError(f"{words}: {hint}" if hint else words)

    def translate(self, error: Exception) -> SinetError:
        """Translate what the plugin raised to an error of ours, with the original as its cause."""
        return self._translator.translate(error)

    def translate_publishing(self, error: Exception, outcome: Outcome = "unknown") -> SinetError:
        """As `translate`, for an error of publishing; it gets `outcome` where the plugin does not state one."""
        return self._translator.translate_publishing(error, outcome)

    def translating(self) -> AbstractContextManager[None]:
        """For a `with` block: translate what the plugin raises in it.

        Calls that are made for each message (`publish`, `next`) use `except` and `translate`, which cost nothing where
        nothing is raised.
        """
        return self._translator

    def metrics(self) -> Metrics:
        """A snapshot of the counts, with the plugin's own in `raw` where it is open."""
        plugin = self._plugin
        try:
            raw = plugin.metrics() if hasattr(plugin, "metrics") else None
        except Exception as error:  # noqa: BLE001  our own counts are there all the same
            log.warning("plugin %r has no metrics: %s: %s", self.settings.type, type(error).__name__, error)
            raw = None
        return self.meter.snapshot(raw)

    def reset_metrics(self, reset_raw: bool) -> None:
        """Set the counts to 0, with `reset_raw` the plugin's too."""
        plugin = self._plugin
        self.meter.reset()
        if reset_raw and hasattr(plugin, "reset_metrics"):
            with self.translating():
                plugin.reset_metrics()

    def ask_plugin(self, path: list[str], kwargs: Mapping[str, Any]) -> Any:
        """What the open plugin answers to `info`, None where it has no answer."""
        plugin = self._plugin
        if not hasattr(plugin, "info"):
            return None
        with self.translating():
            return plugin.info(path, kwargs)

    def _connect(self, ready: Callable[[Any], None]) -> Any:
        plugin = None
        try:
            with config.placed(self.settings.path):
                if self._role == "writer":  # derives the key now, not in the first publish
                    self.codec = build(self.settings.codec, plugins.load, writing=True)
                with self._own_params() as params, self.translating():
                    plugin, self._unopened = self._unopened, None
                    if plugin is None:
                        plugin = self._construct(params)
                    plugin.open()
                    self._plugin = plugin
                    ready(plugin)
        except BaseException as error:
            self._plugin = None
            self._end_opening()
            if plugin is not None:
                _close_after(error, plugin)
            raise
        return plugin

    def _own_params(self) -> AbstractContextManager[dict[str, Any]]:
        """For a `with` block: a copy for one plugin, with files in the place of content where it needs them."""
        return inline.files(self._params) if self._needs_files else nullcontext(config.copied(self._params))

    def _end_opening(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.end()

    def _construct(self, params: dict[str, Any]) -> Any:
        with self.translating():
            return self.plugin_class(params)

    def _check_consistency(self) -> None:
        asked = self.settings.consistency
        if asked not in _NEEDED or _NEEDED[asked] in self.abilities:
            return
        if self.declares_abilities:
            words = f"consistency: plugin {self.settings.type!r} does not guarantee {asked!r}"
            raise UnsupportedOperationError(words, path="consistency")
        log.warning(
            "plugin %r declares no abilities: AT_MOST_ONCE is guaranteed, %r is only passed on to it",
            self.settings.type,
            asked,
        )


def _close_after(error: BaseException, plugin: Any) -> None:
    try:
        plugin.close()
    except Exception as second:  # noqa: BLE001  the first error is the one to report
        error.add_note(f"closing it then failed too: {type(second).__name__}: {second}")
