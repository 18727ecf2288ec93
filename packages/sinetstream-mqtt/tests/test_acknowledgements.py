"""An acknowledgement belongs to the connection that delivered the message."""

from typing import Any

import pytest
from paho.mqtt.client import MQTTMessage
from sinetstream_plugins.mqtt.subscribe.acknowledgements import Acknowledgements, Arrival

pytestmark = pytest.mark.mqtt


def message(mid: int, qos: int = 1, *, dup: bool = False) -> Any:
    made = MQTTMessage(mid, b"topic")
    made.qos, made.dup = qos, dup
    return made


@pytest.mark.parametrize("qos", [1, 2])
def test_what_is_still_in_hand_is_not_shown_again(qos: int) -> None:
    owed = Acknowledgements()

    assert Arrival.NEW is owed.arrived(message(1, qos))
    assert Arrival.KNOWN is owed.arrived(message(1, qos, dup=True))


def test_a_finished_message_of_a_lost_connection_waits_for_its_redelivery() -> None:
    owed, first = Acknowledgements(), message(1)
    owed.arrived(first)
    owed.disconnected()

    assert not owed.finished(first)
    owed.connected(resumed=True)
    assert Arrival.FINISHED is owed.arrived(message(1, dup=True))


def test_an_unfinished_message_is_answered_on_the_connection_that_redelivered_it() -> None:
    owed, first = Acknowledgements(), message(1)
    owed.arrived(first)
    owed.disconnected()
    owed.connected(resumed=True)

    assert Arrival.KNOWN is owed.arrived(message(1, dup=True))
    assert owed.finished(first)


def test_a_new_session_knows_nothing_of_the_old_one() -> None:
    owed, first = Acknowledgements(), message(1)
    owed.arrived(first)
    owed.disconnected()
    owed.connected(resumed=False)
    second = message(1)

    assert Arrival.NEW is owed.arrived(second)
    assert not owed.finished(first)
    assert owed.finished(second)


def test_an_identifier_that_returns_without_the_duplicate_flag_is_a_new_message() -> None:
    owed = Acknowledgements()
    owed.arrived(message(1))
    owed.disconnected()
    owed.connected(resumed=True)

    assert Arrival.NEW is owed.arrived(message(1))


def test_at_qos_2_a_message_comes_again_until_the_broker_has_seen_pubrec_and_is_not_shown() -> None:
    owed, first = Acknowledgements(), message(1, 2)
    owed.arrived(first)
    assert owed.finished(first)
    owed.disconnected()
    owed.connected(resumed=True)

    assert Arrival.FINISHED is owed.arrived(message(1, 2, dup=True))
    owed.released(1)
    assert Arrival.NEW is owed.arrived(message(1, 2))
