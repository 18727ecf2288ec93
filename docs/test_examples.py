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


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_index_names_each_page() -> None:
    index = (DOCS / "README.md").read_text()

    for page in (*DOCS.glob("*.md"), *DOCS.glob("plugins/*.md")):
        assert page.name == "README.md" or f"({page.relative_to(DOCS)})" in index, page.name
