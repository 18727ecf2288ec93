"""What a reader still owes the broker, by packet identifier."""

from __future__ import annotations

from enum import Enum

from paho.mqtt.client import MQTTMessage

__all__ = ["Acknowledgements", "Arrival"]

Arrival = Enum("Arrival", "NEW KNOWN FINISHED")


class Acknowledgements:
    """The acknowledgement of a message belongs to the connection that delivered it. Used by one thread.

    When that connection is lost, it waits for the broker to deliver the message again, which it does in a resumed session
    and marks as a duplicate; a new session knows nothing of it.
    """

    def __init__(self) -> None:
        self._in_hand: dict[int, MQTTMessage] = {}
        self._earlier: dict[int, tuple[MQTTMessage, bool]] = {}  # of lost connections, and whether finished
        self._until_pubrel: set[int] = set()

    def __len__(self) -> int:
        return len(self._in_hand)

    def arrived(self, message: MQTTMessage) -> Arrival:
        """NEW: hand it out. KNOWN: it was handed out. FINISHED: it was, and is to be answered now."""
        mid = message.mid
        if mid in self._in_hand:
            return Arrival.KNOWN
        if self._earlier or self._until_pubrel:
            original, finished = self._earlier.pop(mid, (None, False))
            released = mid in self._until_pubrel
            self._until_pubrel.discard(mid)
            if message.dup and (finished or (released and message.qos == 2)):
                if message.qos == 2:
                    self._until_pubrel.add(mid)
                return Arrival.FINISHED
            if message.dup and original is not None:
                self._in_hand[mid] = original
                return Arrival.KNOWN
        self._in_hand[mid] = message
        return Arrival.NEW

    def finished(self, message: MQTTMessage) -> bool:
        """Whether it is to be answered now."""
        mid = message.mid
        if self._in_hand.get(mid) is message:
            del self._in_hand[mid]
            if message.qos == 2:
                self._until_pubrel.add(mid)
            return True
        if mid in self._earlier and self._earlier[mid][0] is message:
            self._earlier[mid] = (message, True)
        return False

    def released(self, mid: int) -> None:
        """PUBREL came: the identifier is free."""
        self._until_pubrel.discard(mid)

    def disconnected(self) -> None:
        """The connection is lost."""
        self._earlier.update({mid: (message, False) for mid, message in self._in_hand.items()})
        self._in_hand.clear()

    def connected(self, *, resumed: bool) -> None:
        """There is another one."""
        if not resumed:
            self._earlier.clear()
            self._until_pubrel.clear()
