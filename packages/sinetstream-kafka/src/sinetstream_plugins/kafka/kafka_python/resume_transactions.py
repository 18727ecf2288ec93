"""Go on with the transactional id of an earlier producer, unless another one has taken it over (KIP-360, KIP-588).

kafka-python's `init_transactions` always takes the id over from whoever has it.
"""

from __future__ import annotations

from typing import Any

from kafka.errors import InvalidProducerEpochError, ProducerFencedError, for_code
from kafka.producer.transaction_manager import InitProducerIdHandler, TransactionState

__all__ = ["can_resume", "start_resuming"]


def can_resume(manager: Any, identity: Any) -> bool:
    """Whether the broker tells a producer whose transaction took too long from one that another has taken over from."""
    return bool(identity.is_valid and manager._supports_epoch_bump())


def start_resuming(manager: Any, identity: Any) -> Any:
    """Ask the broker for the next epoch after `identity`. The result fails with `ProducerFencedError` where another has one."""
    with manager._lock:
        manager._transition_to(TransactionState.INITIALIZING)
        manager.set_producer_id_and_epoch(identity)
        handler = _ResumeHandler(manager, manager.transaction_timeout_ms, is_epoch_bump=True)
        manager._enqueue_request(handler)
    return handler.result


class _ResumeHandler(InitProducerIdHandler):  # type: ignore[misc]  # kafka-python has no type information
    def handle_response(self, response: Any) -> None:
        if for_code(response.error_code) is InvalidProducerEpochError:
            self.fatal_error(ProducerFencedError())  # kafka-python would take the id over now
        else:
            super().handle_response(response)
