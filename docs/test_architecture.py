"""The page for contributors names files that exist, and has a Mermaid drawing for each way that it tells."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent
PAGE = (DOCS / "architecture.md").read_text()
PACKAGES = DOCS.parent / "packages"
CORE = PACKAGES / "sinetstream-core" / "src" / "sinetstream"
KAFKA = PACKAGES / "sinetstream-kafka" / "src" / "sinetstream_plugins"
MQTT = PACKAGES / "sinetstream-mqtt" / "src" / "sinetstream_plugins" / "mqtt"

NAMED = sorted(set(re.findall(r"(?<![\w/.-])(?:\w+/)*\w+\.py\b|(?<![\w/.-])(?:\w+/)+(?![\w.])", PAGE)))


def test_the_page_names_files() -> None:
    assert len(NAMED) > 40


@pytest.mark.parametrize("name", NAMED)
def test_what_the_page_names_exists(name: str) -> None:
    places = [KAFKA] if name.startswith("kafka/") else [CORE, MQTT, DOCS.parent]

    assert any((place / name).exists() for place in places), name


def test_each_way_is_drawn() -> None:
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)

    assert PAGE.count("```mermaid") == 5
    assert {"Layers", "A message is published", "A record becomes a callback", "A message is acknowledged"} < set(
        headings
    )
