"""What a fake broker keeps: topics, subscriptions, and who has not finished what."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sinetstream.testing.fake.faults import Fault, strikes

__all__ = ["Exchange", "FakeDisconnectedError", "FakeLeakedError", "FakeRefusedError", "FakeUnsentError", "Record"]

WINDOW = 20
_HELD_S = 0.3
_LATE_S = 0.2


class FakeDisconnectedError(Exception):
    """The broker is away."""


class FakeUnsentError(FakeDisconnectedError):
    """The broker is away, and the message was not sent."""


class FakeRefusedError(Exception):
    """The broker knows who asks, and does not allow it."""


class FakeLeakedError(Exception):
    """What the plugin's author forgot."""


class Record(NamedTuple):
    """One message as the broker keeps it."""

    payload: bytes
    topic: str
    number: int
    key: bytes | None
    headers: Mapping[str, bytes]
    timestamp_us: int


class _Subscription:
    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.pending: deque[Record] = deque()
        self.ready = True


class _Reader:
    def __init__(self, name: str, subscriptions: list[_Subscription], *, finishes: bool) -> None:
        self.name = name
        self.subscriptions = subscriptions
        self.finishes = finishes
        self.unfinished: deque[tuple[_Subscription, Record]] = deque()
        self.taken: deque[tuple[_Subscription, Record]] = deque()
        self.closed = False
        self.forgotten = False
        self.interruptions = 0


