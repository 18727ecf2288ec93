"""A reader that spends its time on deriving keys says so."""

from __future__ import annotations

from typing import Any

import pytest
from sinetstream import MessageReader, SINETStreamMessageEncoder
from sinetstream.derivation_log import DerivationLog

from .doubles import Lab


def told(caplog: pytest.LogCaptureFixture, *times: float) -> int:
    """How often it is told of keys that are derived at these times."""
    clock = iter(times)
    log = DerivationLog("service 'lab'", lambda: next(clock))
    for _ in times:
        log()
    return len(caplog.records)


def test_one_key_a_second_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    assert 0 == told(caplog, *(1.01 * n for n in range(100)))


def test_more_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    assert 2 == told(caplog, *(0.2 * n for n in range(450)))  # 90 seconds
    assert "service 'lab': more than one key a second is derived" in caplog.text


def test_a_reader_of_many_writers_says_so(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.registered(reader=lab.reader())
    crypto = {"password": "hunter2", "key_derivation": {"iteration": 1, "salt_bytes": 16}}
    common: dict[str, Any] = {"no_config": True, "data_encryption": True, "crypto": crypto}
    lab.arrive_raw(*(SINETStreamMessageEncoder[bytes](**common).encode(b"x") for _ in range(20)), None)
    with MessageReader[bytes](topics="t", type="lab", **common) as reader:
        assert 20 == len(list(reader))

    [line] = [message for message in caplog.messages if "derived" in message]
    assert line.startswith("this reader: more than one key a second")
    assert "hunter2" not in caplog.text
