"""A message that the broker refuses costs an idempotent producer nothing else."""

from __future__ import annotations

from typing import Any

from kafka import KafkaProducer
from kafka.errors import (
    InvalidRecordError,
    InvalidTimestampError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

__all__ = ["forgive"]

_REFUSED = (InvalidRecordError, InvalidTimestampError, MessageSizeTooLargeError, RecordListTooLargeError)


def forgive(producer: KafkaProducer) -> None:
    """Let it go on with the number of the batch that was refused: the broker has not got it, and waits for that number.

    kafka-python takes such a refusal as a reason to refuse everything from then on. One batch of a partition is under
    way at a time, so none behind it has a number yet. In a transaction the refusal remains a reason to abort it.
    """
    manager: Any = producer._transaction_manager
    if manager is None or manager.is_transactional():
        return
    classify = manager.classify_batch_error

    def forgiving(error: Any, batch: Any, log_start_offset: int = -1) -> Any:
        if isinstance(error, _REFUSED) and batch.has_sequence and manager.producer_id_and_epoch.match(batch):
            manager.set_sequence_number(batch.topic_partition, batch.base_sequence)
            return manager.ERROR_CLASS_RETRIABLE
        return classify(error, batch, log_start_offset=log_start_offset)

    manager.classify_batch_error = forgiving
