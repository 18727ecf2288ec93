"""`Message`, `Metrics` and the names that are exported."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest
import sinetstream
from sinetstream import Message, MessageReader, Metrics
from sinetstream.metrics import Meter
from sinetstream.spi import Ability

from .doubles import NONE, Lab


def test_a_message_has_value_topic_times_and_raw() -> None:
    message = Message("v", "t", 1_500_000, "raw")

    assert ("v", "t", 1_500_000, 1.5, "raw", None, {}) == (
        message.value,
        message.topic,
        message.timestamp_us,
        message.timestamp,
        message.raw,
        message.key,
        message.headers,
    )


@pytest.mark.parametrize("name", ["value", "topic", "timestamp", "timestamp_us", "raw", "key", "headers", "another"])
def test_a_message_never_changes(name: str) -> None:
    message: Any = Message("v", "t", 0, None)

    with pytest.raises(AttributeError):
        setattr(message, name, 1)
    with pytest.raises(AttributeError):
        delattr(message, name)


def test_a_message_is_not_a_tuple() -> None:
    with pytest.raises(TypeError):
        tuple(Message("v", "t", 0, None))  # type: ignore[arg-type]  # which is the point


def test_a_message_shows_what_it_is() -> None:
    assert "Message(value='v', topic='t', timestamp_us=7)" == repr(Message("v", "t", 7, "raw"))


def test_no_timestamp_is_zero() -> None:
    assert (0, 0.0) == (Message.NOTSTAMP, Message("v", None, 0, None).timestamp)


def test_key_and_headers_are_asked_only_when_they_are_read(lab: Lab) -> None:
    asked: list[Any] = []

    class Keyed(lab.reader(frozenset((Ability.KEY, Ability.HEADERS)))):  # type: ignore[misc]  # made to measure
        def attributes(self, raw: Any) -> tuple[bytes | None, Mapping[str, bytes]]:
            asked.append(raw)
            return b"k", {"a": b"b"}

    lab.registered(reader=Keyed).arrive(b"1")
    with MessageReader[bytes](type="lab", topics="t", no_config=True) as it:
        message = next(it)
        assert [] == asked
        assert (b"k", {"a": b"b"}) == (message.key, message.headers)

    assert [1, 1] == asked


def test_a_plugin_without_keys_is_not_asked(lab: Lab) -> None:
    lab.registered(reader=lab.reader(NONE)).arrive(b"1")
    with MessageReader[bytes](type="lab", topics="t", no_config=True) as it:
        message = next(it)

    assert (None, {}) == (message.key, message.headers)


def test_metrics_of_nothing_are_zero_and_print() -> None:
    metrics = Meter().snapshot(None)

    assert (0, 0.0, None, None, 0.0, 1.0, 0, 0.0, None) == (
        metrics.msg_count_total,
        metrics.msg_count_rate,
        metrics.msg_size_min,
        metrics.msg_size_max,
        metrics.msg_size_avg,
        metrics.msg_compression_ratio,
        metrics.error_count_total,
        metrics.error_count_rate,
        metrics.raw,
    )
    assert "msg_count_total=0" in str(metrics).split(",")
    assert "msg_count_total=0" in str(Metrics())


def test_metrics_add_up() -> None:
    meter = Meter()
    start = meter.snapshot(None).start_time
    meter.record_message(10, 4, 8, start + 1)
    meter.record_message(30, 6, 8, start + 2)
    metrics = meter.snapshot("raw")

    assert (2, 40, 10, 16, 10, 30, 20.0, "raw") == (
        metrics.msg_count_total,
        metrics.msg_bytes_total,
        metrics.msg_compressed_bytes_total,
        metrics.msg_uncompressed_bytes_total,
        metrics.msg_size_min,
        metrics.msg_size_max,
        metrics.msg_size_avg,
        metrics.raw,
    )
    assert (2.0, 2000.0, 1.0, 20.0, 0.625) == pytest.approx(
        (
            metrics.time,
            metrics.time_ms,
            metrics.msg_count_rate,
            metrics.msg_bytes_rate,
            metrics.msg_compression_ratio,
        ),
        rel=1e-3,
    )
    assert metrics.start_time * 1000 == metrics.start_time_ms


def test_a_snapshot_no_longer_changes() -> None:
    meter = Meter()
    before = meter.snapshot(None)
    meter.record_message(1, 1, 1, 0)
    meter.record_error()

    assert (0, 0) == (before.msg_count_total, before.error_count_total)
    with pytest.raises(AttributeError):
        before.msg_count_total = 1  # type: ignore[misc]  # which is the point


def test_many_messages_are_all_counted() -> None:
    meter = Meter()
    for i in range(1000):
        meter.record_message(i + 1, 1, 1, 0)
    metrics = meter.snapshot(None)

    assert (1000, 1, 1000) == (metrics.msg_count_total, metrics.msg_size_min, metrics.msg_size_max)


def test_every_name_that_is_exported_is_there_and_the_published_ones_are_among_them() -> None:
    published = {
        "MessageReader",
        "MessageWriter",
        "AsyncMessageReader",
        "AsyncMessageWriter",
        "AT_MOST_ONCE",
        "AT_LEAST_ONCE",
        "EXACTLY_ONCE",
        "DEFAULT_CLIENT_ID",
        "Metrics",
        "TEXT",
        "BYTE_ARRAY",
        "SINETStreamMessageEncoder",
        "SINETStreamMessageDecoder",
        "SinetError",
        "InvalidConfigError",
        "NoServiceError",
        "UnsupportedServiceTypeError",
        "NoConfigError",
        "InvalidArgumentError",
        "ConnectionError",
        "AlreadyConnectedError",
        "InvalidMessageError",
        "AuthorizationError",
    }

    assert published <= set(sinetstream.__all__)
    assert all(hasattr(sinetstream, name) for name in sinetstream.__all__)
    assert (None, "text", "byte_array") == (sinetstream.DEFAULT_CLIENT_ID, sinetstream.TEXT, sinetstream.BYTE_ARRAY)


def test_every_name_of_the_spi_is_there() -> None:
    from sinetstream import spi

    assert all(getattr(spi, name) for name in spi.__all__)
    with pytest.raises(AttributeError):
        spi.NoSuchName  # noqa: B018  asking for it is the point


def test_errors_also_are_the_builtins_of_the_same_meaning() -> None:
    from sinetstream import errors

    for name in set(errors.__all__) - {"Outcome"}:
        error = getattr(errors, name)
        assert issubclass(error, errors.SinetError)
        assert isinstance(error(), error)
        assert "why" in str(error("why"))
    meanings: dict[str, type[BaseException]] = {
        "ConnectionError": ConnectionError,
        "InvalidArgumentError": ValueError,
        "AuthorizationError": PermissionError,
        "PublishTimeoutError": TimeoutError,
        "BufferFullError": BufferError,
        "UnsupportedOperationError": NotImplementedError,
        "NoServiceError": LookupError,
    }
    for name, builtin in meanings.items():
        assert issubclass(getattr(errors, name), builtin)


def test_importing_configures_no_logging() -> None:
    assert [] == logging.getLogger("sinetstream").handlers
