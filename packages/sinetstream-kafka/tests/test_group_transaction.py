"""Which transaction has a reader, without a broker."""

import threading
from typing import Any

import pytest
from sinetstream import InvalidArgumentError
from sinetstream_plugins.kafka.consume.group_transaction import GroupTransaction
from sinetstream_plugins.kafka.produce.consume_process_produce import ConsumeProcessProduce

THREADS = 2
TIMEOUT_S = 10


class Reader:
    """Lets each thread that looks at its cluster wait for the others, so that all have looked before one begins."""

    def __init__(self) -> None:
        self.transaction = GroupTransaction()
        self.commits_after_processing = True
        self._all_looked = threading.Barrier(THREADS)

    def consumer(self) -> "Reader":
        return self

    @property
    def cluster_id(self) -> str:
        self._all_looked.wait(TIMEOUT_S)
        return "cluster"


class Batcher:
    """A writer's side whose transaction begins when all threads have tried to begin theirs."""

    cluster_id = "cluster"

    def __init__(self, may_begin: threading.Event) -> None:
        self._may_begin = may_begin

    def begin(self) -> None:
        assert self._may_begin.wait(TIMEOUT_S)


def test_two_threads_that_begin_a_transaction_with_one_reader_do_not_both_succeed() -> None:
    reader: Any = Reader()
    one_refused = threading.Event()
    begun: list[ConsumeProcessProduce] = []
    refused: list[Exception] = []

    def begin() -> None:
        batcher: Any = Batcher(one_refused)
        try:
            begun.append(ConsumeProcessProduce(batcher, reader))
        except InvalidArgumentError as error:
            refused.append(error)
            one_refused.set()

    threads = [threading.Thread(target=begin) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * TIMEOUT_S)

    assert len(begun) == 1
    assert ["in a transaction already" in str(error) for error in refused] == [True]


def test_a_reader_whose_transaction_could_not_begin_is_free_for_the_next() -> None:
    class Failing:
        cluster_id = "cluster"

        def begin(self) -> None:
            raise KeyboardInterrupt

    class Alone(Reader):
        cluster_id = "cluster"

    reader: Any = Alone()
    batcher: Any = Failing()
    with pytest.raises(KeyboardInterrupt):
        ConsumeProcessProduce(batcher, reader)

    assert not reader.transaction.is_open
    assert not reader.transaction.commits_offsets


def test_what_comes_again_breaks_only_what_a_transaction_commits() -> None:
    transaction = GroupTransaction()
    transaction.mark_broken()
    before = transaction.is_broken
    transaction.begin()
    transaction.take_over_commits()
    transaction.mark_broken()

    assert not before
    assert transaction.is_broken
    transaction.clear_broken()
    assert not transaction.is_broken
