import pkgutil
from collections.abc import Iterator
from importlib import import_module

import kafka
import pytest
from kafka import errors as theirs
from sinetstream import errors as ours
from sinetstream_plugins.kafka.errors import READING, WRITING, not_sent


def below(cls: type[Exception]) -> Iterator[type[Exception]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from below(subclass)


def modules() -> Iterator[str]:
    """All of kafka-python's, so that what they define is there."""
    for module in pkgutil.walk_packages(kafka.__path__, "kafka."):
        if not module.name.startswith("kafka.benchmarks") and not module.name.endswith("__main__"):
            yield import_module(module.name).__name__


@pytest.mark.parametrize("table", [READING, WRITING], ids=["reading", "writing"])
def test_every_exception_of_kafka_python_has_one_of_ours(table: dict[type[Exception], type[Exception]]) -> None:
    assert "kafka.consumer.fetcher" in set(modules())
    every_one = [theirs.KafkaError, *(cls for cls in below(theirs.KafkaError) if cls.__module__.startswith("kafka."))]

    assert set() == {f"{cls.__module__}.{cls.__name__}" for cls in every_one if cls not in table}


def test_a_reader_is_never_told_that_a_publish_timed_out() -> None:
    assert ours.PublishTimeoutError not in READING.values()
    assert ours.ConnectionError is READING[theirs.KafkaTimeoutError]
    assert ours.PublishTimeoutError is WRITING[theirs.KafkaTimeoutError]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (theirs.KafkaTimeoutError(), ours.PublishTimeoutError),
        (theirs.MessageSizeTooLargeError(), ours.InvalidMessageError),
        (KeyError("x"), ours.SinetError),
        (ours.ConnectionError("gone"), ours.ConnectionError),
    ],
)
def test_what_kafka_python_did_not_take_is_not_sent(error: Exception, expected: type[Exception]) -> None:
    failed = not_sent(error, size=7, limit=5)

    assert expected is type(failed)
    assert "not_sent" == failed.outcome
    assert error in (failed, failed.__cause__)
    is_too_large = isinstance(error, theirs.MessageSizeTooLargeError)
    assert ((7, 5) if is_too_large else (None, None)) == (failed.size, failed.limit)
