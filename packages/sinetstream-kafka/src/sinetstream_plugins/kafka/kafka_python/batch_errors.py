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
from sinetstream.errors import ConnectionError

__all__ = ["REFUSED", "forgive", "innocent"]

REFUSED = (InvalidRecordError, InvalidTimestampError, MessageSizeTooLargeError, RecordListTooLargeError)
"""What a broker says of a message, whatever else it is sent with."""


def innocent(refusal: Exception) -> ConnectionError:
    """For the messages that were in a transaction with the one refused."""
    error = ConnectionError(
        "the transaction was aborted because another message in it was refused; publish this one again"
    )
    error.__cause__ = refusal
    return error


def forgive(producer: KafkaProducer) -> None:
    """Let it go on with the number of the batch that was refused: the broker has not got it, and waits for that number.

    kafka-python takes such a refusal as a reason to refuse everything from then on. One batch of a partition is under
    way at a time, so none behind it has a number yet. In a transaction the refusal remains a reason to abort it; what was
    not refused fails with another error.
    """
    manager: Any = producer._transaction_manager
    if manager is None:
        return
    classify = manager.classify_batch_error

    def forgiving(error: Any, batch: Any, log_start_offset: int = -1) -> Any:
        if not isinstance(error, REFUSED):
            return classify(error, batch, log_start_offset=log_start_offset)
        if manager.is_transactional():
            manager.transition_to_abortable_error(innocent(error))
            return manager.ERROR_CLASS_RETRIABLE  # this batch alone fails with the error itself
        if batch.has_sequence and manager.producer_id_and_epoch.match(batch):
            manager.set_sequence_number(batch.topic_partition, batch.base_sequence)
            return manager.ERROR_CLASS_RETRIABLE
        return classify(error, batch, log_start_offset=log_start_offset)

    manager.classify_batch_error = forgiving
