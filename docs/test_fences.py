"""What the pages show is what is run: verbatim from an example, or run, or read, here."""

import re
import runpy
import tomllib
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import yaml
from sinetstream import MessageReader, errors, testing

from tools.brokers.certificates import make_certificates

DOCS = Path(__file__).parent
ROOT = DOCS.parent
EXAMPLES = [file.read_text() for file in sorted((DOCS / "examples").iterdir()) if file.suffix in (".py", ".yml")]
TOLD = [ROOT / "README.md", DOCS / "tutorial.md"]  # all of them is from the examples
OTHERS = sorted(
    {ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md"), *DOCS.glob("plugins/*.md"), *ROOT.glob("packages/*/README.md")}
    - {*TOLD}
)

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

# First lines of what can be neither: fragments that need what no test here has.
FRAGMENTS = {"with writer.transaction(reader):": "needs a cluster; Kafka's own tests have it"}


def shown(pages: Iterable[Path], *languages: str) -> list[Any]:
    return [
        pytest.param(text, id=f"{page.relative_to(ROOT)}-{number}")
        for page in pages
        for number, (language, text) in enumerate(FENCE.findall(page.read_text()), 1)
        if language in languages
    ]


def from_an_example(text: str) -> bool:
    return any(f"\n{text}" in f"\n{example}" for example in EXAMPLES)


@pytest.mark.parametrize("text", shown(TOLD, "python", "yaml"))
def test_a_page_that_tells_of_the_examples_shows_them_as_they_are(text: str) -> None:
    assert from_an_example(text)


@pytest.mark.parametrize("text", shown(OTHERS, "python"))
def test_a_program_on_a_page_runs(text: str, reader_of_the_page: dict[str, Any]) -> None:
    program = compile(text, "page", "exec")

    if text.splitlines()[0] not in FRAGMENTS and not from_an_example(text):
        exec(program, reader_of_the_page)


@pytest.fixture
def reader_of_the_page() -> dict[str, Any]:
    """What is known to who has read the page up to there: its plugin, its client library, what was imported before."""
    lab = SimpleNamespace(Timeout=TimeoutError, Forbidden=PermissionError, TooLarge=OverflowError)
    minimal = runpy.run_path(str(DOCS / "examples/minimal_plugin.py"), run_name="minimal_plugin")
    return minimal | vars(errors) | vars(testing) | {"lab": lab, "pytest": pytest, "uuid4": uuid4}


@pytest.mark.parametrize("text", shown(OTHERS, "yaml"))
def test_a_configuration_on_a_page_is_one(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.yml"
    make_certificates(tmp_path)
    file.write_text(text.replace("/etc/ssl/certs/lab.pem", str(tmp_path / "ca.crt")))
    for variable in ("LAB_PASSWORD", "LOGGER_PASSWORD"):
        monkeypatch.setenv(variable, "secret")

    if not from_an_example(text):
        for service in yaml.safe_load(text)["config"]:
            MessageReader(service, config_file=file)


@pytest.mark.parametrize("text", shown(OTHERS, "toml"))
def test_an_entry_point_on_a_page_is_of_a_group_that_is_read(text: str) -> None:
    groups = tomllib.loads(text)["project"]["entry-points"]

    assert groups.keys() <= {"sinetstream.reader", "sinetstream.writer"}
