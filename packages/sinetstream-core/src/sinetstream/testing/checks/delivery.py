"""Checks that what is written is read: any bytes, any size, any number of topics."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from sinetstream import InvalidArgumentError, Message
from sinetstream.spi import Ability
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.received import check_nothing_altered, check_nothing_lost, check_nothing_twice, shown
from sinetstream.testing.streams import KINDS, Kind, publish, receiving
from sinetstream.testing.trial import AS_CARRIED, Trial
from sinetstream.testing.verdict import Broken, Finding, refused

__all__ = ["Delivery"]

_LATE_S = 0.4
_NEVER = object()


class Delivery(Area):
    """One message and many, small and large, in one topic and in several."""

    @pytest.mark.parametrize("kind", KINDS)
    @always
    def test_a_message_arrives(self, trial: Trial, kind: Kind) -> None:
        """A message arrives, with the topic it was written to, through each of the APIs."""
        values = trial.values(3)
        with receiving(kind, trial) as received:
            publish(kind, trial, values)
            got = received.wait_for(values)
            topics = {message.topic for message in received.messages}

        check_nothing_lost(values, got, received.errors)
        if topics != {trial.topic}:
            raise Broken(f"written to {trial.topic!r}, it came from {topics}")

    @pytest.mark.parametrize("kind", KINDS)
    @always
    def test_nothing_is_missed_after_open(self, trial: Trial, kind: Kind) -> None:
        """A reader's `open` returns when it is subscribed: what is published from then on arrives."""
        with trial.writer() as writer, receiving(kind, trial) as received:
            (value,) = trial.values(1)
            writer.publish(value)
            got = received.wait_for([value])

        if value not in got:
            raise Broken("what was published right after open() had returned was missed: it was not subscribed yet")

    @always
    def test_nothing_is_lost(self, trial: Trial) -> None:
        """As long as nothing fails, no message is lost."""
        values, got, errors = _through(trial, 30)

        check_nothing_lost(values, got, errors)

    @always
    def test_nothing_comes_twice(self, trial: Trial) -> None:
        """As long as nothing fails, no message is duplicated."""
        _, got, _ = _through(trial, 30, late_s=_LATE_S)

        check_nothing_twice(got)

    @always
    def test_nothing_is_altered(self, trial: Trial) -> None:
        """Messages of different lengths arrive as they were sent, not truncated, padded or joined."""
        values = [value + b"." * (17 * number) for number, value in enumerate(trial.values(31))]
        with receiving("sync", trial) as received:
            trial.send(values)
            got = received.wait_for(values)

        if received.errors:
            raise Broken(f"what came was no message any more, altered or truncated on the way: {received.errors[0]!r}")
        check_nothing_altered(values, got)

    @always
    def test_an_empty_message_arrives(self, trial: Trial) -> None:
        """An empty message arrives."""
        _arrives(trial, [b""])

    @always
    def test_empty_bytes_without_an_envelope_arrive(self, trial: Trial) -> None:
        """A payload of zero bytes arrives."""
        with receiving("sync", trial, **AS_CARRIED) as received:
            trial.send_raw([b""])
            got = received.wait_for([b""])

        check_nothing_lost([b""], got, received.errors)

    @always
    def test_one_byte_arrives(self, trial: Trial) -> None:
        """A message of one byte arrives."""
        _arrives(trial, [b"\x00"])

    @always
    def test_every_byte_value_arrives(self, trial: Trial) -> None:
        """Messages may contain every byte."""
        _arrives(trial, [bytes(range(256)), bytes(reversed(range(256)))])

    @always
    def test_a_large_message_arrives(self, trial: Trial) -> None:
        """A message of 1,000,000 bytes arrives, or of the harness' `max_message_bytes`."""
        size = trial.harness.max_message_bytes
        _arrives(trial, [(bytes(range(251)) * (size // 251 + 1))[:size]])

    @always
    def test_many_topics_are_read_together(self, trial: Trial) -> Finding | None:
        """A reader of several topics gets the messages of all, each with its topic, or is refused at construction."""
        topics = [trial.topic, *(trial.harness.fresh_topic() for _ in range(4))]
        values = dict(zip(topics, trial.values(5), strict=True))
        try:
            trial.reader(topics=topics)
        except InvalidArgumentError as error:
            return refused(f"one topic at a time: {type(error).__name__}")
        with receiving("sync", trial, topics=topics) as received:
            for topic, value in values.items():
                trial.send([value], topic=topic)
            got = received.wait_for(list(values.values()))

        check_nothing_lost(list(values.values()), got, received.errors)
        _check_topics(values, received.messages)
        return None

    @always
    def test_topics_are_kept_apart(self, trial: Trial) -> None:
        """A reader gets nothing of a topic that it does not read."""
        other, mine = trial.values(2)
        with receiving("sync", trial) as received:
            trial.send([other], topic=trial.harness.fresh_topic())
            trial.send([mine])
            got = received.wait_for([mine])

        if other in got:
            raise Broken("a message of another topic came")
        check_nothing_lost([mine], got, received.errors)

    @always
    def test_timestamps_arrive(self, trial: Trial) -> None:
        """A timestamp arrives to the microsecond; without one, it is the time of publishing; 0 is none."""
        given, default, none = trial.values(3)
        before = time.time()
        moment = round(before) - 1000
        with receiving("sync", trial) as received:
            with trial.writer() as writer:
                writer.publish(given, moment + 0.123456)
                writer.publish(default)
                writer.publish(none, 0)
            got = received.wait_for([given, default, none])
        after = time.time()

        check_nothing_lost([given, default, none], got, received.errors)
        times = {message.value: message.timestamp_us for message in received.messages}
        if times[given] != moment * 1_000_000 + 123_456:
            raise Broken(f"the timestamp {moment}.123456 arrived as {times[given]} us")
        if not before - 0.001 <= times[default] / 1e6 <= after + 0.001:
            raise Broken(f"published at {before}, it arrived with the time {times[default]} us")
        if times[none] != Message.NOTSTAMP:
            raise Broken(f"without a timestamp it arrived with {times[none]} us")

    @if_declared(Ability.TIMESTAMP)
    def test_timestamps_arrive_without_an_envelope(self, trial: Trial) -> None:
        """With `user_data_only` a timestamp arrives too, to the millisecond; where TIMESTAMP is not declared, it is refused."""
        (value,) = trial.values(1)
        moment = round(time.time()) - 1000
        with receiving("sync", trial, **AS_CARRIED) as received:
            with trial.writer(**AS_CARRIED) as writer:
                writer.publish(value, moment + 0.25)
            got = received.wait_for([value])

        check_nothing_lost([value], got, received.errors)
        if received.messages[0].timestamp_us != moment * 1_000_000 + 250_000:
            raise Broken(f"the timestamp {moment}.25 arrived as {received.messages[0].timestamp_us} us")

    @pytest.mark.parametrize("kind", ["sync", "async"])
    @always
    def test_publish_many_sends_all(self, trial: Trial, kind: Kind) -> None:
        """`publish_many` sends every message."""
        values = trial.values(10)
        writer = trial.writer() if kind == "sync" else trial.async_writer()
        with receiving("sync", trial) as received:
            with writer:
                writer.publish_many(values)
            got = received.wait_for(values)

        check_nothing_lost(values, got, received.errors)


def _through(trial: Trial, count: int, late_s: float = 0) -> tuple[list[bytes], list[bytes], list[Exception]]:
    values = trial.values(count + 1)
    with receiving("sync", trial) as received:
        trial.send(values)
        received.wait_for(values)
        got = received.wait_for([_NEVER], late_s)
    return values, got, received.errors


def _arrives(trial: Trial, values: Sequence[bytes]) -> None:
    with receiving("sync", trial) as received:
        trial.send(values)
        got = received.wait_for(values)

    for value in values:
        if value not in got:
            came = f"{shown(got[0])} came" if got else "nothing came"
            because = f", and {received.errors[0]!r}" if received.errors else ""
            raise Broken(f"{shown(value)} did not arrive: {came}{because}")


def _check_topics(sent: dict[str, bytes], messages: Sequence[Message[bytes]]) -> None:
    for message in messages:
        if message.topic is None or sent.get(message.topic) != message.value:
            raise Broken(f"{message.value!r} came with the topic {message.topic!r}, which is not where it was written")
