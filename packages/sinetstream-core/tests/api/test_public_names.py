import inspect
import subprocess
import sys

import pytest
import sinetstream
import sinetstream.spi

ENDPOINTS = ("MessageReader", "MessageWriter", "AsyncMessageReader", "AsyncMessageWriter")


@pytest.mark.parametrize("module", [sinetstream, sinetstream.spi], ids=lambda module: module.__name__)
def test_every_public_name_is_there_and_listed(module: object) -> None:
    names: list[str] = module.__all__  # type: ignore[attr-defined]

    assert sorted(set(names)) == sorted(names)
    assert [] == [name for name in names if not hasattr(module, name)]
    assert set(names) <= set(dir(module))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'MesageReader'"):
        sinetstream.MesageReader  # noqa: B018


@pytest.mark.parametrize("name", ENDPOINTS)
def test_usage_says_how_a_class_is_called(name: str) -> None:
    usage = getattr(sinetstream, name).usage()

    assert usage.startswith(f"{name}(service: str | None = None, topic")
    assert usage.endswith(inspect.getdoc(getattr(sinetstream, name)) or "?")


def test_the_module_run_as_a_program_shows_usage_and_what_is_installed() -> None:
    done = subprocess.run([sys.executable, "-m", "sinetstream"], capture_output=True, text=True, check=True)

    assert all(f"{name}(" in done.stdout for name in ENDPOINTS)
    assert "value_type: byte_array, json, text" in done.stdout
