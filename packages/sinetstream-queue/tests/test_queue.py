"""What is the queue's own: topics that live as long as the process, shared and bounded."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sinetstream import AT_LEAST_ONCE, AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter, aio
from sinetstream.errors import (
    ConnectionError,
    InvalidArgumentError,
    PublishManyError,
    PublishTimeoutError,
    UnsupportedOperationError,
)
from sinetstream.spi import Ability
from sinetstream_plugins.queue import QueueAsyncReader, QueueAsyncWriter, QueueReader, QueueWriter

pytestmark = pytest.mark.queue

WAIT = 10.0
NOTHING_COMES_MS = 30


@pytest.fixture
def topic() -> str:
    """New each time: a topic lives as long as the process."""
    return uuid.uuid4().hex


def reader(topics: Any, **kwargs: Any) -> MessageReader[bytes]:
    return MessageReader(
        **{"type": "queue", "topics": topics, "no_config": True, "receive_timeout_ms": NOTHING_COMES_MS, **kwargs}
    )


def writer(topic: str, maxsize: int | None = None, **kwargs: Any) -> MessageWriter[bytes]:
    spec: dict[str, Any] = {} if maxsize is None else {"type_spec": {"maxsize": maxsize}}
    return MessageWriter(type="queue", topic=topic, no_config=True, **spec, **kwargs)


def written(topic: str, *values: bytes) -> None:
    with writer(topic) as it:
        for value in values:
            it.publish(value)


def values(reader: MessageReader[bytes]) -> list[bytes]:
    return [message.value for message in reader]


def begun(call: Callable[[], Any]) -> Callable[[], Any]:
    """Begin a call in a thread; the result waits for its outcome."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as error:  # noqa: BLE001  it is the outcome
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result() -> Any:
        thread.join(WAIT)
        assert not thread.is_alive()
        return outcome[0]

    return result


def waits_for_room(topic: str) -> None:
    from sinetstream_plugins.queue import topics

    deadline = time.monotonic() + WAIT
    while not topics.topic(topic)._waiting_for_room:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_what_is_written_is_read_in_order(topic: str) -> None:
    written(topic, b"1", b"2", b"3")
    with reader(topic) as it:
        messages = list(it)

    assert [(b"1", topic), (b"2", topic), (b"3", topic)] == [(m.value, m.topic) for m in messages]


def test_what_was_written_before_a_reader_opened_and_after_the_writer_closed_is_kept(topic: str) -> None:
    it = reader(topic)
    written(topic, b"1")
    with it:
        assert [b"1"] == values(it)


def test_readers_of_one_topic_share_its_messages(topic: str) -> None:
    with reader(topic) as one, reader(topic) as two:
        written(topic, b"1", b"2", b"3")

        assert [b"1", b"2", b"3"] == [next(one).value, next(two).value, next(one).value]
        assert ([], []) == (values(one), values(two))


def test_topics_are_apart(topic: str) -> None:
    written(topic, b"1")
    with reader(topic + "x") as it:
        assert [] == values(it)


def test_a_reader_of_several_topics_gets_all_of_them_each_in_order(topic: str) -> None:
    topics = [topic + "a", topic + "b"]
    written(topics[0], b"a1", b"a2")
    written(topics[1], b"b1", b"b2")
    with reader(topics) as it:
        got = [(m.topic, m.value) for m in it]
        written(topics[1], b"b3")
        got += [(m.topic, m.value) for m in it]

    assert [b"a1", b"a2"] == [value for where, value in got if where == topics[0]]
    assert [b"b1", b"b2", b"b3"] == [value for where, value in got if where == topics[1]]


def test_a_reader_that_waits_for_several_topics_is_woken_by_each(topic: str) -> None:
    topics = [topic + "a", topic + "b"]
    with reader(topics, receive_timeout_ms=WAIT * 1000) as it:
        for one in (topics[1], topics[0], topics[1]):
            waiting = begun(lambda: next(it).topic)
            written(one, b"")

            assert one == waiting()


def test_a_topic_named_twice_is_read_once(topic: str) -> None:
    written(topic, b"1")
    with reader([topic, topic]) as it:
        assert [b"1"] == values(it)


