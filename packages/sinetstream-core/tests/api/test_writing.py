"""`MessageWriter`: returns when a message is final."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sinetstream import MessageWriter, SINETStreamMessageDecoder
from sinetstream.errors import (
    ConnectionError,
    InvalidArgumentError,
    InvalidMessageError,
    PublishManyError,
    PublishTimeoutError,
    SinetError,
    UnsupportedOperationError,
)
from sinetstream.spi import Ability

from .doubles import SAFE, Gate, Lab, LabError, in_thread, raising, raising_once, until

decoder: SINETStreamMessageDecoder[bytes] = SINETStreamMessageDecoder(no_config=True)
NOW = 1_700_000_000


def writer(lab: Lab, **kwargs: Any) -> MessageWriter[Any]:
    return MessageWriter(**{"type": "lab", "topic": "t", "no_config": True, **kwargs})


def test_the_result_is_what_the_plugin_returned(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    with writer(lab) as it:
        assert [1, 2] == [it.publish(b"a"), it.publish(b"b")]

    assert [b"a", b"b"] == [decoder.decode(message).value for message in lab.published]


def test_over_a_promise_the_result_is_its_value(lab: Lab) -> None:
    lab.registered(async_writer=lab.async_writer())
    with writer(lab) as it:
        result = in_thread(lambda: it.publish(b"a"))
        until(lambda: lab.promises)
        lab.promises[0].fulfil("taken")

        assert "taken" == result()


def test_over_a_promise_its_error_is_raised_translated(lab: Lab) -> None:
    lab.registered(async_writer=lab.async_writer(errors={LabError: ConnectionError}))
    with writer(lab) as it:
        result = in_thread(lambda: it.publish(b"a"))
        until(lambda: lab.promises)
        lab.promises[0].fail(LabError("gone"))

        with pytest.raises(ConnectionError, match="lab: LabError: gone") as caught:
            result()
        assert isinstance(caught.value.__cause__, LabError)


def test_over_a_promise_publishing_ends_after_its_timeout(lab: Lab) -> None:
    lab.registered(async_writer=lab.async_writer())
    with writer(lab, publish_timeout_ms=20) as it:
        with pytest.raises(PublishTimeoutError):
            it.publish(b"a")

        assert (0, 1) == (it.metrics.msg_count_total, it.metrics.error_count_total)


@pytest.mark.parametrize(
    ("given", "carried"),
    [
        (0, 0),
        (0.0, 0),
        (NOW, NOW * 1_000_000),
        (1700000000.123456, 1700000000123456),
        (0.0000014, 1),
        (0.0000016, 2),
        (-1.5, -1_500_000),
    ],
)
def test_a_timestamp_is_rounded_to_the_nearest_microsecond(lab: Lab, given: float, carried: int) -> None:
    lab.registered(writer=lab.writer())
    with writer(lab) as it:
        it.publish(b"", given)
        it.publish(b"", timestamp=given)

    assert [carried] * 2 == [decoder.decode(message).timestamp_us for message in lab.published]


def test_without_a_timestamp_it_is_now(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    with writer(lab) as it:
        before = time.time()
        it.publish(b"")
        after = time.time()

    assert before - 0.001 <= decoder.decode(lab.published[0]).timestamp <= after + 0.001


@pytest.mark.parametrize(
    "timestamp",
    [
        "now",
        math.inf,
        math.nan,
        -math.inf,
        True,
        10**400,
        1e300,
        1e14,
        [1],
        b"1",
        pytest.param(10**5000, id="too large to print"),
    ],
)
def test_a_timestamp_that_is_none_is_refused_before_anything_is_sent(lab: Lab, timestamp: Any) -> None:
    lab.registered(writer=lab.writer())
    with writer(lab) as it, pytest.raises(InvalidArgumentError, match="timestamp"):
        it.publish(b"", timestamp)

    assert [] == lab.published


@pytest.mark.parametrize("value", ["text", 1, None, bytearray(b"x"), ["x"]])
def test_a_value_of_another_type_is_refused_before_anything_is_sent(lab: Lab, value: Any) -> None:
    lab.registered(writer=lab.writer())
    with writer(lab) as it:
        with pytest.raises(InvalidMessageError, match=type(value).__name__):
            it.publish(value)

        assert ([], 1) == (lab.published, it.metrics.error_count_total)


def test_what_a_serializer_raises_is_an_invalid_message_with_its_cause(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    with writer(lab, value_serializer=lambda value: bytes(1 // value)) as it:
        with pytest.raises(InvalidMessageError) as caught:
            it.publish(0)

        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        it.publish(1)


def test_what_the_plugin_raises_is_translated_by_the_nearest_class_of_its_table(lab: Lab) -> None:
    class SpecialError(LabError):
        pass

    class MoreSpecialError(SpecialError):
        pass

    table = {LabError: SinetError, SpecialError: ConnectionError}
    lab.registered(writer=lab.writer(errors=table))
    lab.on_publish = raising(MoreSpecialError("gone"))
    with writer(lab) as it:
        with pytest.raises(ConnectionError, match="MoreSpecialError: gone") as caught:
            it.publish(b"")

        assert isinstance(caught.value.__cause__, MoreSpecialError)
        assert isinstance(caught.value, OSError)


@pytest.mark.parametrize("error", [LabError("x"), OSError("x"), KeyError("x"), StopIteration("x"), RuntimeError("x")])
def test_what_is_in_no_table_becomes_a_plain_sinet_error(lab: Lab, error: Exception) -> None:
    lab.registered(writer=lab.writer())
    lab.on_publish = raising(error)
    with writer(lab) as it:
        with pytest.raises(SinetError, match=type(error).__name__) as caught:
            it.publish(b"")

        assert (SinetError, error) == (type(caught.value), caught.value.__cause__)


def test_a_failed_publish_counts_as_an_error_and_the_next_goes_on(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    lab.on_publish = raising_once(LabError("once"))
    with writer(lab) as it:
        with pytest.raises(SinetError):
            it.publish(b"")
        it.publish(b"")

        assert (1, 1) == (it.metrics.msg_count_total, it.metrics.error_count_total)


def test_key_headers_and_time_reach_a_plugin_that_declares_them(lab: Lab) -> None:
    lab.registered(writer=lab.writer(SAFE | {Ability.KEY, Ability.HEADERS, Ability.TIMESTAMP}))
    with writer(lab) as it:
        it.publish(b"", 1.5, key="ö", headers={"a": b"b"})
        it.publish(b"", 2, key=b"k")
        it.publish(b"", 0)

    assert [
        {"key": "ö".encode(), "headers": {"a": b"b"}, "timestamp_us": 1_500_000},
        {"key": b"k", "timestamp_us": 2_000_000},
        {"timestamp_us": 0},
    ] == lab.attributes


@pytest.mark.parametrize("attribute", [{"key": b"k"}, {"headers": {"a": b"b"}}])
@pytest.mark.parametrize("abilities", [SAFE, None])
def test_key_and_headers_are_refused_where_the_plugin_does_not_declare_them(
    lab: Lab, attribute: dict[str, Any], abilities: frozenset[Ability] | None
) -> None:
    lab.registered(writer=lab.writer(abilities))
    with writer(lab) as it, pytest.raises(UnsupportedOperationError, match="does not declare"):
        it.publish(b"", **attribute)

    assert [] == lab.published


AS_IT_IS = {"user_data_only": True}


def test_a_time_that_nothing_carries_is_refused_and_the_error_ends_with_the_plugins_hint(lab: Lab) -> None:
    plugin = lab.writer(SAFE)
    plugin.ability_hints = {Ability.TIMESTAMP: "set type_spec.times: true"}
    lab.registered(writer=plugin)
    with writer(lab, **AS_IT_IS) as it:
        with pytest.raises(UnsupportedOperationError, match=r"TIMESTAMP: set type_spec\.times: true"):
            it.publish(b"", 1.5)
        with pytest.raises(PublishManyError) as many:
            it.publish_many([b""], 1.5)

    assert [] == lab.published
    assert isinstance(many.value.failures[0], UnsupportedOperationError)


@pytest.mark.parametrize(("abilities", "timestamp"), [(SAFE, None), (SAFE, 0), (None, 1.5)])
def test_no_time_is_not_refused_nor_one_that_an_old_plugin_may_carry(
    lab: Lab, abilities: frozenset[Ability] | None, timestamp: float | None
) -> None:
    lab.registered(writer=lab.writer(abilities))
    with writer(lab, **AS_IT_IS) as it:
        it.publish(b"", timestamp)

    assert len(lab.published) == 1


@pytest.mark.parametrize(
    "attribute", [{"key": 1}, {"headers": [("a", b"b")]}, {"headers": {"a": "b"}}, {"headers": {1: b"b"}}]
)
def test_a_key_or_header_of_another_type_is_refused(lab: Lab, attribute: dict[str, Any]) -> None:
    lab.registered(writer=lab.writer(SAFE | {Ability.KEY, Ability.HEADERS}))
    with writer(lab) as it, pytest.raises(InvalidArgumentError, match=next(iter(attribute))):
        it.publish(b"", **attribute)

    assert [] == lab.published


def test_several_threads_may_publish_at_once(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    with writer(lab) as it, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: it.publish(b"%d" % i), range(800)))

        assert 800 == it.metrics.msg_count_total
    assert {b"%d" % i for i in range(800)} == {decoder.decode(message).value for message in lab.published}


def test_close_waits_for_a_publish_of_another_thread(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    lab.on_publish = gate = Gate()
    it = writer(lab).open()
    publishing = in_thread(lambda: it.publish(b""))
    gate.wait_reached()
    closing = in_thread(it.close)
    until(lambda: it._plugin is None)
    assert "close" not in lab.calls
    gate.opened.set()
    closing()

    assert 1 == publishing()


def test_close_waits_no_longer_than_its_timeout(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    lab.on_publish = gate = Gate()
    it = writer(lab, close_timeout_ms=20).open()
    publishing = in_thread(lambda: it.publish(b""))
    gate.wait_reached()
    it.close()

    assert "close" == lab.calls[-1]
    gate.opened.set()
    publishing()


@pytest.mark.parametrize("name", ["publish_timeout_ms", "close_timeout_ms", "max_pending_bytes"])
@pytest.mark.parametrize("value", [-1, "long", None])
def test_a_limit_that_is_none_is_refused(lab: Lab, name: str, value: Any) -> None:
    lab.registered(writer=lab.writer())

    with pytest.raises(InvalidArgumentError, match=name):
        writer(lab, **{name: value})
