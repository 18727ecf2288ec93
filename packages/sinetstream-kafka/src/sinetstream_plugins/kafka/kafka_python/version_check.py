"""Whether the client library is the one that was tested."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from sinetstream.errors import UnsupportedServiceTypeError

__all__ = ["check"]


def check(installed: Callable[[str], str] = version) -> None:
    """Raises `UnsupportedServiceTypeError` where kafka-python-ng is installed too: both own the folder `kafka`."""
    try:
        other = installed("kafka-python-ng")
    except PackageNotFoundError:
        return
    raise UnsupportedServiceTypeError(
        f"kafka-python-ng {other} is installed beside kafka-python and overwrites its files: "
        "pip uninstall kafka-python-ng kafka-python; pip install --force-reinstall 'kafka-python[crc32c]>=3.0.12,<4'"
    )
