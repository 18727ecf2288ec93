"""The report card: the verdict of each test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable
from typing import Any, NamedTuple

import pytest

from sinetstream.testing.area import PROPERTY
from sinetstream.testing.harness import Harness
from sinetstream.testing.verdict import Broken, Verdict

__all__ = ["HARNESS", "Card", "Line"]

HARNESS = pytest.StashKey[Harness]()
_ORDER = list(Verdict)


class Line(NamedTuple):
    """One guarantee; `test` is the name of the test, `detail` the reason or the evidence."""

    area: str
    test: str
    promise: str
    verdict: Verdict
    detail: str


class Card:
    """A pytest plugin that gives the suite its harness and collects its findings. `secrets` are shown as `***`.

    `tell` is called with each line when its test is over.
    """

    def __init__(
        self, harness: Harness, secrets: Iterable[str] = (), tell: Callable[[Line], None] = lambda _: None
    ) -> None:
        self._harness = harness
        self._tell = tell
        self.began = self.interrupted = False
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._lines: dict[str, Line] = {}

    @property
    def lines(self) -> list[Line]:
        """In the order of the suite."""
        return list(self._lines.values())

    @property
    def broken(self) -> list[Line]:
        """Those that make the card a bad one."""
        return [line for line in self.lines if line.verdict is Verdict.BROKEN]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many there are of each verdict."""
        counted = Counter(line.verdict for line in self.lines)
        return {verdict: counted[verdict] for verdict in _ORDER if counted[verdict]}

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[HARNESS] = self._harness

    def pytest_runtestloop(self) -> None:
        self.began = True

    def pytest_runtest_logfinish(self, location: tuple[str, int | None, str]) -> None:
        line = self._lines.get(location[2].rpartition(".")[2])
        if line is not None:
            self._tell(line)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        function = getattr(item, "function", None)
        area = getattr(function, "__module__", "").rpartition(".")[2]
        promise = " ".join((getattr(function, "__doc__", None) or item.name).split())
        if call.excinfo is not None:
            self._add(Line(area, item.name, promise, Verdict.BROKEN, self._evidence(call.excinfo.value)))
        elif call.when == "call":
            found: Any = dict(item.user_properties)[f"{PROPERTY}.verdict"]
            verdict, detail = found
            self._add(Line(area, item.name, promise, Verdict[verdict], self._clean(detail)))
        return report

    def _add(self, line: Line) -> None:
        before = self._lines.get(line.test)
        if before is None or before.verdict is not Verdict.BROKEN:
            self._lines[line.test] = line

    def _evidence(self, error: BaseException) -> str:
        text = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
        if error.__cause__ is not None and str(error.__cause__) not in text:
            text += f" (caused by {type(error.__cause__).__name__}: {error.__cause__})"
        return self._clean(text)

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
