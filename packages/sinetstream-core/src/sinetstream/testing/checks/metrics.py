"""Checks that metrics count what happened."""

from __future__ import annotations

from typing import Any

from sinetstream import InvalidMessageError
from sinetstream.testing.area import Area, always
from sinetstream.testing.partial_reads import take
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import within

__all__ = ["MetricsOfBoth"]


class MetricsOfBoth(Area):
    """The metrics of readers and writers, and of the plugin."""

    @always
    def test_messages_are_counted(self, trial: Trial) -> None:
        """Reader and writer count the same messages and bytes."""
        values = [value + bytes(10 * number) for number, value in enumerate(trial.values(3))]
        counted = within(4 * trial.patience_s, "writing and reading", lambda: _counted(trial, values))

        for side, metrics in counted.items():
            _check(f"{side}: msg_count_total", len(values), metrics.msg_count_total)
            _check(f"{side}: error_count_total", 0, metrics.error_count_total)
        _check("bytes read and written", counted["writer"].msg_bytes_total, counted["reader"].msg_bytes_total)
        _check("largest read and written", counted["writer"].msg_size_max, counted["reader"].msg_size_max)

    @always
    def test_promised_messages_are_counted(self, trial: Trial) -> None:
        """A writer counts a message when its promise is fulfilled."""
        with trial.async_writer() as writer:
            for value in trial.values(3):
                writer.publish(value).get(trial.patience_s)
        _check("AsyncMessageWriter: msg_count_total", 3, writer.metrics.msg_count_total)

    @always
    def test_errors_are_counted(self, trial: Trial) -> None:
        """An invalid message is counted as an error, a timeout is not."""

        def read() -> Any:
            with trial.reader(receive_timeout_ms=50) as reader:
                list(reader)
                before = reader.metrics.error_count_total
                trial.send_raw([b"no message at all"])
                while not reader.metrics.error_count_total:
                    try:
                        list(reader)
                    except InvalidMessageError:
                        break
                return before, reader.metrics.error_count_total

        errors = within(2 * trial.patience_s, "reading bytes that are no message", read)
        if errors != (0, 1):
            raise Broken(f"errors counted after a timeout and after an invalid message: {errors}, not (0, 1)")

    @always
    def test_metrics_begin_anew(self, trial: Trial) -> None:
        """`reset_metrics` resets the counters, those of the plugin too, and the plugin's own metrics and info are available."""
        (value,) = trial.values(1)
        with trial.writer() as writer, trial.reader() as reader:
            writer.publish(value)
            for end in (writer, reader):
                end.reset_metrics(reset_raw=True)
                _check("msg_count_total after reset_metrics", 0, end.metrics.msg_count_total)
                _ = end.metrics.raw, end.info("")


def _counted(trial: Trial, values: list[bytes]) -> dict[str, Any]:
    with trial.reader() as reader, trial.writer() as writer:
        for value in values:
            writer.publish(value)
        take(reader, len(values))
        return {"reader": reader.metrics, "writer": writer.metrics}


def _check(what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise Broken(f"{what}: {actual}, not {expected}")
