"""What holds for every test here: a marker per plugin, what a further listener is tested with, and no skipping in CI."""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))  # last, and for tools.brokers only
pytest_plugins = ["tools.brokers.pytest_plugin"]

LISTENER_AREAS = {"delivery", "life_cycle", "failures", "secrets", "tls"}
"""The areas of the conformance kit that a listener, and how one logs in there, can change."""

IN_CI = os.environ.get("CI", "").lower() in {"true", "1"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-line", action="store_true", help="run the whole conformance kit on every listener, too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "further_listener: the kit on one more listener; in part, unless --every-line is given"
    )
    for folder in sorted((Path(__file__).parent / "packages").glob("sinetstream-*")):
        name = folder.name.removeprefix("sinetstream-")
        config.addinivalue_line("markers", f"{name}: concerns the package {folder.name}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("every_line"):
        return
    left_out = [item for item in items if item.get_closest_marker("further_listener") and not _concerns_listener(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _concerns_listener(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and item.function.__module__.rpartition(".")[2] in LISTENER_AREAS


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    expected = hasattr(report, "wasxfail")
    if IN_CI and report.outcome == "skipped" and not expected:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"In CI a skipped test is a failure. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report
