"""Write the tables of options in docs/plugins from what the plugins declare: `tools/hatch run tables`."""

import re
import sys
from pathlib import Path

from sinetstream import plugins

PAGES = Path(__file__).resolve().parent.parent / "docs/plugins"
BLOCK = re.compile(
    r"(?s)(<!-- options of (\w+), written by `tools/hatch run tables` -->\n).*?(<!-- end of options -->)"
)


def filled(page: str) -> str:
    """The page with each of its tables as the plugin named in front of it declares its options."""
    return BLOCK.sub(lambda block: f"{block[1]}{table(block[2])}{block[3]}", page)


def table(plugin: str) -> str:
    _, cls = plugins.find(plugin, "sinetstream.reader", "sinetstream.writer")
    text: str = cls.options.table()
    return text


def main() -> int:
    for file in sorted(PAGES.glob("*.md")):
        before = file.read_text()
        if (after := filled(before)) != before:
            file.write_text(after)
            print(f"written: {file.relative_to(PAGES.parent.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
