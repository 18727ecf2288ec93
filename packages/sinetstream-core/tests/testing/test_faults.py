"""The kit finds what is wrong: each faulty broker fails the test that names its fault, and the tests in faults.toml."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sinetstream.testing import Fault

HERE = Path(__file__).parent
TABLE = tomllib.loads((HERE / "faults.toml").read_text())
AT_ONCE = 4  # they mostly wait
LONGEST_S = 110

Findings = dict[str, str]


@pytest.fixture(scope="module")
def findings(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Findings]]:
    """The evidence by test, empty where a promise is kept. All brokers that are asked for are tried side by side."""
    parameters = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    asked = [params["fault"] for params in parameters if "fault" in params]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures: dict[str, Future[Findings]] = {name: pool.submit(tried, name) for name in asked}
        yield lambda name: futures[name].result(LONGEST_S)


def tried(fault: str) -> Findings:
    command = [sys.executable, str(HERE / "faulty.py"), fault]
    result = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert result.returncode == 0, result.stderr
    found: Findings = json.loads(result.stdout)
    return found


def test_the_table_knows_each_fault() -> None:
    assert [fault.name for fault in Fault] == list(TABLE)


@pytest.mark.timeout(2 * LONGEST_S)  # the first waits for all
@pytest.mark.parametrize("fault", list(TABLE))
def test_a_fault_is_found(fault: str, findings: Callable[[str], Findings]) -> None:
    expected = TABLE[fault]
    found = findings(fault)

    broken = {test for test, evidence in found.items() if evidence}
    assert matching(found, expected["fails"]) == broken - matching(found, expected.get("may", []))
    assert expected["says"] in found[expected["named_by"]]


def matching(tests: Findings, names: list[str]) -> set[str]:
    known = {test.partition("[")[0] for test in tests} | set(tests)
    assert set(names) <= known
    return {test for test in tests if test in names or test.partition("[")[0] in names}
