"""Running the kit from a program."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sinetstream import InvalidArgumentError
from sinetstream.testing.harness import Harness
from sinetstream.testing.report.card import Card, Line

__all__ = ["run"]

_SUITE = Path(__file__).with_name("suite.py")
_QUIET = ["terminal", "cacheprovider", "faulthandler", "junitxml", "stepwise"]
_RAN = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
_OF_PYTEST = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")


def run(
    harness: Harness, select: str = "", secrets: Iterable[str] = (), tell: Callable[[Line], None] = lambda _: None
) -> Card:
    """Run it through pytest, without anybody's configuration, plugins or output; `select` is what `pytest -k` takes.

    `tell` is called with each line of the card as it is found. Ctrl-C ends the run; the card has what was found.
    Raises `InvalidArgumentError` where pytest does not accept `select`.
    """
    card = Card(harness, secrets, tell)
    arguments = [
        str(_SUITE),
        "--noconftest",
        "--import-mode=importlib",
        "--assert=plain",
        "--capture=no",
        *(f"-pno:{plugin}" for plugin in _QUIET),
        *([f"-k={select}"] if select else []),
    ]
    with _without_settings(), TemporaryDirectory() as folder:
        settings = Path(folder, "pytest.ini")
        settings.write_text("[pytest]\n")
        code = pytest.main([*arguments, f"--config-file={settings}", f"--rootdir={folder}"], plugins=[card])
    card.interrupted = code == pytest.ExitCode.INTERRUPTED and card.began
    if code not in _RAN and not card.interrupted:
        raise InvalidArgumentError(
            f"pytest could not run the kit ({pytest.ExitCode(code).name}); select was {select!r}"
        )
    return card


@contextmanager
def _without_settings() -> Iterator[None]:
    before = {name: os.environ.pop(name) for name in _OF_PYTEST if name in os.environ}
    autoload = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.update(before)
        if autoload is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        else:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = autoload
