"""A thread that waits for its sockets can be woken, or its work be done meanwhile."""

import threading

import pytest
from sinetstream_plugins.mqtt.network.wakeup import Wakeup

pytestmark = pytest.mark.mqtt


def test_no_thread_runs_inline_while_the_network_thread_does_not_wait() -> None:
    wakeup = Wakeup()
    with wakeup.run_inline() as runs:
        assert not runs
    wakeup.begin_wait()
    wakeup.end_wait()
    with wakeup.run_inline() as runs:
        assert not runs
    wakeup.close()


def test_a_wait_does_not_end_before_the_thread_that_runs_inline_is_done() -> None:
    wakeup = Wakeup()
    wakeup.begin_wait()
    order = []

    def end_wait() -> None:
        wakeup.end_wait()
        order.append("wait ended")

    waiting = threading.Thread(target=end_wait)
    with wakeup.run_inline() as runs:
        assert runs
        assert wakeup.is_running_inline()
        waiting.start()
        with wakeup.run_inline() as second:
            assert not second
        order.append("done")
    waiting.join(10)

    assert ["done", "wait ended"] == order
    assert not wakeup.is_running_inline()
    wakeup.close()


def test_waking_after_close_does_no_harm() -> None:
    wakeup = Wakeup()
    wakeup.close()
    wakeup.wake()
