"""A program that ends without `close` loses nothing that its broker still takes, and what is given up is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).with_name("with_exits.py")
LIMIT_S = 60.0


def run(name: str) -> tuple[list[str], str]:
    done = subprocess.run(
        [sys.executable, str(PROGRAMS), name], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )

    assert 0 == done.returncode, done.stderr
    return done.stdout.split(), done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "confirmed_after_the_last_line",
        "nobody_refers_to_the_writer_at_exit",
        "child_by_fork",
        "child_by_spawn",
    ],
)
def test_what_was_accepted_is_confirmed_before_the_process_ends(name: str) -> None:
    printed, told = run(name)

    assert [*["confirmed"] * 10, "closed"] == printed
    assert "given up" not in told


def test_an_asyncio_writer_whose_loop_has_ended_is_closed() -> None:
    printed, told = run("asyncio")

    assert ["closed"] == printed
    assert "" == told


def test_a_synchronous_writer_is_closed() -> None:
    printed, told = run("synchronous")

    assert ["confirmed", "closed"] == printed
    assert "" == told


def test_what_is_given_up_is_told_with_its_count_once_for_each_writer() -> None:
    printed, told = run("three_with_a_dead_broker")

    assert ["closed"] * 3 == printed
    lines = told.splitlines()
    assert 3 == len(lines), told
    assert all(
        "WARNING sinetstream the writer of t (lab) was not closed: 4 publishes were given up" in line for line in lines
    )
    waited = [float(line.split("unconfirmed after ")[1].split(" s;")[0]) for line in lines]
    assert sum(waited) < 3 * 1.0  # they share one time-out


def test_a_forked_child_leaves_its_parents_writer_alone() -> None:
    printed, _ = run("forked")

    assert ["parent", "confirmed", "closed"] == printed
