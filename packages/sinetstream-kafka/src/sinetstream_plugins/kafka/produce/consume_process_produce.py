"""One transaction: what a reader handed out and what a writer published become final together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sinetstream.errors import ConnectionError, InvalidArgumentError

if TYPE_CHECKING:
    from sinetstream_plugins.kafka.consume.consumer_thread import ConsumerThread
    from sinetstream_plugins.kafka.produce.transaction_batcher import TransactionBatcher

__all__ = ["ConsumeProcessProduce"]


class ConsumeProcessProduce:
    """Begun when constructed, ended by `commit`, or by `abort`, also after a `commit` that raised."""

    def __init__(self, batcher: TransactionBatcher, reader: Any) -> None:
        self._batcher = batcher
        self._consumer = None if reader is None else _joined(reader, batcher)
        self._ended = False
        if self._consumer is not None:
            self._consumer.in_transaction = True  # before the wait for a turn: no other may begin with it meanwhile
        try:
            batcher.begin()
        except BaseException:
            if self._consumer is not None:
                self._consumer.in_transaction = False
            raise
        if self._consumer is not None:
            self._consumer.transactional = True

    def commit(self) -> None:
        """Everything, or nothing and an error."""
        consumer = self._consumer
        if consumer is None:
            self._ended = True
            self._batcher.commit({}, None)
            return
        group = consumer.group_metadata()  # before the look at what is held: what changes then is refused by the broker
        states = [state for state in consumer.assignment.held() if state.started and state.position != state.committed]
        if consumer.broken or any(state.member != group.member_id for state in states):
            raise ConnectionError(
                "a partition was given to another reader before the transaction was committed: "
                "nothing of it is visible, and its messages come again"
            )
        positions = {state.partition: state.position for state in states}
        self._ended = True
        self._batcher.commit(positions, group)
        for state in states:
            state.committed = state.sent = positions[state.partition]
        consumer.in_transaction = False

    def abort(self) -> None:
        """Nothing of it is ever visible to a reader of committed messages; the messages read come again."""
        try:
            if not self._ended:
                self._ended = True
                self._batcher.abort()
        finally:
            if self._consumer is not None:
                self._consumer.in_transaction = False
                self._consumer.rewind()


def _joined(reader: Any, batcher: TransactionBatcher) -> ConsumerThread:
    reader = getattr(reader, "inner", reader)
    if not hasattr(reader, "consumer"):
        raise InvalidArgumentError("a transaction's reader must be of type kafka, as its writer is")
    consumer: ConsumerThread = reader.consumer()
    if consumer.committer is None:
        raise InvalidArgumentError("a transaction's reader needs a group_id, and a consistency above AT_MOST_ONCE")
    if consumer.in_transaction:
        raise InvalidArgumentError(
            "the reader is in a transaction already: leave that one first, or open a reader for each"
        )
    theirs, ours = consumer.cluster_id(), batcher.producer._metadata.cluster_id
    if theirs != ours:
        raise InvalidArgumentError("a transaction's reader and writer must be on one cluster")
    return consumer
