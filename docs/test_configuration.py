"""The page of parameters lacks none."""

import re
from pathlib import Path

from sinetstream.spi import COMMON_PARAMETERS

PAGE = (Path(__file__).parent / "configuration.md").read_text()


def test_every_common_parameter_has_its_row() -> None:
    first_cells = re.findall(r"^\| (`[^|]+`) \|", PAGE, re.MULTILINE)
    rows = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}

    assert set() == COMMON_PARAMETERS - rows
