"""The thread that owns the consumer: it polls, also while the application works, and pauses when enough waits."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    RebalanceInProgressError,
    RetriableError,
    UnknownMemberIdError,
)
from sinetstream.errors import ConnectionError, InvalidArgumentError
from sinetstream.spi import AT_MOST_ONCE

from sinetstream_plugins.kafka.buffer import Buffer
from sinetstream_plugins.kafka.commits import Commits, offsets
from sinetstream_plugins.kafka.leases import Lease, Leases
from sinetstream_plugins.kafka.options import Options
from sinetstream_plugins.kafka.rebalance import Rebalance

__all__ = ["Consumer"]

log = logging.getLogger("sinetstream")

_MESSAGES = 1000
_TOGETHER = 500
_SLICE_MS = 100
_FULL_S = 0.25
_LOOK_S = 0.05
_COMMIT_MS = 5_000
_CLOSE_MS = 3_000
_JOIN_S = 60.0
_PAUSES_S = (0.1, 2.0)

_PASSING = (
    CommitFailedError,  # this, and the next three: the partitions went away meanwhile, and poll() joins again
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
    RetriableError,
)

Records = dict[TopicPartition, list[Any]]


class Consumer:
    """One subscription. All but `__init__`, `open` and the small methods for other threads runs on its thread."""

    def __init__(self, options: Options, topics: list[str]) -> None:
        self._options = options
        self._topics = topics
        self._group: str | None = options.client.get("group_id")
        self._weak = options.consistency is AT_MOST_ONCE
        self.keeps_received = self._weak and self._group is not None
        self.leases = Leases()
        self.buffer = Buffer(1 if self.keeps_received else _MESSAGES, self.leases.unfinished)
        self.closing = False
        self._stopping = threading.Event()
        self.transactional = False
        self.in_transaction = False
        self.broken = False
        self._commands: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._ready: Future[None] = Future()
        self._client = KafkaConsumer(**options.client)
        self._listener = Rebalance(self, self._client._net.sleep)
        acknowledged = self._group and not self._weak
        self.commits = Commits(self._client, self.leases, self.buffer.fail) if acknowledged else None
        self._thread = threading.Thread(target=self._run, name="sinetstream-kafka-reader", daemon=True)

    # -- for other threads

    def open(self) -> None:
        """Returns when it is subscribed: partitions assigned, and positions known and committed."""
        self._thread.start()
        session_s = self._client.config["session_timeout_ms"] / 1000
        try:
            self._ready.result(_JOIN_S + session_s)
        except TimeoutError:
            raise ConnectionError(f"the broker assigned no partitions of {self._what()} in time") from None

    def close(self) -> None:
        """Commit what is finished, leave the group, and end the thread."""
        self.closing = True
        self._stopping.set()
        self.buffer.close()
        if self._thread.is_alive():
            self._thread.join()
        elif not self._client._closed:
            self._client.close(autocommit=False, timeout_ms=_CLOSE_MS)
        self._fail_commands()

    def finished(self, record: Any) -> None:
        """The application has finished this message. Does not wait."""
        if not self.leases.finish(record):
            self.broken = self.broken or self.transactional
        elif self.commits is not None and not self.transactional:
            self.commits.finished_one()
        if self.buffer.holds_back:
            self.buffer.finished_one()

    def in_hand(self, lease: Lease) -> bool:
        """Whether the application has something of this partition that is not finished."""
        if self.transactional:
            return self.in_transaction and lease.handed != lease.committed
        return lease.finished < lease.handed

    def given_up(self, leases: Iterable[Lease]) -> None:
        """These partitions are gone."""
        leases = list(leases)
        if self.transactional and any(lease.started and lease.handed != lease.committed for lease in leases):
            self.broken = True
        self.leases.give_up(leases)

    def go_back(self, leases: Iterable[Lease]) -> None:
        """To what is not finished. A partition that is assigned to us again keeps the client's position, which is ahead."""
        assigned = self._client.assignment()
        for lease in leases:
            if lease.started and lease.partition in assigned:
                self._client.seek(lease.partition, lease.committed if self.transactional else lease.finished)

    def seek(self, move: Callable[[KafkaConsumer, set[TopicPartition]], None]) -> None:
        """Forget what was received, move, and return when the new positions are known."""
        self._call(lambda: self._move(move))

    def rewind(self) -> None:
        """Go back to the last committed positions."""
        self._call(lambda: self._move(self._to_committed))

    def group_metadata(self) -> Any:
        return self._client.group_metadata()

    def cluster_id(self) -> str | None:
        return getattr(self._client._cluster, "cluster_id", None)

    def metrics(self) -> dict[str, Any]:
        """kafka-python's, and how many messages of each partition are not finished."""
        lag = {
            f"{lease.partition.topic}-{lease.partition.partition}": max(0, lease.highwater - lease.finished)
            for lease in self.leases.held()
            if lease.started and lease.highwater is not None
        }
        return {**(self._client.metrics() or {}), "lag": lag}

    def _call(self, action: Callable[[], None]) -> None:
        done: Future[None] = Future()
        self._commands.append((action, done))
        self.buffer.nudge()
        if self.closing:
            self._fail_commands()
        done.result()

    # -- the thread

    def _run(self) -> None:
        pause, longest = _PAUSES_S
        try:
            self._subscribe()
            while not self.closing:
                try:
                    self._turn()
                except Exception as error:  # noqa: BLE001  whatever the client raises is reported
                    if not self._report(error):
                        return
                    self._stopping.wait(pause)
                    pause = min(2 * pause, longest)
                else:
                    pause = _PAUSES_S[0]
        except Exception as error:  # noqa: BLE001  it is the outcome of `open`
            self._ready.set_exception(error)
        finally:
            self._leave()

    def _report(self, error: Exception) -> bool:
        if not self._ready.done():
            if isinstance(error, _PASSING):
                return True
            self._ready.set_exception(error)
            return False
        if isinstance(error, _PASSING):
            log.debug("reading goes on after %r", error)
        elif not self.buffer.failed():
            self.buffer.fail(error)
        return True

    def _leave(self) -> None:
        try:
            self._client.close(autocommit=False, timeout_ms=_CLOSE_MS)
        except Exception as error:  # noqa: BLE001  it is closed all the same
            log.debug("closing the consumer: %r", error)
        self._fail_commands()

    def _fail_commands(self) -> None:
        while self._commands:
            try:
                _, done = self._commands.popleft()
            except IndexError:
                return
            done.set_exception(ConnectionError("the reader was closed"))

    def _subscribe(self) -> None:
        if self._options.topic_pattern is not None:
            self._client.subscribe(pattern=self._options.topic_pattern, listener=self._listener)
            return
        self._client.subscribe(self._topics, listener=self._listener)
        deadline = time.monotonic() + self._options.client["bootstrap_timeout_ms"] / 1000
        cluster = self._client._cluster
        for topic in self._topics:  # known before joining: with a topic made later, the first messages would be missed
            while not cluster.partitions_for_topic(topic) and topic not in cluster.unauthorized_topics:
                if self.closing or time.monotonic() > deadline:
                    raise InvalidArgumentError(f"topic {topic!r} does not exist on the broker", path="topics")
                cluster.request_update()
                self._stopping.wait(_LOOK_S)

    def _turn(self) -> None:
        self._obey()
        full = self.buffer.full() or self.buffer.failed()
        self._hold(full)
        records: Records = self._client.poll(0 if full else _SLICE_MS)
        try:
            self.leases.take(self._client.assignment())
            if not self.leases.started():
                self._start(records)
            self._receive(records)
        except Exception:
            self._give_back(records)
            raise
        if not self._ready.done() and self._subscribed():
            self._ready.set_result(None)
        if self.commits is not None and not self.transactional:
            self.commits.when_due()
        if full:
            self.buffer.wait(_FULL_S)

    def _obey(self) -> None:
        while self._commands:
            action, done = self._commands.popleft()
            try:
                action()
            except Exception as error:  # noqa: BLE001  it is the caller's
                done.set_exception(error)
            else:
                done.set_result(None)

    def _hold(self, full: bool) -> None:
        if full:
            self._client.pause(*self._client.assignment())
        elif paused := self._client.paused():
            self._client.resume(*paused)

    def _subscribed(self) -> bool:
        joined = self._listener.joined if self._group else bool(self.leases.held() or self._options.topic_pattern)
        return joined and self.leases.started()

    def _start(self, records: Records) -> None:
        """Commit the positions that new partitions start from, before their first message."""
        positions: dict[TopicPartition, int] = {}
        for lease in self.leases.held():
            if not lease.started:
                first = records.get(lease.partition)
                position = first[0].offset if first else self._client.position(lease.partition, timeout_ms=_COMMIT_MS)
                if position is not None:
                    positions[lease.partition] = position
        if self._group and positions:
            self._client.commit(offsets(positions), timeout_ms=_COMMIT_MS)
        for partition, position in positions.items():
            started = self.leases.of(partition)
            if started is not None:
                started.start(position)

    def _receive(self, records: Records) -> None:
        """Let the application have them; what is still in `records` afterwards it has not."""
        if self.keeps_received and records:
            ends = {partition: batch[-1].offset + 1 for partition, batch in records.items()}
            self._client.commit(offsets(ends), timeout_ms=_COMMIT_MS)
        while records:
            partition, batch = records.popitem()
            lease = self.leases.of(partition)
            if lease is not None:
                lease.highwater = self._client.highwater(partition)
                for begin in range(0, len(batch), _TOGETHER):
                    self.buffer.put(lease, batch[begin : begin + _TOGETHER])

    def _give_back(self, records: Records) -> None:
        assigned = self._client.assignment()
        for partition, batch in records.items():
            if partition in assigned:
                self._client.seek(partition, batch[0].offset)

    def _move(self, move: Callable[[KafkaConsumer, set[TopicPartition]], None]) -> None:
        assigned = self._client.assignment()
        old = self.leases.held()
        self.leases.give_up(old)
        self.buffer.drop(old)
        if assigned:
            move(self._client, assigned)
        self.leases.take(assigned)
        self._start({})
        if not self.leases.started():
            raise ConnectionError("the broker did not say in time where to go on")

    def _to_committed(self, client: KafkaConsumer, assigned: set[TopicPartition]) -> None:
        for partition in assigned:
            position = client.committed(partition, timeout_ms=_JOIN_S * 1000)
            if position is not None:
                client.seek(partition, position)
        self.broken = False

    def _what(self) -> str:
        return repr(self._options.topic_pattern or self._topics)
