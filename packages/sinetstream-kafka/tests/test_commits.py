"""The bookkeeping behind the commits, without a broker."""

from typing import Any, NamedTuple

import pytest
from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import GroupAuthorizationFailedError
from kafka.future import Future
from sinetstream_plugins.kafka.buffer import WINDOW, Buffer
from sinetstream_plugins.kafka.commits import Commits
from sinetstream_plugins.kafka.leases import Leases

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


def handed_out(leases: Leases, *offsets: int) -> list[Any]:
    records = [record(offset) for offset in offsets]
    for each in records:
        leases.held()[0].out.append(each)
    return records


def held(position: int) -> Leases:
    leases = Leases()
    leases.take([PARTITION])
    leases.held()[0].start(position)
    return leases


def test_what_was_handed_out_is_finished_in_order() -> None:
    leases = held(5)
    first, second = handed_out(leases, 5, 6)

    assert not leases.finish(second)
    assert leases.finish(first)
    assert leases.finish(second)
    assert leases.held()[0].finished == 7


def test_what_was_not_handed_out_by_this_assignment_is_not_counted_as_finished() -> None:
    leases = held(5)
    (before,) = handed_out(leases, 5)
    leases.give_up(leases.held())
    assert not leases.finish(before)
    leases.take([PARTITION])
    leases.held()[0].start(5)
    (again,) = handed_out(leases, 5)

    assert not leases.finish(before)
    assert leases.finish(again)


def test_a_partition_that_comes_back_is_a_new_lease() -> None:
    leases = held(5)
    before = leases.held()[0]
    leases.give_up([before])
    leases.take([PARTITION])

    assert before.over
    assert before is not leases.held()[0]
    assert not leases.started()


def test_no_more_than_the_window_is_unfinished() -> None:
    leases = held(0)
    lease = leases.held()[0]
    buffer = Buffer(10_000, leases.unfinished)
    buffer.put(lease, sized(WINDOW))
    buffer.put(lease, sized(1))
    assert buffer.take(0) is not None
    first, *_ = handed_out(leases, *range(WINDOW))
    assert buffer.take(0) is None
    assert buffer.holds_back
    leases.finish(first)

    assert buffer.take(0) is not None


def test_what_was_received_for_a_lost_partition_is_dropped() -> None:
    leases = held(0)
    lease = leases.held()[0]
    buffer = Buffer(2, leases.unfinished)
    buffer.put(lease, sized(3))
    assert buffer.full()
    buffer.drop([lease])

    assert not buffer.full()
    assert buffer.take(0) is None


MIB = 1024 * 1024


@pytest.mark.parametrize("part", ["key", "value", "header"])
def test_large_messages_fill_it_by_their_bytes(part: str) -> None:
    leases = held(0)
    buffer = Buffer(1000, leases.unfinished)
    buffer.put(leases.held()[0], sized(31, **{part: MIB}))
    before = buffer.full()
    buffer.put(leases.held()[0], sized(1, **{part: MIB}))

    assert not before
    assert buffer.full()


def test_messages_without_key_value_and_headers_count_as_nothing() -> None:
    leases = held(0)
    buffer = Buffer(1000, leases.unfinished)
    buffer.put(leases.held()[0], sized(31, value=MIB))
    buffer.put(leases.held()[0], sized(968, value=-1))

    assert not buffer.full()


def test_one_error_waits_however_often_commits_fail() -> None:
    leases = held(0)
    leases.held()[0].finished = 1
    buffer = Buffer(1000, leases.unfinished)
    commits = Commits(lambda _: Future().failure(GroupAuthorizationFailedError()), leases, buffer.fail)
    for _ in range(3):
        commits.now()
    with pytest.raises(GroupAuthorizationFailedError):
        buffer.take(0)

    assert buffer.take(0) is None
    commits.now()
    with pytest.raises(GroupAuthorizationFailedError):
        buffer.take(0)


def test_five_hundred_finished_messages_are_committed_at_once() -> None:
    leases, sent = held(0), list[dict[TopicPartition, int]]()

    def commit(positions: dict[TopicPartition, int]) -> Any:
        sent.append(positions)
        return Future()

    commits = Commits(commit, leases, lambda _: None)
    for each in handed_out(leases, *range(501)):
        leases.finish(each)
        commits.finished_one()

    assert [{PARTITION: 500}] == sent
