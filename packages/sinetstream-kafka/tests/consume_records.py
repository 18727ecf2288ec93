"""Records and assignments for tests of the `consume` folder that need no broker."""

from typing import Any, NamedTuple

from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from sinetstream_plugins.kafka.consume.assignment import Assignment

PARTITION = TopicPartition("t", 0)


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int


def sized(count: int, key: int = -1, value: int = 1, header: int = -1) -> list[Any]:
    """Records with these sizes; kafka-python gives -1 for a part that a message lacks."""
    return [ConsumerRecord("t", 0, 0, 0, 0, 0, None, b"", [], None, key, value, header) for _ in range(count)]


def assigned(position: int) -> Assignment:
    """One partition that starts here."""
    assignment = Assignment()
    assignment.replace([PARTITION])
    assignment.states()[0].start(position)
    return assignment


def hand_out(assignment: Assignment, *offsets: int) -> list[Any]:
    records = [Record("t", 0, offset) for offset in offsets]
    assignment.states()[0].in_flight.extend(records)
    return records
