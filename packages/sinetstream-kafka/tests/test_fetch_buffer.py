"""When the fetch buffer is full, and what it hands out, without a broker."""

import pytest
from consume_records import assigned, hand_out, sized
from sinetstream_plugins.kafka.consume.fetch_buffer import WINDOW, FetchBuffer

MIB = 1024 * 1024


def test_no_more_messages_than_the_window_are_in_flight() -> None:
    assignment = assigned(0)
    state = assignment.states()[0]
    buffer = FetchBuffer(10_000, assignment.count_in_flight)
    buffer.put(state, sized(WINDOW))
    buffer.put(state, sized(1))
    assert buffer.take(0) is not None
    first, *_ = hand_out(assignment, *range(WINDOW))
    assert buffer.take(0) is None
    assert buffer.is_window_full
    assignment.record_processed(first)

    assert buffer.take(0) is not None


def test_what_was_received_from_a_lost_partition_is_dropped() -> None:
    assignment = assigned(0)
    state = assignment.states()[0]
    buffer = FetchBuffer(2, assignment.count_in_flight)
    buffer.put(state, sized(3))
    assert buffer.is_full()
    buffer.drop([state])

    assert not buffer.is_full()
    assert buffer.take(0) is None


@pytest.mark.parametrize("part", ["key", "value", "header"])
def test_large_messages_fill_it_by_their_bytes(part: str) -> None:
    assignment = assigned(0)
    buffer = FetchBuffer(1000, assignment.count_in_flight)
    buffer.put(assignment.states()[0], sized(31, **{part: MIB}))
    before = buffer.is_full()
    buffer.put(assignment.states()[0], sized(1, **{part: MIB}))

    assert not before
    assert buffer.is_full()


def test_messages_without_key_value_and_headers_count_as_nothing() -> None:
    assignment = assigned(0)
    buffer = FetchBuffer(1000, assignment.count_in_flight)
    buffer.put(assignment.states()[0], sized(31, value=MIB))
    buffer.put(assignment.states()[0], sized(968, value=-1))

    assert not buffer.is_full()
