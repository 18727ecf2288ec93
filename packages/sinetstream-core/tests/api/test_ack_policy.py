"""Which policy a reader chooses, and when each acknowledges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sinetstream import AT_LEAST_ONCE, AT_MOST_ONCE, EXACTLY_ONCE, Consistency, MessageReader
from sinetstream.ack_policy import NOTHING, AckAfterProcessing, AckOnReceipt, AckPolicy, NoAck, choose_ack_policy
from sinetstream.endpoint import session_of
from sinetstream.spi import Ability

from .doubles import SAFE, Lab


@pytest.mark.parametrize(
    ("abilities", "consistency", "policy"),
    [
        (SAFE, AT_MOST_ONCE, AckOnReceipt),
        (SAFE, AT_LEAST_ONCE, AckAfterProcessing),
        (SAFE, EXACTLY_ONCE, AckAfterProcessing),
        (SAFE - {Ability.ACKNOWLEDGE}, AT_MOST_ONCE, NoAck),
        (SAFE - {Ability.ACKNOWLEDGE}, AT_LEAST_ONCE, NoAck),
        (None, AT_LEAST_ONCE, NoAck),
    ],
)
def test_the_policy_follows_from_abilities_and_consistency(
    lab: Lab, abilities: frozenset[Ability] | None, consistency: Consistency, policy: type[AckPolicy]
) -> None:
    lab.registered(reader=lab.reader(abilities))
    reader: MessageReader[bytes] = MessageReader(type="lab", no_config=True, topics="t", consistency=consistency)

    assert choose_ack_policy(session_of(reader)) is policy


class Acknowledging:
    def __init__(self) -> None:
        self.acknowledged: list[Any] = []

    def acknowledge(self, raw: Any) -> None:
        self.acknowledged.append(raw)


@pytest.mark.parametrize(
    ("policy", "on_receipt", "after_processing"),
    [(NoAck, [], []), (AckOnReceipt, [None], [None]), (AckAfterProcessing, [], [None])],
)
def test_a_message_is_acknowledged_once(
    policy: Callable[[Any], AckPolicy], on_receipt: list[Any], after_processing: list[Any]
) -> None:
    plugin = Acknowledging()
    ack = policy(plugin)

    ack.received(None)  # what a plugin may well give with a message
    assert on_receipt == plugin.acknowledged
    ack.processed()
    ack.processed()
    assert after_processing == plugin.acknowledged


def test_what_is_forgotten_is_not_acknowledged() -> None:
    plugin = Acknowledging()
    ack = AckAfterProcessing(plugin)

    ack.received("raw")
    assert ack.in_flight == "raw"
    ack.forget()
    ack.processed()

    assert ack.in_flight is NOTHING
    assert [] == plugin.acknowledged


def test_a_message_whose_acknowledgement_failed_is_not_acknowledged_again() -> None:
    class Failing(Acknowledging):
        def acknowledge(self, raw: Any) -> None:
            super().acknowledge(raw)
            raise OSError("hung up")

    plugin = Failing()
    ack = AckAfterProcessing(plugin)
    ack.received("raw")

    with pytest.raises(OSError, match="hung up"):
        ack.processed()
    ack.processed()

    assert ["raw"] == plugin.acknowledged
