"""Every example runs, and says what its page says it does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent
EXAMPLES = sorted((DOCS / "examples").glob("*.py"))
PAGES = [DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *DOCS.rglob("*.md")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_prints_what_it_promises(example: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", example.name],
        cwd=example.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    promised = example.with_suffix(".out")
    if promised.exists():
        assert promised.read_text() == re.sub(r"\d{10}\.\d+", "TIME", done.stdout)
    else:
        assert done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(DOCS.parent)))
def test_what_a_page_shows_of_an_example_is_in_its_file(page: Path) -> None:
    for name, shown in re.findall(r"examples/([\w.]+)\)[^`]*```\w+\n(.*?)```", page.read_text(), re.DOTALL):
        assert shown.strip() in (DOCS / "examples" / name).read_text()


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
