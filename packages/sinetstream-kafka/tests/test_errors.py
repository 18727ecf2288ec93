import inspect

import pytest
from kafka import errors as theirs
from sinetstream import errors as ours
from sinetstream_plugins.kafka.errors import READING, WRITING

EVERY_ONE = [cls for _, cls in inspect.getmembers(theirs, inspect.isclass) if issubclass(cls, theirs.KafkaError)]


@pytest.mark.parametrize("table", [READING, WRITING], ids=["reading", "writing"])
def test_every_exception_of_kafka_python_has_one_of_ours(table: dict[type[Exception], type[Exception]]) -> None:
    assert [] == [cls.__name__ for cls in EVERY_ONE if cls not in table]


def test_a_reader_is_never_told_that_a_publish_timed_out() -> None:
    assert ours.PublishTimeoutError not in READING.values()
    assert ours.ConnectionError is READING[theirs.KafkaTimeoutError]
    assert ours.PublishTimeoutError is WRITING[theirs.KafkaTimeoutError]
