"""The thread that owns the consumer: it polls, also while the application works, and pauses when the fetch buffer is full."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    RebalanceInProgressError,
    RetriableError,
    UnknownMemberIdError,
)
from sinetstream.errors import ConnectionError
from sinetstream.spi import AT_MOST_ONCE

from sinetstream_plugins.kafka.consume.assignment import Assignment, PartitionState
from sinetstream_plugins.kafka.consume.building import build_member, connect
from sinetstream_plugins.kafka.consume.calls import Calls
from sinetstream_plugins.kafka.consume.fetch_buffer import Batch
from sinetstream_plugins.kafka.consume.group_transaction import GroupTransaction
from sinetstream_plugins.kafka.consume.offset_committer import CommitAfterProcessing
from sinetstream_plugins.kafka.consume.offset_reset import OffsetReset
from sinetstream_plugins.kafka.consume.offsets import PartitionOffsets
from sinetstream_plugins.kafka.consume.poller import Poller
from sinetstream_plugins.kafka.consume.rebalance_listener import RebalanceListener
from sinetstream_plugins.kafka.consume.seeker import FindOffsets, Seeker
from sinetstream_plugins.kafka.consume.subscription import Subscription
from sinetstream_plugins.kafka.kafka_python.library_threads import mark_library_thread, reentry_error
from sinetstream_plugins.kafka.kafka_python.log_handover import flush_logs
from sinetstream_plugins.kafka.options.client_options import Options

__all__ = ["ConsumerThread"]

log = logging.getLogger("sinetstream")

_WAIT_S = 0.05
_WAIT_FULL_S = 0.25
_CLOSE_MS = 3_000
_JOIN_S = 60.0
_PAUSES_S = (0.1, 2.0)

_TRANSIENT = (
    CommitFailedError,  # this, and the next three: the partitions went away meanwhile, and poll() joins again
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
    RetriableError,
)


class ConsumerThread:
    """One subscription. Its public methods are for other threads; all that is private runs on its own thread."""

    def __init__(self, options: Options, topics: list[str]) -> None:
        self._stopping = threading.Event()
        self._opened: Future[None] = Future()
        self._client = client = connect(options)
        assignment = Assignment()
        policy = options.client.get("auto_offset_reset", "latest")
        is_lossless = options.consistency is not AT_MOST_ONCE
        self._reset = OffsetReset(client, assignment, self._stopping, policy, is_lossless=is_lossless)
        self._offsets = PartitionOffsets(client, assignment, self._reset, self._stopping)
        self._member = build_member(options, client, assignment, self._offsets)
        self._calls = Calls(self._member.buffer.wake_consumer_thread, self._stopping)
        self._subscription = Subscription(options, topics, client, self._stopping)
        self._listener = RebalanceListener(self._member, client.forget_partitions, client.sleep, self._stopping)
        self._poller = Poller(client, self._member, self._reset)
        self._seeker = Seeker(client, self._offsets, self._member)
        self._thread = threading.Thread(target=self._run, name="sinetstream-kafka-reader", daemon=True)
        self.acknowledge: Callable[[Any], None] = self._member.record_processed
        self.take: Callable[[float | None], Batch | None] = self._member.buffer.take

    def open(self) -> None:
        """Wait until the reader is subscribed: partitions assigned, and their start known and committed."""
        self._thread.start()
        session_s = self._client.config["session_timeout_ms"] / 1000
        try:
            self._opened.result(_JOIN_S + session_s)
        except TimeoutError:
            raise ConnectionError(f"the broker assigned no partitions of {self._subscription} in time") from None

    def close(self) -> None:
        """Commit what is acknowledged, leave the group, and end the thread.

        Does not wait for the thread where this is called by a finalizer or a log handler that runs within kafka-python; and when the
        interpreter ends the thread does not run any more.
        """
        self._stopping.set()
        self._member.buffer.close()
        if self._client.is_on_stack or sys.is_finalizing():
            return
        if self._thread.is_alive():
            self._thread.join()
        elif not self._client.is_closed:
            self._client.close(autocommit=False, timeout_ms=_CLOSE_MS)
        self._calls.cancel_all()
        flush_logs()

    def seek(self, find_offsets: FindOffsets) -> None:
        """Move, and forget what was received. When this returns the offsets are committed; when it raises, nothing has moved."""
        if self._client.is_on_stack:
            raise reentry_error("seeking")
        self._calls.run_in_consumer_thread(lambda: self._seeker.seek(find_offsets))

    def rewind(self) -> None:
        """Go back to the committed offsets. Raises `ConnectionError` where the broker is late to tell them; it then goes on trying."""
        self._calls.run_in_consumer_thread(self._seeker.rewind)

    def metrics(self) -> dict[str, Any]:
        """kafka-python's, the `lag` of each partition, and as its `gap` how many messages were deleted before they were read."""
        ours = {"lag": self._offsets.lag(), "gap": self._reset.gap()}
        return {**(self._client.metrics() or {}), **ours}

    # -- what a writer's transaction needs

    @property
    def transaction(self) -> GroupTransaction:
        return self._member.transaction

    @property
    def commits_after_processing(self) -> bool:
        return isinstance(self._member.committer, CommitAfterProcessing)

    @property
    def cluster_id(self) -> str | None:
        return getattr(self._client.cluster, "cluster_id", None)

    def group_metadata(self) -> Any:
        """The group, and the reader's name and generation in it."""
        return self._client.group_metadata()

    def uncommitted(self) -> list[PartitionState]:
        """The partitions with messages that were acknowledged and whose offsets are not committed."""
        return self._member.uncommitted()

    # -- the thread

    def _run(self) -> None:
        mark_library_thread()
        pause, longest = _PAUSES_S
        try:
            self._subscription.subscribe(self._listener, self._reset)
            while not self._stopping.is_set():
                try:
                    self._poll_once()
                except _TRANSIENT as error:
                    log.debug("reading goes on after %r", error)
                    self._stopping.wait(_PAUSES_S[0])  # not longer: a rebalance does not end while nobody polls
                except Exception as error:  # noqa: BLE001  whatever kafka-python raises is reported
                    if not self._report(error):
                        return
                    self._stopping.wait(pause)
                    pause = min(2 * pause, longest)
                else:
                    pause = _PAUSES_S[0]
        except Exception as error:  # noqa: BLE001  it is the outcome of `open`
            self._opened.set_exception(error)
        finally:
            self._close_client()

    def _report(self, error: Exception) -> bool:
        """Tell the application; False where that was `open`, which has failed."""
        if not self._opened.done():
            self._opened.set_exception(error)
            return False
        self._member.buffer.put_error(error)
        return True

    def _close_client(self) -> None:
        try:
            self._client.close(autocommit=False, timeout_ms=_CLOSE_MS)
        except Exception as error:  # noqa: BLE001  it is closed all the same
            log.debug("closing the consumer: %r", error)
        self._calls.cancel_all()

    def _poll_once(self) -> None:
        member = self._member
        self._calls.run_pending()
        is_full = member.buffer.is_full() or member.buffer.has_error()
        records = self._poller.poll(is_full=is_full, needs_to_join=self._subscription.needs_to_join())
        try:
            self._seeker.update_assignment(records)
            if not member.assignment.is_started():
                self._offsets.find_start(records)
            self._poller.hand_to_buffer(records)
        except Exception:
            self._poller.give_back(records)
            raise
        if not self._opened.done() and self._subscription.is_complete(self._listener, member.assignment):
            self._opened.set_result(None)
        member.maybe_commit()
        if not self._subscription.needs_to_join():
            if is_full:
                self._offsets.refresh_end_offsets()
            member.buffer.wait_for_room(_WAIT_FULL_S if is_full else _WAIT_S)