def test_closing_puts_what_is_unfinished_back_at_the_head_in_order(topic: str) -> None:
    written(topic, b"1", b"2", b"3", b"4")
    it = reader(topic, consistency=AT_LEAST_ONCE).open()
    for _ in range(3):
        next(it)
    begun(it.close)()
    with reader(topic) as again:
        assert [b"3", b"4"] == values(again)


def test_failing_puts_what_is_unfinished_back_at_the_head(topic: str) -> None:
    def fails() -> None:
        with reader(topic, consistency=AT_LEAST_ONCE) as it:
            next(it)
            raise ZeroDivisionError

    written(topic, b"1", b"2")
    with pytest.raises(ZeroDivisionError):
        fails()
    with reader(topic) as again:
        assert [b"1", b"2"] == values(again)


def test_at_most_once_what_was_handed_out_does_not_come_again(topic: str) -> None:
    written(topic, b"1", b"2")
    it = reader(topic).open()
    next(it)
    begun(it.close)()
    with reader(topic) as again:
        assert [b"2"] == values(again)


def test_what_an_asyncio_reader_received_ahead_is_put_back(topic: str) -> None:
    async def main() -> bytes:
        async with aio.MessageReader[bytes](
            type="queue", topics=topic, no_config=True, consistency=AT_LEAST_ONCE
        ) as it:
            return (await anext(it)).value

    written(topic, *(b"%d" % i for i in range(100)))
    assert b"0" == asyncio.run(main())
    with reader(topic) as again:
        assert [b"%d" % i for i in range(1, 100)] == values(again)


def test_what_is_put_back_wakes_another_reader(topic: str) -> None:
    written(topic, b"1")
    first = reader(topic, consistency=AT_LEAST_ONCE).open()
    next(first)
    with reader(topic, receive_timeout_ms=WAIT * 1000) as second:
        waiting = begun(lambda: next(second).value)
        begun(first.close)()

        assert b"1" == waiting()


def test_no_more_than_the_window_is_handed_out_unfinished(topic: str) -> None:
    written(topic, *[b""] * 1100)
    plugin = QueueReader({"topics": [topic], "receive_timeout_ms": NOTHING_COMES_MS})
    plugin.open()
    raws = [raw for _, _, raw in plugin]
    assert 1000 == len(raws)
    plugin.acknowledge(raws[0])

    assert 1 == len(list(plugin))
    plugin.close()


def test_acknowledging_wakes_a_reader_whose_window_is_full(topic: str) -> None:
    written(topic, *[b""] * 1001)
    plugin = QueueReader({"topics": [topic], "receive_timeout_ms": WAIT * 1000})
    plugin.open()
    it = iter(plugin)
    raws = [next(it)[2] for _ in range(1000)]
    waiting = begun(lambda: next(it))
    plugin.acknowledge(raws[0])

    assert waiting()[1] == topic
    plugin.close()


def test_acknowledging_to_a_closed_reader_does_nothing(topic: str) -> None:
    written(topic, b"1")
    plugin = QueueReader({"topics": [topic]})
    plugin.open()
    _, _, raw = next(iter(plugin))
    plugin.close()
    plugin.acknowledge(raw)
    with reader(topic) as again:
        assert [b"1"] == values(again)


def test_a_full_topic_makes_publish_wait_for_room(topic: str) -> None:
    with writer(topic, maxsize=2) as it:
        it.publish(b"1")
        it.publish(b"2")
        waiting = begun(lambda: it.publish(b"3"))
        waits_for_room(topic)
        with reader(topic) as other:
            assert b"1" == next(other).value
            assert waiting() is None
            assert [b"2", b"3"] == values(other)


def test_publish_waits_no_longer_than_its_deadline(topic: str) -> None:
    with writer(topic, maxsize=1, publish_timeout_ms=20) as it:
        it.publish(b"1")
        with pytest.raises(PublishTimeoutError, match="stayed full") as full:
            it.publish(b"2")
    assert "not_sent" == full.value.outcome
    with reader(topic) as other:
        assert [b"1"] == values(other)


