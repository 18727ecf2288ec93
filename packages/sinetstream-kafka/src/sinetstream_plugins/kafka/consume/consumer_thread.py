"""The thread that owns the consumer: it polls, also while the application works, and pauses when enough waits."""

from __future__ import annotations

import logging
import threading
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
from sinetstream.errors import ConnectionError, SinetError
from sinetstream.spi import AT_MOST_ONCE

from sinetstream_plugins.kafka.consume.assignment import Assignment, PartitionState
from sinetstream_plugins.kafka.consume.calls import Calls
from sinetstream_plugins.kafka.consume.fetch_buffer import FetchBuffer
from sinetstream_plugins.kafka.consume.offset_committer import OffsetCommitter
from sinetstream_plugins.kafka.consume.offsets import Offsets, Records
from sinetstream_plugins.kafka.consume.poller import Poller, connect
from sinetstream_plugins.kafka.consume.rebalance_listener import RebalanceListener
from sinetstream_plugins.kafka.consume.subscription import Subscription
from sinetstream_plugins.kafka.options.client_options import Options

__all__ = ["ConsumerThread"]

log = logging.getLogger("sinetstream")

_MESSAGES = 1000
_ROOM_S = 0.05
_FULL_S = 0.25
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

Find = Callable[[KafkaConsumer, set[TopicPartition], int], dict[TopicPartition, int]]
"""Asks the broker where to go in these partitions, for so many milliseconds."""


