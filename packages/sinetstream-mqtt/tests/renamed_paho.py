"""Copies of paho-mqtt as a later release may be: names of its own are called otherwise, and it works as before.

As a program: for each name that the plugin lists, import the plugin with a copy in which that name is gone; one line each
says what came of it, after a tab.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

__all__ = ["copy_without", "listed"]


def copy_without(names: list[str], folder: Path) -> Path:
    """A folder for `sys.path` with a copy of paho-mqtt in which these names have another end."""
    spec = find_spec("paho")
    assert spec is not None
    assert spec.origin is not None
    source, target = Path(spec.origin).parent, folder / "paho"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    renamed = re.compile(rf"\b({'|'.join(names)})\b")
    for file in target.rglob("*.py"):
        file.write_text(renamed.sub(r"\1_of_before", file.read_text()))
    return folder


def listed() -> Iterator[tuple[str, str]]:
    """Every name that the plugin lists, after the module that needs it, or `required`."""
    from sinetstream_plugins.mqtt.paho.surface import REQUIRED, SPEED

    for what, names in {"required": REQUIRED, **SPEED}.items():
        yield from ((what, name) for some in names.values() for name in some)


def _import(name: str, folder: Path) -> str:
    import sinetstream
    from sinetstream_plugins import mqtt

    sys.path.insert(0, str(copy_without([name], folder)))
    for module in [module for module in sys.modules if module.split(".")[0] == "paho" or mqtt.__name__ in module]:
        del sys.modules[module]
    try:
        import paho.mqtt
        from sinetstream_plugins.mqtt.paho.make_client import client_class

        assert str(folder) in str(paho.mqtt.__file__)
        return " ".join(kind.__name__ for kind in client_class().__mro__)
    except sinetstream.SinetError as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001  what the test then shows
        return f"not our error: {error!r}"


def _main() -> None:
    for name in sorted({name for _, name in listed()}):
        child = os.fork()
        if not child:
            with tempfile.TemporaryDirectory() as folder:
                os.write(1, f"{name}\t{_import(name, Path(folder))}\n".encode())
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    _main()
