import pkgutil
from collections.abc import Iterator
from importlib import import_module

import kafka
import pytest
from kafka import errors as theirs
from sinetstream import errors as ours
from sinetstream_plugins.kafka.errors import READING, WRITING


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