class ConsumerThread:
    """One subscription. All but `__init__`, `open` and the small methods for other threads runs on its thread."""

    def __init__(self, options: Options, topics: list[str]) -> None:
        weak, group = options.consistency is AT_MOST_ONCE, options.client.get("group_id")
        self.keeps_received = weak and group is not None
        self.assignment = Assignment()
        self.buffer = FetchBuffer(1 if self.keeps_received else _MESSAGES, self.assignment.in_flight_count)
        self.closing = False
        self._stopping = threading.Event()
        self.transactional = False
        self.in_transaction = False
        self.broken = False
        self._calls = Calls(self.buffer.nudge, self._stopping)
        self._ready: Future[None] = Future()
        self._client = connect(options)
        keeps_up = options.client.get("auto_offset_reset", "latest") == "latest"
        self.offsets = Offsets(self._client, self.assignment, self._stopping, keeps_up=keeps_up)
        self._subscription = Subscription(options, topics, self._client, self._stopping)
        self._listener = RebalanceListener(self, self._client._net.sleep)
        self._poller = Poller(
            self._client, self.assignment, self.buffer, self.offsets, keeps_received=self.keeps_received
        )
        acknowledged = group and not weak
        self.committer = (
            OffsetCommitter(self.offsets.commit_soon, self.assignment, self.buffer.fail) if acknowledged else None
        )
        self._thread = threading.Thread(target=self._run, name="sinetstream-kafka-reader", daemon=True)

    # -- for other threads

    def open(self) -> None:
        """Returns when it is subscribed: partitions assigned, and positions known and committed."""
        self._thread.start()
        session_s = self._client.config["session_timeout_ms"] / 1000
        try:
            self._ready.result(_JOIN_S + session_s)
        except TimeoutError:
            raise ConnectionError(f"the broker assigned no partitions of {self._subscription} in time") from None

    def close(self) -> None:
        """Commit what is finished, leave the group, and end the thread."""
        self.closing = True
        self._stopping.set()
        self.buffer.close()
        if self._thread.is_alive():
            self._thread.join()
        elif not self._client._closed:
            self._client.close(autocommit=False, timeout_ms=_CLOSE_MS)
        self._calls.cancel_all()

    def acknowledge(self, record: Any) -> None:
        """The application has finished this message. Does not wait."""
        if not self.assignment.acknowledge(record):
            self.broken = self.broken or self.transactional
        elif self.committer is not None and not self.transactional:
            self.committer.record_processed()
        if self.buffer.holds_back:
            self.buffer.record_processed()

    def in_flight(self, state: PartitionState, record: Any) -> bool:
        """Whether this record is not finished yet, or, in a transaction, what was finished is not committed."""
        unfinished = bool(state.in_flight) and state.in_flight[0] is record
        if self.transactional:
            return self.in_transaction and (unfinished or state.position != state.committed)
        return unfinished

    def lost(self, states: Iterable[PartitionState]) -> None:
        """These partitions are gone: what was received of them comes again, unless it is committed already."""
        states = list(states)
        if self.keeps_received:
            self.assignment.release(states)
            return
        if self.transactional and any(state.position != state.committed for state in states):
            self.broken = True  # so does finishing one of them that is in hand
        self._forget(states)

    def seek(self, find: Find) -> None:
        """Forget what was received, and move; the group knows when this returns. What fails has moved nothing."""
        self._calls.run_in_consumer_thread(lambda: self._seek(find))

    def rewind(self) -> None:
        """Go back to the last committed positions; where that takes too long to wait for, later."""
        self._calls.run_in_consumer_thread(self._rewind)

    def group_metadata(self) -> Any:
        """As what member of the group it reads."""
        return self._client.group_metadata()

    def cluster_id(self) -> str | None:
        return getattr(self._client._cluster, "cluster_id", None)

    def metrics(self) -> dict[str, Any]:
        """kafka-python's, and how many messages of each partition are not finished, as far as the broker has said."""
        lag = {}
        for state in self.assignment.held():
            end = self.offsets.end(state.partition)
            if state.started and end is not None:
                lag[f"{state.partition.topic}-{state.partition.partition}"] = max(0, end - state.position)
        return {**(self._client.metrics() or {}), "lag": lag}

    # -- the thread

    def _run(self) -> None:
        pause, longest = _PAUSES_S
        try:
            self._subscription.begin(self._listener, self.offsets)
            while not self.closing:
                try:
                    self._turn()
                except _PASSING as error:
                    log.debug("reading goes on after %r", error)
                    self._stopping.wait(_PAUSES_S[0])  # not longer: a rebalance does not end while nobody polls
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
            self._ready.set_exception(error)
            return False
        self.buffer.fail(error)
        return True

    def _leave(self) -> None:
        try:
            self._client.close(autocommit=False, timeout_ms=_CLOSE_MS)
        except Exception as error:  # noqa: BLE001  it is closed all the same
            log.debug("closing the consumer: %r", error)
        self._calls.cancel_all()

    def _turn(self) -> None:
        self._calls.run_pending()
        full = self.buffer.full() or self.buffer.failed()
        records = self._poller.poll(full=full, joining=self._subscription.joining())
        try:
            self._take(records)
            if not self.assignment.started():
                self.offsets.start(records)
            self._poller.receive(records)
        except Exception:
            self._poller.give_back(records)
            raise
        if not self._ready.done() and self._subscription.complete(self._listener, self.assignment):
            self._ready.set_result(None)
        if self.committer is not None and not self.transactional:
            self.committer.maybe_commit()
        if not self._subscription.joining():
            if full:
                self.offsets.look_ahead()
            self.buffer.wait(_FULL_S if full else _ROOM_S)

    def _take(self, records: Records) -> None:
        """Hold what is assigned, anew if membership was lost meanwhile: kafka-python may not say so."""
        member = self.group_metadata().member_id
        others = [state for state in self.assignment.held() if state.member != member]
        if others:
            self.lost(others)
            self.offsets.renew(state.partition for state in others)
            for state in others:
                records.pop(state.partition, None)
        self.assignment.take(self._client.assignment(), member)

    def _seek(self, find: Find) -> None:
        if self.in_transaction:
            raise SinetError("a reader cannot seek within its transaction: seek before the block, or after it")
        partitions = self._client.assignment()
        found = self.offsets.ask_in_slices(lambda ms: find(self._client, partitions, ms))
        self.offsets.commit_instead(found)
        self._forget(self.assignment.held())
        self._take({})
        self.offsets.move(found)

    def _rewind(self) -> None:
        self._forget(self.assignment.held())
        self.offsets.renew(self._client.assignment())
        self.broken = False
        self._take({})
        self.offsets.start({})
        if not self.assignment.started():
            raise ConnectionError("the broker did not say in time where to go on")

    def _forget(self, states: list[PartitionState]) -> None:
        self.assignment.give_up(states)
        self.buffer.drop(states)
