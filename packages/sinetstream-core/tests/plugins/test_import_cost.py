"""Importing is cheap: what is not used is not loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

DEAR = ("promise", "yaml", "importlib.metadata", "cryptography", "asyncio", "sinetstream_plugins", "concurrent.futures")


def loaded(program: str) -> set[str]:
    script = f"{program}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["sinetstream", "sinetstream.spi", "sinetstream.errors"])
def test_importing_loads_nothing_dear(module: str) -> None:
    assert loaded(f"import {module}").isdisjoint(DEAR)


def test_a_reader_and_a_writer_without_a_file_and_without_promises_load_none_of_theirs() -> None:
    program = """
from sinetstream import MessageReader, MessageWriter
with MessageReader(type="queue", topics="t", no_config=True) as r, MessageWriter(type="queue", topic="t", no_config=True) as w:
    w.publish(b"x")
    next(r)
"""

    assert loaded(program).isdisjoint({"promise", "yaml", "cryptography", "asyncio"})


def test_importing_costs_less_than_60_ms_of_processor_time_more_than_a_bare_interpreter() -> None:
    script = """
import time
began = time.process_time()
import sinetstream, sinetstream.spi
print(time.process_time() - began)
"""

    def seconds() -> float:
        done = subprocess.run(
            [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True, timeout=60
        )
        return float(done.stdout)

    assert min(seconds() for _ in range(5)) < 0.060
