"""Imports the plugin once for each name of kafka-python's that it uses, without that name: prints what comes of it.

Each import happens in a child process, whose copy of kafka-python loses the one name.
"""

import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

import kafka  # noqa: F401  so that each child has it already
import sinetstream.errors
import sinetstream.spi  # noqa: F401

PLUGIN = "sinetstream_plugins.kafka"
SURFACE = f"{PLUGIN}.kafka_python.surface"


DOCUMENTED = [("kafka", "OffsetAndMetadata"), ("kafka.errors", "RetriableError")]
"""Names that are not listed, since kafka-python documents them, may go as well."""


def in_child(call: Callable[[], str]) -> str:
    """What a function returns or raises in a child of this process."""
    read, write = os.pipe()
    if not os.fork():
        try:
            outcome = call()
        except BaseException as error:  # noqa: BLE001  it is the outcome
            outcome = f"{type(error).__name__}: {error}"
        os.write(write, outcome.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        outcome = told.read()
    os.wait()
    return outcome


def names() -> list[tuple[str, str]]:
    """As owner and name, read in a child: importing the plugin here would bind the names."""

    def read() -> str:
        surface = import_module(SURFACE)
        listed = [surface.REQUIRED, *surface.SPEED.values()]
        return "\n".join(f"{owner} {name}" for part in listed for owner in part for name in part[owner].split())

    pairs = [line.partition(" ") for line in in_child(read).splitlines()]
    return [*DOCUMENTED, *((owner, name) for owner, _, name in pairs)]


def without(code: CodeType, name: str) -> CodeType:
    return code.replace(co_names=tuple(f"{used}_gone" if used == name else used for used in code.co_names))


def delete(owner: str, name: str) -> None:
    module, _, path = owner.partition(":")
    found: Any = import_module(module)
    for part in path.split(".") if path else ():
        found = getattr(found, part)
    if not path:
        delattr(found, name)
        return
    for cls in found.__mro__[:-1]:
        if name in vars(cls):
            delattr(cls, name)
        for value in vars(cls).values():
            if isinstance(value, FunctionType):
                value.__code__ = without(value.__code__, name)


def import_without(owner: str, name: str) -> str:
    """What the import raises; else which of the things that are only speed are left out."""
    delete(owner, name)
    import_module(PLUGIN)
    surface = import_module(SURFACE)
    return f"without {' '.join(feature for feature, part in surface.SPEED.items() if surface.missing(part))}"


if __name__ == "__main__":
    for owner, name in names():
        outcome = in_child(partial(import_without, owner, name)).replace("\n", " ")
        print(f"{owner.replace(':', '.')}.{name}\t{outcome}", flush=True)
