"""The bytes that the page shows are those that the codec writes and is tested with."""

import re
import tomllib
from pathlib import Path

from sinetstream import SINETStreamMessageEncoder

DOCS = Path(__file__).parent
VECTORS = DOCS.parent / "packages/sinetstream-core/tests/codec/vectors.toml"


def test_the_page_shows_the_vectors_that_are_tested() -> None:
    tested = [vector["message"] for vector in tomllib.loads(VECTORS.read_text())["vector"]]
    shown = re.findall(r"\| `([0-9a-f]{20,})` \|", (DOCS / "wire-format.md").read_text())

    assert tested == shown


def test_the_bytes_that_the_wire_format_spells_out_are_written() -> None:
    page = (DOCS / "wire-format.md").read_text()
    spelt = re.search(r"^`b\"abc\"` at second 1\.0:\n\n```\n([0-9A-F ]+)\n", page, re.MULTILINE)
    assert spelt is not None

    written = SINETStreamMessageEncoder(no_config=True).encode(b"abc", timestamp=1.0)

    assert written == bytes.fromhex(spelt[1])
    for part in re.findall(r"\| `((?:[0-9A-F]{2} )+[0-9A-F]{2})`", page):
        assert bytes.fromhex(part) in written
