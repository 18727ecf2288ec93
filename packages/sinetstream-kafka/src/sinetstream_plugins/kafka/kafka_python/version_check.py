"""Whether the installed client library is one that this plugin works with."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from sinetstream.errors import UnsupportedServiceTypeError

from sinetstream_plugins.kafka.kafka_python.surface import REQUIRED, missing

__all__ = ["SUPPORTED", "check", "unsupported"]

SUPPORTED = "kafka-python[crc32c]>=3.0.12,<3.1"


def check(installed: Callable[[str], str] = version) -> None:
    """Raises `UnsupportedServiceTypeError` where kafka-python lacks a name that is needed, or is overwritten.

    kafka-python-ng owns the folder `kafka` too.
    """
    try:
        other = installed("kafka-python-ng")
    except PackageNotFoundError:
        pass
    else:
        raise UnsupportedServiceTypeError(
            f"kafka-python-ng {other} is installed beside kafka-python and overwrites its files: "
            f"pip uninstall kafka-python-ng kafka-python; pip install --force-reinstall '{SUPPORTED}'"
        )
    if lacking := missing(REQUIRED):
        raise unsupported(", ".join(lacking))


def unsupported(lacking: str) -> UnsupportedServiceTypeError:
    """The error for a release of kafka-python that lacks these names."""
    try:
        found = version("kafka-python")
    except PackageNotFoundError:
        found = "(of unknown version)"
    return UnsupportedServiceTypeError(
        f"kafka-python {found} lacks what the kafka plugin needs of it ({lacking}); "
        f"supported is {SUPPORTED}: pip install '{SUPPORTED}'"
    )
