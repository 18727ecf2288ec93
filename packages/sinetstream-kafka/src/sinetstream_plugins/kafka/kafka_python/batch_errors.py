"""A message that the broker refuses costs an idempotent producer nothing else."""

from __future__ import annotations

from typing import Any

from kafka.errors import (
    InvalidRecordError,
    InvalidTimestampError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)
from sinetstream.errors import ConnectionError

__all__ = ["REFUSED", "aborted_with", "keep_sequence_on_refusal"]

REFUSED = (InvalidRecordError, InvalidTimestampError, MessageSizeTooLargeError, RecordListTooLargeError)
"""What a broker says of a message, whatever else it is sent with."""


def aborted_with(refusal: Exception) -> ConnectionError:
    """The error for messages that were in a transaction with one that the broker refused."""
    error = ConnectionError(
        "the transaction was aborted because another message in it was refused; publish this one again",
        outcome="not_sent",
    )
    error.__cause__ = refusal
    return error


def keep_sequence_on_refusal(manager: Any) -> None:
    """Let the producer go on with the sequence number of the batch that was refused: the broker waits for that number.

    kafka-python takes a refusal as a reason to refuse everything from then on, and has no hook for it: this replaces the method of
    the producer's TransactionManager, which is None where there is none. One batch of a partition is under way at a time, so no
    batch behind it has a number yet. In a transaction the refusal stays a reason to abort it; the other messages fail with
    `aborted_with`.
    """
    if manager is None:
        return
    classify = manager.classify_batch_error

    def classify_batch_error(error: Any, batch: Any, log_start_offset: int = -1) -> Any:
        if not isinstance(error, REFUSED):
            return classify(error, batch, log_start_offset=log_start_offset)
        if manager.is_transactional():
            manager.transition_to_abortable_error(aborted_with(error))
            return manager.ERROR_CLASS_RETRIABLE  # this batch alone fails with the error itself
        if batch.has_sequence and manager.producer_id_and_epoch.match(batch):
            manager.set_sequence_number(batch.topic_partition, batch.base_sequence)
            return manager.ERROR_CLASS_RETRIABLE
        return classify(error, batch, log_start_offset=log_start_offset)

    manager.classify_batch_error = classify_batch_error
