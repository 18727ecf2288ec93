"""What is taken out of a batch in one go is what kafka-python takes out of it, and it is refused where kafka-python refuses it."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords
from sinetstream_plugins.kafka.kafka_python import fast_decode

LIMIT = 1 << 20
PARTITION = TopicPartition("topic", 3)
GZIP = 1
ATTRIBUTES = DefaultRecordBatch.ATTRIBUTES_OFFSET + 1
BODY = DefaultRecordBatch.HEADER_STRUCT.size

values = st.none() | st.binary(max_size=200)
plain = st.tuples(st.none(), st.binary(max_size=200), st.just([])).map(tuple[Any, ...])
rare = st.tuples(values, values, st.lists(st.tuples(st.text(max_size=5), values), max_size=2))
numbered = st.dictionaries(st.integers(0, 5000), plain | rare, min_size=1, max_size=20)
times = st.integers(-(2**40), 2**40)
flips = st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), max_size=3)


def batch(messages: dict[int, Any], first_ms: int = 0, step_ms: int = 1, compression: int = 0) -> bytearray:
    builder = DefaultRecordBatchBuilder(2, compression, 0, -1, -1, -1, 1 << 20)
    for index, number in enumerate(sorted(messages)):
        assert builder.append(number, first_ms + index * step_ms, *messages[number])
    built: bytearray = builder.build()
    return built


def taken(way: Any, data: bytes, **options: Any) -> tuple[list[Any], str]:
    partition = way(0, PARTITION, MemoryRecords(data), **options)
    got: list[Any] = []
    try:
        while partition:
            got += partition.take(7)
    except Exception as error:  # noqa: BLE001  compared
        return got, repr(error)
    return got, f"{partition.next_fetch_offset}, {partition.bytes_read} bytes of {partition.records_read}"


def both(data: bytes, **options: Any) -> tuple[list[Any], str]:
    ours = taken(partial(fast_decode.FastPartitionRecords, limit=LIMIT), data, **options)
    assert taken(Fetcher.PartitionRecords, data, **options) == ours
    return ours


@given(numbered, numbered, times, st.sampled_from([-3, 0, 1, 100_000]), st.sampled_from([0, GZIP]))
def test_all_fields_of_all_messages(
    some: dict[int, Any], others: dict[int, Any], first_ms: int, step_ms: int, compression: int
) -> None:
    data = bytes(batch(some, first_ms, step_ms, compression) + batch(others, first_ms, step_ms, compression))

    got, _ = both(data)

    expected = [messages[number] for messages in (some, others) for number in sorted(messages)]
    assert [(record.key, record.value, record.headers) for record in got] == expected


@given(numbered, st.integers(0, 255))
def test_whatever_kind_of_batch_it_is(messages: dict[int, Any], attributes: int) -> None:
    data = batch(messages, 1000)
    data[ATTRIBUTES] = attributes

    both(bytes(data), check_crcs=False)


@given(numbered, flips, st.integers(-3, 3))
def test_damage_is_found_where_kafka_python_finds_it(messages: dict[int, Any], flipped: Any, more: int) -> None:
    data = batch(messages)
    for place, bits in flipped:
        data[BODY + place % (len(data) - BODY)] ^= bits
    count = len(messages) + more
    data[BODY - 4 : BODY] = max(0, count).to_bytes(4)

    both(bytes(data), check_crcs=False)


def test_attributes_that_no_format_has_yet_are_for_kafka_python() -> None:
    data = batch({0: (None, b"value", [])})
    data[BODY + 1] = 0x80

    both(bytes(data), check_crcs=False)


def test_a_value_cannot_end_before_it_begins() -> None:
    size, attributes, time, number, no_key, minus_three = 6, 0, 0, 0, 1, 5
    data = batch({0: (None, b"", [])})
    data[BODY:] = bytes((size, attributes, time, number, no_key, minus_three, 0))

    got, outcome = both(bytes(data), check_crcs=False)

    assert not got
    assert "CorruptRecordError" in outcome


def test_a_batch_that_was_changed_on_the_way_is_refused() -> None:
    data = batch({0: (None, b"value", [])})
    data[-3] ^= 1

    _, outcome = both(bytes(data))

    assert "failed crc check" in outcome


@pytest.mark.parametrize("message", [(None, b"value", []), (b"key", b"value", [("name", b"of a header")])])
def test_what_a_message_has_belongs_to_it_alone(message: Any) -> None:
    first, second = both(bytes(batch({0: message, 1: message})))[0]

    first.headers.append(("added", b"by the application"))

    assert message[2] == second.headers


def test_what_is_usual_does_not_take_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes(batch({number: (None, bytes(number), []) for number in range(300)}))
    monkeypatch.delattr(DefaultRecordBatch, "_read_msg")

    assert [bytes(number) for number in range(300)] == [
        record.value for record in taken(partial(fast_decode.FastPartitionRecords, limit=LIMIT), data)[0]
    ]