def test_publish_many_says_what_found_no_room(topic: str) -> None:
    with writer(topic, maxsize=2, publish_timeout_ms=20) as it, pytest.raises(PublishManyError) as caught:
        it.publish_many([b"1", b"2", b"3"])

    assert [2] == list(caught.value.failures)


def test_writers_with_limits_of_their_own_wait_for_their_own(topic: str) -> None:
    written(topic, b"1", b"2", b"3")
    with writer(topic, maxsize=1) as small, writer(topic, maxsize=3) as large:
        waiting_small = begun(lambda: small.publish(b"small"))
        waits_for_room(topic)
        waiting_large = begun(lambda: large.publish(b"large"))
        with reader(topic) as it:
            assert b"1" == next(it).value
            assert waiting_large() is None
            rest = [next(it).value for _ in range(3)]
            assert waiting_small() is None

        assert [b"2", b"3", b"large"] == rest


@pytest.mark.parametrize("maxsize", [0, None])
def test_without_a_limit_or_with_the_default_much_goes_in(topic: str, maxsize: int | None) -> None:
    with writer(topic, maxsize=maxsize, publish_timeout_ms=0) as it:
        for _ in range(10_000):
            it.publish(b"")
        if maxsize is None:
            with pytest.raises(PublishTimeoutError):
                it.publish(b"")
        else:
            it.publish(b"")


@pytest.mark.parametrize("maxsize", [-1, "many", 1.5, True, None])
def test_a_maxsize_that_is_none_is_refused(topic: str, maxsize: Any) -> None:
    for call in (MessageWriter, MessageReader):
        with pytest.raises(InvalidArgumentError, match=r"type_spec\.maxsize") as caught:
            call(type="queue", topic=topic, no_config=True, type_spec={"maxsize": maxsize})

        assert "type_spec.maxsize" == caught.value.path


