"""One transaction of a writer with a reader: the messages published and the offsets of the messages read commit together."""

from __future__ import annotations

from typing import Any, Protocol

from sinetstream.errors import ConnectionError, InvalidArgumentError

from sinetstream_plugins.kafka.consume.assignment import PartitionState
from sinetstream_plugins.kafka.consume.group_transaction import GroupTransaction
from sinetstream_plugins.kafka.produce.transaction_batcher import TransactionBatcher

__all__ = ["ConsumeProcessProduce", "TransactionReader"]


class TransactionReader(Protocol):
    """What a transaction needs of its reader: `ConsumerThread` says what each method does."""

    @property
    def transaction(self) -> GroupTransaction: ...
    @property
    def commits_after_processing(self) -> bool: ...
    @property
    def cluster_id(self) -> str | None: ...
    def group_metadata(self) -> Any: ...
    def uncommitted(self) -> list[PartitionState]: ...
    def rewind(self) -> None: ...


class ConsumeProcessProduce:
    """Begun when constructed; ended by `commit`, or by `abort`, also after a `commit` that raised."""

    def __init__(self, batcher: TransactionBatcher, reader: Any) -> None:
        self._batcher = batcher
        self._reader = None if reader is None else _check_reader(reader, batcher)
        self._is_ended = False
        if self._reader is None:
            batcher.begin()
            return
        self._reader.transaction.begin()  # before the wait in `batcher.begin`: no other may begin with it meanwhile
        try:
            batcher.begin()
        except BaseException:
            self._reader.transaction.end()
            raise
        self._reader.transaction.take_over_commits()

    def commit(self) -> None:
        """Commit everything, or nothing and raise."""
        if self._reader is None:
            self._is_ended = True
            self._batcher.commit({}, None)
        else:
            self._commit_with(self._reader)
            self._reader.transaction.end()

    def abort(self) -> None:
        """No reader of committed messages ever sees what was published; the messages that were read come again."""
        try:
            if not self._is_ended:
                self._is_ended = True
                self._batcher.abort()
        finally:
            if self._reader is not None:
                self._reader.transaction.end()
                self._reader.rewind()

    def _commit_with(self, reader: TransactionReader) -> None:
        group = reader.group_metadata()  # first: where the assignment changes after this, the broker refuses the commit
        states = reader.uncommitted()
        if reader.transaction.is_broken or any(state.member_id != group.member_id for state in states):
            raise ConnectionError(
                "a partition was given to another reader before the transaction was committed: "
                "nothing of it is visible, and its messages come again"
            )
        offsets = {state.partition: state.position for state in states}
        self._is_ended = True
        self._batcher.commit(offsets, group)
        for state in states:
            state.committed = state.sent = offsets[state.partition]


def _check_reader(reader: Any, batcher: TransactionBatcher) -> TransactionReader:
    reader = getattr(reader, "inner", reader)
    if not hasattr(reader, "consumer"):
        raise InvalidArgumentError("a transaction's reader must be of type kafka, as its writer is")
    consumer: TransactionReader = reader.consumer()
    if not consumer.commits_after_processing:
        raise InvalidArgumentError("a transaction's reader needs a group_id, and a consistency above AT_MOST_ONCE")
    if consumer.cluster_id != batcher.cluster_id:
        raise InvalidArgumentError("a transaction's reader and writer must be on one cluster")
    return consumer
