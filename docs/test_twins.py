"""A page in two languages is one page: the same headings, table rows, names and code."""

import re
from pathlib import Path

DOCS = Path(__file__).parent
ENGLISH, JAPANESE = ((DOCS / f"writing-a-plugin{ending}").read_text() for ending in (".md", ".ja.md"))


def headings(page: str) -> list[str]:
    return re.findall(r"^(#+) ", page, re.MULTILINE)


def keys(page: str) -> list[list[str]]:
    """The names in the first column of each row."""
    return [re.findall(r"`[^`]+`", cell) for cell in re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)]


def code(page: str) -> list[str]:
    return re.findall(r"^```\w*\n.*?^```$", page, re.DOTALL | re.MULTILINE)


def names(page: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)))


def test_the_plugin_guide_has_the_same_headings_in_both_languages() -> None:
    assert headings(ENGLISH) == headings(JAPANESE)


def test_the_plugin_guide_has_the_same_rows_in_both_languages() -> None:
    assert keys(ENGLISH) == keys(JAPANESE)


def test_the_plugin_guide_has_the_same_code_in_both_languages() -> None:
    assert code(ENGLISH) == code(JAPANESE)


def test_the_plugin_guide_speaks_of_the_same_names_in_both_languages() -> None:
    assert names(ENGLISH) - {"`"} == names(JAPANESE) - {"`"}
