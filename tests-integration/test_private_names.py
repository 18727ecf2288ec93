"""What `tools/private_names.py` finds, and what it leaves to a door."""

from pathlib import Path

import pytest

from tools.private_names import foreign_names
from tools.workspace import Package, packages

PYPROJECT = """
[tool.sinetstream.client-library]
distribution = "pigeon"
import = "pigeon"
door = "pigeon_post"
documented = ["pigeon"]
"""


def found(folder: Path, code: str, room: str = "src/lab") -> list[str]:
    file = folder / room / "plugin.py"
    file.parent.mkdir(parents=True)
    file.write_text(code)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    return [line.partition(": ")[2] for line in foreign_names(Package(folder), folder)]


@pytest.mark.parametrize(
    "code",
    [
        "client._socket",
        "from pigeon import _fly",
        "import pigeon._wings",
        'getattr(client, "_socket")',
        "from pigeon.loft import Loft",
        "import pigeon.loft",
    ],
)
def test_a_private_or_undocumented_name_stands_in_the_door_only(tmp_path: Path, code: str) -> None:
    assert found(tmp_path / "outside", code)
    assert [] == found(tmp_path / "inside", code, "src/lab/pigeon_post")


@pytest.mark.parametrize(
    "code",
    [
        "import pigeon; pigeon.Client().connect()",
        "class A:\n    def __init__(self):\n        self._mine = 1\n\ndef use(a: A):\n    return a._mine",
        "from sinetstream_plugins.lab.wire import _Packet",
        "message._replace(topic='t'); type(x).__name__",
    ],
)
def test_what_is_documented_or_one_s_own_is_no_finding(tmp_path: Path, code: str) -> None:
    assert [] == found(tmp_path, code)


def test_this_repository_has_no_private_name_of_others_outside_its_doors() -> None:
    assert [] == [line for package in packages() for line in foreign_names(package)]
