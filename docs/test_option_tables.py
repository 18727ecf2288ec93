"""The tables of options in docs/plugins are what the plugins declare."""

import runpy
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PAGES = sorted((HERE / "plugins").glob("*.md"))
TOOL = runpy.run_path(str(HERE.parent / "tools/option_tables.py"))


@pytest.mark.parametrize(
    "page", [page for page in PAGES if TOOL["BLOCK"].search(page.read_text())], ids=lambda page: page.stem
)
def test_a_page_has_the_options_that_its_plugin_declares(page: Path) -> None:
    text = page.read_text()

    assert text == TOOL["filled"](text), "write them anew: tools/hatch run tables"


def test_the_page_of_the_queue_is_checked() -> None:
    assert TOOL["BLOCK"].search((HERE / "plugins/queue.md").read_text())
