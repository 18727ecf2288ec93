"""What it means that a broker takes no more from a producer: it has a newer one, or a transaction took too long."""

from __future__ import annotations

from kafka.errors import InvalidProducerEpochError, ProducerFencedError
from sinetstream.errors import ConnectionError, NotOpenError

__all__ = ["is_fenced", "taken_over_error", "too_long_error"]


def is_fenced(error: BaseException | None) -> bool:
    """Whether this error, or one that it comes from, says that the broker has raised the producer's epoch."""
    fencing = (ProducerFencedError, InvalidProducerEpochError)
    return isinstance(error, fencing) or (error is not None and is_fenced(error.__cause__))


def too_long_error(cause: BaseException) -> ConnectionError:
    """For a transaction; the next one may be begun."""
    error = ConnectionError("the transaction took longer than transaction_timeout_ms, so the broker has aborted it")
    error.__cause__ = cause
    return error


def taken_over_error(cause: BaseException) -> NotOpenError:
    """For everything from now on."""
    error = NotOpenError(
        "another writer has taken over this transactional_id, so this one is closed: give each writer its own id, or close this "
        "one and open it again to take over in turn"
    )
    error.__cause__ = cause
    return error
