"""Messages that were received and not handed out yet."""

import pytest
from sinetstream_plugins.mqtt.subscribe.receive_queue import ReceiveQueue

pytestmark = pytest.mark.mqtt


def test_a_full_receive_queue_drops_the_newest_counts_and_tells_once_per_episode() -> None:
    receive_queue = ReceiveQueue(4, 100)

    assert [False] * 4 + [True, False] == [receive_queue.offer(number, 1) for number in range(6)]
    assert 2 == receive_queue.dropped
    assert [0, 1, 2] == [receive_queue.take(0.01) for _ in range(3)]
    receive_queue.took(3)
    assert [False, False, False, True] == [receive_queue.offer(number, 1) for number in range(6, 10)]


def test_a_receive_queue_is_bounded_in_bytes_too() -> None:
    receive_queue = ReceiveQueue(100, 10)

    assert [False, True] == [receive_queue.offer("a", 6), receive_queue.offer("b", 6)]
    receive_queue.took(6)
    assert not receive_queue.offer("c", 6)


def test_a_closed_receive_queue_ends_every_take() -> None:
    receive_queue = ReceiveQueue(1, 1)
    receive_queue.close()

    assert [None, None] == [receive_queue.take(None), receive_queue.take(None)]
