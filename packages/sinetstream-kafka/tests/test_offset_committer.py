"""The bookkeeping behind the commits, without a broker."""

from typing import Any, NamedTuple

import pytest
from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import GroupAuthorizationFailedError
from kafka.future import Future
from sinetstream_plugins.kafka.consume.assignment import Assignment
from sinetstream_plugins.kafka.consume.fetch_buffer import WINDOW, FetchBuffer
from sinetstream_plugins.kafka.consume.offset_committer import OffsetCommitter

PARTITION = TopicPartition("t", 0)


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int


def record(offset: int) -> Any:
    return Record("t", 0, offset)


def sized(count: int, key: int = -1, value: int = 1, header: int = -1) -> list[Any]:
    """As kafka-python makes them: -1 for what a message has not."""
    return [ConsumerRecord("t", 0, 0, 0, 0, 0, None, b"", [], None, key, value, header) for _ in range(count)]


def handed_out(assignment: Assignment, *offsets: int) -> list[Any]:
    records = [record(offset) for offset in offsets]
    for each in records:
        assignment.held()[0].in_flight.append(each)
    return records


def held(position: int) -> Assignment:
    assignment = Assignment()
    assignment.take([PARTITION])
    assignment.held()[0].start(position)
    return assignment


def test_what_was_handed_out_is_finished_in_order() -> None:
    assignment = held(5)
    first, second = handed_out(assignment, 5, 6)

    assert not assignment.acknowledge(second)
    assert assignment.acknowledge(first)
    assert assignment.acknowledge(second)
    assert assignment.held()[0].position == 7


def test_what_was_not_handed_out_by_this_assignment_is_not_counted_as_finished() -> None:
    assignment = held(5)
    (before,) = handed_out(assignment, 5)
    assignment.give_up(assignment.held())
    assert not assignment.acknowledge(before)
    assignment.take([PARTITION])
    assignment.held()[0].start(5)
    (again,) = handed_out(assignment, 5)

    assert not assignment.acknowledge(before)
    assert assignment.acknowledge(again)


def test_a_partition_that_comes_back_is_a_new_state() -> None:
    assignment = held(5)
    before = assignment.held()[0]
    assignment.give_up([before])
    assignment.take([PARTITION])

    assert before.revoked
    assert before is not assignment.held()[0]
    assert not assignment.started()


def test_no_more_than_the_window_is_unfinished() -> None:
    assignment = held(0)
    state = assignment.held()[0]
    buffer = FetchBuffer(10_000, assignment.in_flight_count)
    buffer.put(state, sized(WINDOW))
    buffer.put(state, sized(1))
    assert buffer.take(0) is not None
    first, *_ = handed_out(assignment, *range(WINDOW))
    assert buffer.take(0) is None
    assert buffer.holds_back
    assignment.acknowledge(first)

    assert buffer.take(0) is not None


def test_what_was_received_for_a_lost_partition_is_dropped() -> None:
    assignment = held(0)
    state = assignment.held()[0]
    buffer = FetchBuffer(2, assignment.in_flight_count)
    buffer.put(state, sized(3))
    assert buffer.full()
    buffer.drop([state])

    assert not buffer.full()
    assert buffer.take(0) is None


MIB = 1024 * 1024


@pytest.mark.parametrize("part", ["key", "value", "header"])
def test_large_messages_fill_it_by_their_bytes(part: str) -> None:
    assignment = held(0)
    buffer = FetchBuffer(1000, assignment.in_flight_count)
    buffer.put(assignment.held()[0], sized(31, **{part: MIB}))
    before = buffer.full()
    buffer.put(assignment.held()[0], sized(1, **{part: MIB}))

    assert not before
    assert buffer.full()


def test_messages_without_key_value_and_headers_count_as_nothing() -> None:
    assignment = held(0)
    buffer = FetchBuffer(1000, assignment.in_flight_count)
    buffer.put(assignment.held()[0], sized(31, value=MIB))
    buffer.put(assignment.held()[0], sized(968, value=-1))

    assert not buffer.full()


def test_one_error_waits_however_often_commits_fail() -> None:
    assignment = held(0)
    assignment.held()[0].position = 1
    buffer = FetchBuffer(1000, assignment.in_flight_count)
    commits = OffsetCommitter(lambda _: Future().failure(GroupAuthorizationFailedError()), assignment, buffer.fail)
    for _ in range(3):
        commits.commit_async()
    with pytest.raises(GroupAuthorizationFailedError):
        buffer.take(0)

    assert buffer.take(0) is None
    commits.commit_async()
    with pytest.raises(GroupAuthorizationFailedError):
        buffer.take(0)


def test_five_hundred_finished_messages_are_committed_at_once() -> None:
    assignment, sent = held(0), list[dict[TopicPartition, int]]()

    def commit(positions: dict[TopicPartition, int]) -> Any:
        sent.append(positions)
        return Future()

    commits = OffsetCommitter(commit, assignment, lambda _: None)
    for each in handed_out(assignment, *range(501)):
        assignment.acknowledge(each)
        commits.record_processed()

    assert [{PARTITION: 500}] == sent
