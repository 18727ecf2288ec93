"""The vectors that the page shows are those that the codec is tested with."""

import re
import tomllib
from pathlib import Path

DOCS = Path(__file__).parent
VECTORS = DOCS.parent / "packages/sinetstream-core/tests/codec/vectors.toml"


def test_the_page_shows_the_vectors_that_are_tested() -> None:
    tested = [vector["message"] for vector in tomllib.loads(VECTORS.read_text())["vector"]]
    shown = re.findall(r"\| `([0-9a-f]{20,})` \|", (DOCS / "wire-format.md").read_text())

    assert tested == shown