class Exchange:
    """Readers without a name share the messages of a topic; a name is a subscription of its own, which stays."""

    def __init__(self, faults: frozenset[Fault]) -> None:
        self.faults = faults
        self.changed = threading.Condition()
        self.published: list[Record] = []
        self.acknowledged: list[Record] = []
        self.away = self.refusing = False
        self._interruptions = 0
        self._held: Record | None = None
        self._subscriptions: dict[tuple[str, str], _Subscription] = {}
        self._readers: dict[int, _Reader] = {}
        self._numbers: Counter[str] = Counter()
        self._count = 0

    def connect(self, reach: str = "") -> None:
        """Raises what a client library raises. `reach` is "nobody" or "refused" in the parameters of a test."""
        with self.changed:
            for subscription in self._subscriptions.values():
                subscription.ready = True
            if self.refusing or reach == "refused":
                raise FakeRefusedError("not allowed")
            if self.away or reach == "nobody":
                raise self.disconnected()

    def disconnected(self, error: type[FakeDisconnectedError] = FakeDisconnectedError) -> Exception:
        """What the client library raises while the broker is away."""
        if Fault.LEAK_EXCEPTION in self.faults:
            return FakeLeakedError("[Errno 111] Connection refused")
        return error("nobody answers")

    def interrupt(self, *, away: bool) -> None:
        """Go away, or come back."""
        with self.changed:
            self.away = away
            self._interruptions += away
            if away and Fault.FORGET_SUBSCRIPTION in self.faults:
                for reader in self._readers.values():
                    reader.forgotten = True
            self.changed.notify_all()

    def publish(
        self,
        topic: str,
        payload: bytes,
        key: bytes | None,
        headers: Mapping[str, bytes],
        timestamp_us: int | None,
        reach: str = "",
    ) -> int:
        """Store one; its number in the topic. Raises while the broker is away, and where `reach` is "read-only"."""
        with self.changed:
            if self.away:
                if Fault.CONFIRM_UNSENT in self.faults:
                    return -1
                if Fault.BLOCK in self.faults:
                    self.changed.wait_for(lambda: not self.away)
                if Fault.DENY_SENT in self.faults:
                    self._number_and_store(topic, payload, key, headers, timestamp_us)
                raise self.disconnected(FakeUnsentError)
            if reach == "read-only":
                if Fault.CONFIRM_REFUSED in self.faults:
                    return -1
                raise FakeRefusedError("not allowed to publish")
            return self._number_and_store(topic, payload, key, headers, timestamp_us)

    def _number_and_store(
        self, topic: str, payload: bytes, key: bytes | None, headers: Mapping[str, bytes], timestamp_us: int | None
    ) -> int:
        number = self._numbers[topic]
        self._numbers[topic] += 1
        if timestamp_us is None:
            timestamp_us = time.time_ns() // 1000
        record = Record(payload, topic, number, key, headers, timestamp_us)
        self.published.append(record)
        self._store(record)
        self.changed.notify_all()
        return number

    def _store(self, record: Record) -> None:
        struck = self.faults if strikes(record.number) else frozenset()
        if Fault.DROP in struck:
            return
        if Fault.TRUNCATE in struck:
            record = record._replace(payload=record.payload[:-1])
        if Fault.REORDER in struck and self._held is None:
            self._held = record
            return
        self._route(record)
        if Fault.DUPLICATE in struck:
            self._route(record)
        if Fault.DUPLICATE_LATE in struck:
            threading.Timer(_LATE_S, self._again, (record,)).start()
        self._let_go()

    def _again(self, record: Record) -> None:
        with self.changed:
            self._route(record)
            self.changed.notify_all()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._route(held)

    def _route(self, record: Record) -> None:
        self._subscription("", record.topic)
        for (_, topic), subscription in self._subscriptions.items():
            if topic == record.topic and subscription.ready:
                subscription.pending.append(record)

    def _subscription(self, name: str, topic: str) -> _Subscription:
        return self._subscriptions.setdefault((name, topic), _Subscription(topic))

    def subscribe(self, name: str, topics: Sequence[str], finishes: bool) -> int:
        """A reader's handle. Who had this name before is gone; what was unfinished comes again."""
        with self.changed:
            for handle in [handle for handle, reader in self._readers.items() if name and reader.name == name]:
                self.leave(handle)
            subscriptions = [self._subscription(name, topic) for topic in topics]
            for subscription in subscriptions:
                subscription.ready = Fault.SUBSCRIBE_LATE not in self.faults
            self._count += 1
            self._readers[self._count] = _Reader(name, subscriptions, finishes=finishes)
            self._readers[self._count].interruptions = self._interruptions
            return self._count

    def leave(self, handle: int) -> None:
        """The reader is gone; what it had not finished comes again, first of all."""
        with self.changed:
            reader = self._readers.pop(handle, None)
            if reader is None:
                return
            reader.closed = True
            self._put_back(reader)
            self.changed.notify_all()

    def forget(self, name: str) -> None:
        """There is no such subscription any more."""
        with self.changed:
            for key in [key for key in self._subscriptions if key[0] == name]:
                del self._subscriptions[key]

    def go_back(self, handle: int) -> None:
        """The reader gets again what it has not finished."""
        with self.changed:
            self._put_back(self._readers[handle])
            self.changed.notify_all()

    def _put_back(self, reader: _Reader) -> None:
        again = reader.taken if Fault.NEVER_ACKNOWLEDGE in self.faults else reader.unfinished
        while again:
            subscription, record = again.pop()
            subscription.pending.appendleft(record)

    def take(self, handle: int, timeout: float | None) -> Record | None:
        """The next one for this reader; None after `timeout` seconds, or when it is closed."""
        with self.changed:
            reader = self._readers.get(handle)
            if reader is None:
                return None
            if self._held is not None:
                self.changed.wait_for(lambda: self._held is None, _HELD_S)
                self._let_go()
            if not self._wait(reader, timeout) or reader.closed:
                return None
            if reader.interruptions < self._interruptions:
                reader.interruptions = self._interruptions
                raise self.disconnected()
            subscription = next(subscription for subscription in reader.subscriptions if subscription.pending)
            record = subscription.pending.popleft()
            reader.taken.append((subscription, record))
            if not reader.finishes and Fault.ACKNOWLEDGE_EARLY not in self.faults:
                reader.unfinished.append((subscription, record))
            return record

    def _wait(self, reader: _Reader, timeout: float | None) -> bool:
        if Fault.IGNORE_TIMEOUT in self.faults:
            timeout = None
        elif Fault.END_EARLY in self.faults and timeout is not None:
            timeout /= 3
        if Fault.WAIT_BUSILY not in self.faults:
            return self.changed.wait_for(lambda: self._can_go_on(reader), timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._can_go_on(reader):
            if deadline is not None and time.monotonic() > deadline:
                return False
            self.changed.wait(0)
        return True

    def _can_go_on(self, reader: _Reader) -> bool:
        if reader.closed:
            return Fault.IGNORE_CLOSE not in self.faults or bool(reader.taken)
        if reader.interruptions < self._interruptions:
            return True
        room = len(reader.unfinished) < WINDOW or Fault.NO_WINDOW in self.faults
        pending = any(subscription.pending for subscription in reader.subscriptions)
        return room and pending and not (self.away or reader.forgotten)

    def acknowledge(self, handle: int, record: Record) -> None:
        """It is finished."""
        with self.changed:
            reader = self._readers.get(handle)
            if reader is None:
                return
            self.acknowledged.append(record)
            for entry in reader.unfinished:
                if entry[1] == record:
                    reader.unfinished.remove(entry)
                    break
            self.changed.notify_all()

    def seek(self, handle: int, since_us: float) -> None:
        """Go on with what has this time or a later one, of all that was ever published."""
        with self.changed:
            if Fault.IGNORE_SEEK in self.faults:
                return
            reader = self._readers[handle]
            reader.unfinished.clear()
            for subscription in reader.subscriptions:
                again = [record for record in self.published if record.topic == subscription.topic]
                subscription.pending = deque(record for record in again if record.timestamp_us >= since_us)
            self.changed.notify_all()