def test_another_parameter_is_refused(topic: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"type_spec\.max_size"):
        MessageWriter(type="queue", topic=topic, no_config=True, type_spec={"max_size": 1})
    with pytest.raises(InvalidArgumentError, match="unknown parameter"):
        MessageWriter(type="queue", topic=topic, no_config=True, maxsize=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("cls", [MessageReader, MessageWriter, AsyncMessageReader, AsyncMessageWriter])
def test_a_topic_is_required(cls: type[Any]) -> None:
    with pytest.raises(InvalidArgumentError, match="topic"):
        cls(type="queue", no_config=True)


def test_an_empty_type_spec_in_a_file_is_none_at_all(topic: str, tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text(f"header: {{version: 3}}\nconfig: {{lab: {{type: queue, topic: {topic}, type_spec: }}}}\n")
    with MessageWriter[bytes](config_file=file) as it:
        it.publish(b"1")
    with reader(topic) as other:
        assert [b"1"] == values(other)


@pytest.mark.parametrize("receive_timeout_ms", [float("inf"), WAIT * 1000])
def test_a_reader_that_blocks_is_closed_promptly_and_does_not_spin(topic: str, receive_timeout_ms: float) -> None:
    it = reader(topic, receive_timeout_ms=receive_timeout_ms).open()
    waiting = begun(lambda: values(it))
    began, cpu = time.monotonic(), time.process_time()
    threading.Event().wait(0.3)
    used = time.process_time() - cpu
    closing = time.monotonic()
    it.close()

    assert [] == waiting()
    assert used < 0.1 * (closing - began)
    assert time.monotonic() - closing < 1


@pytest.mark.parametrize("kind", ["callbacks", "asyncio"])
def test_other_readers_that_block_do_not_spin(topic: str, kind: str) -> None:
    async def main() -> float:
        async with aio.MessageReader[bytes](type="queue", topics=topic, no_config=True):
            return await asyncio.to_thread(idle)

    def idle() -> float:
        cpu = time.process_time()
        threading.Event().wait(0.3)
        return time.process_time() - cpu

    if kind == "asyncio":
        used = asyncio.run(main())
    else:
        it = AsyncMessageReader[bytes](type="queue", topics=topic, no_config=True)
        it.on_message = print
        with it:
            used = idle()

    assert used < 0.1


def test_a_writer_that_blocks_is_closed_promptly(topic: str) -> None:
    it = writer(topic, maxsize=1, close_timeout_ms=0).open()
    it.publish(b"1")
    waiting = begun(lambda: it.publish(b"2"))
    waits_for_room(topic)
    it.close()

    assert isinstance(waiting(), ConnectionError)


def test_a_promising_writer_that_blocks_is_closed_promptly(topic: str) -> None:
    it = AsyncMessageWriter[bytes](
        type="queue", topic=topic, no_config=True, type_spec={"maxsize": 1}, close_timeout_ms=0
    ).open()
    deliveries = [it.publish(b"%d" % i) for i in range(3)]
    deliveries[0].get(WAIT)
    it.close()

    for delivery in deliveries[1:]:
        with pytest.raises(ConnectionError):
            delivery.get(0)


def test_callbacks_come_in_order(topic: str) -> None:
    got: list[bytes] = []
    complete = threading.Event()

    def on_message(message: Any) -> None:
        got.append(message.value)
        if len(got) == 500:
            complete.set()

    it = AsyncMessageReader[bytes](type="queue", topics=topic, no_config=True)
    it.on_message = on_message
    with it, AsyncMessageWriter[bytes](type="queue", topic=topic, no_config=True) as out:
        for i in range(500):
            out.publish(b"%d" % i)
        assert complete.wait(WAIT)

    assert [b"%d" % i for i in range(500)] == got


def test_positions_keys_and_headers_are_refused(topic: str) -> None:
    with reader(topic) as it, pytest.raises(UnsupportedOperationError):
        it.seek_to_beginning()
    with writer(topic) as out, pytest.raises(UnsupportedOperationError):
        out.publish(b"", key=b"k")


def test_it_is_never_durable(topic: str) -> None:
    assert reader(topic).info("durable") is False
    for cls in (QueueReader, QueueWriter, QueueAsyncReader, QueueAsyncWriter):
        assert {Ability.AT_LEAST_ONCE, Ability.EXACTLY_ONCE, Ability.ACKNOWLEDGE} == vars(cls)["abilities"]


@pytest.mark.parametrize("maxsize", [10_000, 7])
def test_eight_writers_and_four_readers_lose_nothing_and_double_nothing(topic: str, maxsize: int) -> None:
    count = 500
    got: Counter[bytes] = Counter()
    orders: list[list[bytes]] = []
    together = threading.Barrier(12)

    def write(number: int) -> None:
        with writer(topic, maxsize=maxsize) as it:
            together.wait(WAIT)
            for i in range(count):
                it.publish(b"%d %d" % (number, i))

    def read() -> None:
        mine: list[bytes] = []
        with reader(topic, receive_timeout_ms=1000, consistency=AT_LEAST_ONCE) as it:
            together.wait(WAIT)
            for message in it:
                mine.append(message.value)
                if len(mine) % 100 == 0:
                    break
            it.close()
            it.open()
            mine += values(it)
        orders.append(mine)

    ends = [begun(partial(write, number)) for number in range(8)] + [begun(read) for _ in range(4)]
    assert [None] * 12 == [end() for end in ends]
    for order in orders:
        got.update(order)

    assert {b"%d %d" % (number, i): 1 for number in range(8) for i in range(count)} == got
    for order in orders:
        for number in range(8):
            mine = [int(value.split()[1]) for value in order if value.startswith(b"%d " % number)]
            assert sorted(mine) == mine


def test_closing_and_opening_readers_at_random_loses_nothing(topic: str) -> None:
    count = 2000
    got: list[bytes] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            it = reader(topic, receive_timeout_ms=10, consistency=AT_LEAST_ONCE).open()
            for number, message in enumerate(it):
                got.append(message.value)
                if len(set(got)) == count:
                    done.set()
                if number == 5:
                    break
            it.close()

    ends = [begun(read) for _ in range(3)]
    written(topic, *(b"%d" % i for i in range(count)))
    assert done.wait(WAIT)
    for end in ends:
        assert end() is None

    assert count == len(got) == len(set(got))


def test_tls_is_refused_since_there_is_nothing_to_encrypt(topic: str) -> None:
    with pytest.raises(UnsupportedOperationError, match="in-process: nothing to encrypt"):
        reader(topic, tls=True)
    reader(topic, tls=False)
