"""When offsets are committed, without a broker."""

from typing import Any

import pytest
from consume_records import PARTITION, assigned, hand_out
from kafka import TopicPartition
from kafka.errors import GroupAuthorizationFailedError
from kafka.future import Future
from sinetstream_plugins.kafka.consume.fetch_buffer import FetchBuffer
from sinetstream_plugins.kafka.consume.offset_committer import CommitAfterProcessing


def test_one_error_waits_however_often_commits_fail() -> None:
    assignment = assigned(0)
    assignment.states()[0].position = 1
    buffer = FetchBuffer(1000, assignment.count_in_flight)
    refusal = Future().failure(GroupAuthorizationFailedError())
    committer = CommitAfterProcessing(lambda _: refusal, assignment, buffer.put_error)
    for _ in range(3):
        committer.commit_async(assignment.states())
    with pytest.raises(GroupAuthorizationFailedError):
        buffer.take(0)

    assert buffer.take(0) is None
    committer.commit_async(assignment.states())
    with pytest.raises(GroupAuthorizationFailedError):
        buffer.take(0)


def test_five_hundred_processed_messages_are_committed_at_once() -> None:
    assignment, sent = assigned(0), list[dict[TopicPartition, int]]()

    def send_commit(offsets: dict[TopicPartition, int]) -> Any:
        sent.append(offsets)
        return Future()

    committer = CommitAfterProcessing(send_commit, assignment, lambda _: None)
    for record in hand_out(assignment, *range(501)):
        assignment.record_processed(record)
        committer.record_processed()

    assert [{PARTITION: 500}] == sent
