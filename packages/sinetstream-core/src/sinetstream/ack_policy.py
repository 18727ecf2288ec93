"""When messages are acknowledged. Nothing else calls a plugin's `acknowledge`."""

from __future__ import annotations

from typing import Any

from sinetstream.consistency import Consistency
from sinetstream.session import Session
from sinetstream.spi.abilities import Ability

__all__ = ["NOTHING", "AckAfterProcessing", "AckOnReceipt", "AckPolicy", "NoAck", "choose_ack_policy"]

NOTHING: Any = object()
"""In `AckPolicy.in_flight`: no message is in flight. (None may be what a plugin gives with a message.)"""


class AckPolicy:
    """Acknowledges the messages of one open plugin. A reader chooses the class when it is built, and tells the events.

    Called by the thread or task that reads; a failure of the plugin is raised as the plugin raised it.
    """

    __slots__ = ("_plugin", "acts_on_receipt", "in_flight", "keeps_in_flight")

    def __init__(self, plugin: Any, *, acts_on_receipt: bool = False, keeps_in_flight: bool = False) -> None:
        self._plugin = plugin
        self.in_flight = NOTHING
        self.acts_on_receipt = acts_on_receipt  # whether `received` acknowledges
        self.keeps_in_flight = keeps_in_flight  # whether `received` does no more than to set `in_flight`

    def received(self, raw: Any) -> None:
        """A message is about to be handed out. It is not handed out if this raises."""

    def processed(self) -> None:
        """The application has finished the message in flight, if there is one."""

    def forget(self) -> None:
        """No message is in flight any more: the plugin hands out again what was not acknowledged."""
        self.in_flight = NOTHING


class NoAck(AckPolicy):
    """For a plugin that does not declare ACKNOWLEDGE."""

    __slots__ = ()


class AckOnReceipt(AckPolicy):
    """At most once: acknowledge before the message is handed out."""

    __slots__ = ()

    def __init__(self, plugin: Any) -> None:
        super().__init__(plugin, acts_on_receipt=True)

    def received(self, raw: Any) -> None:
        self._plugin.acknowledge(raw)


class AckAfterProcessing(AckPolicy):
    """At least once: acknowledge when the application has finished the message."""

    __slots__ = ()

    def __init__(self, plugin: Any) -> None:
        super().__init__(plugin, keeps_in_flight=True)

    def received(self, raw: Any) -> None:
        self.in_flight = raw

    def processed(self) -> None:
        if self.in_flight is not NOTHING:
            raw, self.in_flight = self.in_flight, NOTHING
            self._plugin.acknowledge(raw)


def choose_ack_policy(session: Session) -> type[AckPolicy]:
    """The policy that the plugin's abilities and the consistency ask for."""
    if Ability.ACKNOWLEDGE not in session.abilities:
        return NoAck
    if session.settings.consistency is Consistency.AT_MOST_ONCE:
        return AckOnReceipt
    return AckAfterProcessing
